"""Who comes to the API: a token in the Authorization header, asked anew with each request.

Cookies and sessions count for nothing here. Whoever has no good token for the call learns nothing,
not even which calls there are.
"""

from django.http import HttpRequest, QueryDict

from core import clock
from core.throttling import HOUR, client_wait, wait_before
from exports import tokens
from exports.api.problems import REALM, Problem, no_token, too_many
from exports.models import ApiToken

PULLS_AN_HOUR = 1_200  # of one token
WRONG_AN_HOUR = 120  # of one client
IN_ADDRESS = ("token", "access_token", "authorization")


def names_token(given: QueryDict) -> bool:
    """Return whether somebody put a token, or what should be one, into the address."""
    return any(
        name.lower() in IN_ADDRESS or value.startswith(tokens.PREFIX)
        for name, values in given.lists()
        for value in values
    )


def token_of(request: HttpRequest, slug: str) -> ApiToken:
    """Return the token that reads the call in the address; raise Problem."""
    if names_token(request.GET):
        raise Problem(
            400,
            "Send the token in the Authorization header. Addresses are logged: if a token was in "
            "this one, revoke it and make another.",
        )
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise no_token("Send the token in the header: “Authorization: Bearer evp_…”.")
    token = tokens.find(secret.strip(), wall_now=clock.wall_now())
    if token is None:
        if wait := client_wait(request, "api", most=WRONG_AN_HOUR):
            raise too_many(
                wait, "Many tokens that are wrong, over or revoked came from here. Correct yours."
            )
        raise no_token(
            "The token is wrong, over or revoked. Make another on the call’s page of tokens.",
            error="invalid_token",
        )
    if wait := wait_before("pulls", str(token.pk), most=PULLS_AN_HOUR, within=HOUR):
        raise too_many(wait, f"This token was used more than {PULLS_AN_HOUR:,} times in an hour.")
    if token.call.slug != slug:
        raise Problem(404, "This token reads no call of that name.")
    if not tokens.may_read(token):
        raise Problem(
            403,
            "The person who made the token can no longer export what it was made for.",
            WWW_Authenticate=f'{REALM}, error="insufficient_scope"',
        )
    tokens.note_use(token, wall_now=clock.wall_now())
    return token
