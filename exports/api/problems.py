"""What programs are told when something is wrong: problem details (RFC 9457), in plain words.

`request` is a member of our own: the number by which people who run the portal find it in the log.
"""

from datetime import timedelta

from django.http import JsonResponse
from django.utils.translation import gettext_lazy

from core import request_ids
from core.outages import TRY_AGAIN_AFTER

CONTENT_TYPE = "application/problem+json"
REALM = 'Bearer realm="evidence portal"'
_TITLES = {
    400: gettext_lazy("The request cannot be understood"),
    401: gettext_lazy("No good token came with the request"),
    403: gettext_lazy("The token no longer reads this"),
    404: gettext_lazy("There is nothing here for this token"),
    405: gettext_lazy("Only GET is answered here"),
    410: gettext_lazy("The cursor is over"),
    414: gettext_lazy("The address is too long"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong here"),
    503: gettext_lazy("The portal cannot answer now"),
}
BELOW = "/api/"


class Problem(Exception):
    """An answer that is no data: its status, one sentence for people, and headers."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self) -> JsonResponse:
        answer = JsonResponse(
            {
                "type": "about:blank",
                "title": str(_TITLES[self.status]),
                "status": self.status,
                "detail": self.detail,
                "request": request_ids.current(),
            },
            status=self.status,
            content_type=CONTENT_TYPE,
            json_dumps_params={"ensure_ascii": False},
        )
        for name, value in self.headers.items():
            answer[name] = value
        return answer


def no_token(detail: str, *, error: str = "") -> Problem:
    """Return the answer of RFC 6750; without a token it names no error."""
    return Problem(401, detail, WWW_Authenticate=REALM + (f', error="{error}"' if error else ""))


def too_many(wait: timedelta, why: str) -> Problem:
    seconds = max(1, int(wait.total_seconds()))
    return Problem(429, f"{why} Ask again in {seconds} seconds.", Retry_After=str(seconds))


def too_long(most: int) -> Problem:
    return Problem(
        414,
        f"With its cursor, the address of the next page has more than {most} characters. Choose "
        "fewer values, and filter the rest yourself.",
    )


def misunderstood() -> Problem:
    return Problem(
        400, "The request has what no request may have, such as a character NUL or a wrong host."
    )


def nothing_there() -> Problem:
    return Problem(
        404, "There is nothing at this address. /api/v1/openapi.json says what there is."
    )


def fault() -> Problem:
    return Problem(
        500,
        "The fault is the portal's, and logged. Ask again later; if it stays, tell the people who "
        "run the portal the number of this request.",
    )


def outage() -> Problem:
    """Return the answer while the database or the disk is away; copies stay as they are."""
    return Problem(
        503,
        f"It is away and comes back. Ask again in {TRY_AGAIN_AFTER} seconds, with the same cursor.",
        Retry_After=str(TRY_AGAIN_AFTER),
    )
