"""What a mail says that its row does not hold: links with fresh tokens, and counts."""

from datetime import datetime
from typing import Protocol

from submissions.mail.daily_report import DailyReport, daily_report
from submissions.outbox.models import OutboxEmail
from submissions.responses.late_passes import make_link as make_pass_link
from submissions.responses.late_passes import pass_of
from submissions.responses.models import LatePass
from submissions.responses.returning import FreshLink, make_link


class MailData(Protocol):
    """Where messages take it from; previews have samples in its place."""

    def return_link(self, mail: OutboxEmail) -> FreshLink: ...

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        """Return the pass and the token that uses it."""

    def report(self, mail: OutboxEmail) -> DailyReport: ...


class LiveData:
    """As it is at `at`, by the portal's clock; a mail's links are the same each time."""

    def __init__(self, *, at: datetime) -> None:
        self._at = at

    def return_link(self, mail: OutboxEmail) -> FreshLink:
        return make_link(mail=mail, at=self._at)

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        given = pass_of(mail)
        return given, make_pass_link(given, mail=mail)

    def report(self, mail: OutboxEmail) -> DailyReport:
        return daily_report(mail.call, at=self._at)
