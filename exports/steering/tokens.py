"""The page on which people make, see and revoke their tokens for programs, for one call."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.asking_again import ask_again
from accounts.current_user import current_user
from core import clock
from core.posted_from import posted_from
from exports import tokens
from exports.consent import Scope
from exports.models import ApiToken
from exports.permissions import ExportRefused, may_export, may_export_confidential, may_export_named
from exports.recording import LONGEST_REASON
from exports.steering.access import of_call, sees_charts
from submissions.calls.models import Call

USUAL_DAYS = 90
NO_DAYS = 0


@require_http_methods(["GET", "HEAD", "POST"])
@of_call(may_export)
def tokens_page(request: HttpRequest, call: Call) -> HttpResponse:
    """GET lists one's tokens. POST makes one, after asking again, and shows it this once."""
    secret, error = "", ""
    if request.method == "POST":
        try:
            secret = _make(request, call)
        except (ExportRefused, tokens.TokenRefused) as refused:
            error = str(refused)
    reader = current_user(request)
    now = clock.wall_now()
    context = {
        "call": call,
        "secret": secret,
        "error": error,
        "given": request.POST if error else {},
        "lasts": [(days, str(days) == _days(request)) for days in tokens.LASTS],
        "rows": [_row(token, now) for token in ApiToken.objects.filter(call=call, person=reader)],
        "may_name": may_export_named(reader, call),
        "may_export_confidential": may_export_confidential(reader, call),
        "may_see_charts": sees_charts(reader, call),
        "address": f"{settings.PORTAL_URL}{reverse('api_responses', args=[call.slug])}",
        "longest_reason": LONGEST_REASON,
    }
    return render(request, "steering/tokens.html", context, status=422 if error else 200)


@of_call(may_export)
@posted_from("tokens", "slug")
def revoke(request: HttpRequest, call: Call, pk: int) -> HttpResponse:
    """End one of one's own tokens at once."""
    reader = current_user(request)
    token = get_object_or_404(ApiToken, call=call, person=reader, pk=pk)
    tokens.revoke(token, by=reader, at=clock.portal_now(), wall_now=clock.wall_now())
    return redirect("tokens", slug=call.slug)


def _make(request: HttpRequest, call: Call) -> str:
    """Return the secret of a new token; raise ExportRefused or TokenRefused."""
    posted = request.POST
    by = current_user(request)
    scope = Scope(
        named=posted.get("named") == "yes",
        includes_unnamed=posted.get("named") == posted.get("includes_unnamed") == "yes",
        confidential=posted.get("confidential") == "yes",
    )
    reason = posted.get("reason", "").replace("\0", "")
    if len(reason) > LONGEST_REASON:
        raise ExportRefused(
            _("Give the reason in %(most)d characters or fewer.") % {"most": LONGEST_REASON}
        )
    asked: dict[str, Any] = {
        "call": call,
        "by": by,
        "name": posted.get("name", ""),
        "days": _number(posted),
        "scope": scope,
        "reason": reason if scope.named or scope.confidential else "",
    }
    tokens.check(**asked)
    ask_again(request)
    _token, secret = tokens.make(**asked, at=clock.portal_now(), wall_now=clock.wall_now())
    return secret


def _number(posted: Any) -> int:
    written = posted.get("days", "")
    return int(written[:4]) if written.isascii() and written.isdecimal() else NO_DAYS


def _days(request: HttpRequest) -> str:
    return request.POST.get("days", str(USUAL_DAYS))


def _row(token: ApiToken, now: Any) -> dict[str, Any]:
    is_over = token.expires_at <= now
    return {
        "token": token,
        "reads": in_words(token.scope),
        "is_usable": token.revoked_at is None and not is_over,
        "ends_soon": not is_over and token.expires_at <= now + tokens.WARNED_BEFORE,
        "is_over": is_over,
    }


def in_words(scope: Scope) -> str:
    """Return what a token of this scope reads."""
    said = [_("Responses without who answered")]
    if scope.named:
        said = [_("Responses with who answered")]
    if scope.includes_unnamed:
        said.append(_("also of those who did not choose to be named"))
    if scope.confidential:
        said.append(_("with confidential responses"))
    return ", ".join(said)
