"""The session of a browser, which two people may share: a respondent, and staff who sign in.

Each may leave without the other. A sign-in ends when its person signs out, when somebody else
signs in, or STAFF_SESSION_SECONDS after the session was last saved. That is at the sign-in, and
when a page has a message for its person. `accounts.signed_in` ends it sooner. The browser then
still opens the respondent's responses.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY as SIGNED_IN
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from core import clock

# The responses that the browser opens; submissions.respondent.browser_session reads and writes it.
RESPONSES = "responses"
RENEWED_AFTER = timedelta(days=7)
# When the sign-in ends, in seconds since 1970; in what is stored only.
_SIGN_IN_ENDS = "sign_in_ends"


class SessionStore(db.SessionStore):
    """Django's sessions in the database, in which a sign-in ends by itself."""

    _ends_at: datetime | None = None  # as it was read

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # not in stubs
        self._ends_at = found.expire_date if found is not None else None
        return found

    def renew(self) -> None:
        """Let the session last its whole period from now on. This writes it once a week at most.

        It does nothing while somebody is signed in: that would prolong the sign-in.
        """
        if SIGNED_IN in self or self._ends_at is None:
            return
        lasts = timedelta(seconds=self.get_session_cookie_age())
        if self._ends_at < clock.wall_now() + lasts - RENEWED_AFTER:
            self.modified = True

    def flush(self) -> None:
        """Delete the session and its key. A respondent's responses go on under a new key.

        Django calls this to sign somebody out, or to sign somebody else in.
        """
        responses = self.get(RESPONSES)
        super().flush()
        if responses:
            self[RESPONSES] = responses

    def is_empty(self) -> bool:
        """Return whether this request ended the session: the browser then forgets its key.

        A key that is unknown says only that another request, which came first, changed it: its
        answer has the new key, and that must stay.
        """
        return self.modified and super().is_empty()

    def encode(self, session_dict: dict[str, Any]) -> str:
        if SIGNED_IN in session_dict:
            ends = clock.wall_now().timestamp() + settings.STAFF_SESSION_SECONDS
            session_dict = session_dict | {_SIGN_IN_ENDS: ends}
        return super().encode(session_dict)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        stored: dict[str, Any] = super().decode(session_data)
        ends = stored.pop(_SIGN_IN_ENDS, None)
        if ends is None or clock.wall_now().timestamp() < ends:
            return stored
        return {RESPONSES: stored[RESPONSES]} if RESPONSES in stored else {}

    def get_session_cookie_age(self) -> int:
        """Return for how many seconds the session lasts unused: as the longer of its two uses."""
        if SIGNED_IN in self and RESPONSES not in self:
            return settings.STAFF_SESSION_SECONDS
        return settings.SESSION_COOKIE_AGE
