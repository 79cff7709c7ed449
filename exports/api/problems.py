"""What programs are told when something is wrong: problem details (RFC 9457), in plain words."""

from datetime import timedelta

from django.http import JsonResponse
from django.utils.translation import gettext_lazy

CONTENT_TYPE = "application/problem+json"
REALM = 'Bearer realm="evidence portal"'
_TITLES = {
    400: gettext_lazy("The request cannot be understood"),
    401: gettext_lazy("No good token came with the request"),
    403: gettext_lazy("The token no longer reads this"),
    404: gettext_lazy("There is nothing here for this token"),
    405: gettext_lazy("Only GET is answered here"),
    410: gettext_lazy("The cursor is over"),
    429: gettext_lazy("Too many requests"),
}


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


def too_many(wait: timedelta) -> Problem:
    seconds = max(1, int(wait.total_seconds()))
    return Problem(429, f"Ask again in {seconds} seconds.", Retry_After=str(seconds))
