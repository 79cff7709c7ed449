"""What happens between a right password and the sign-in, beside allauth asking for a code."""

from typing import Any

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect


class StillTheirs(LoginStage):
    """Begins again if the password changed, or its person left, since it was given.

    A sign-in that waits for its code has no row yet, which the database would delete.
    """

    key = "still_theirs"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.state.setdefault("known_by", self._known_by())

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if self.state["known_by"] == self._known_by():
            return None, True
        return redirect("sign_in"), False

    def _known_by(self) -> str:
        user: Any = self.login.user
        return str(user.get_session_auth_hash()) if user is not None and user.is_active else ""
