"""What a mail encloses that its row does not hold: links with fresh tokens, and counts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError

from submissions.mail.daily_report import DailyReport, daily_report
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses.late_passes import make_link as make_pass_link
from submissions.responses.late_passes import pass_of
from submissions.responses.models import LatePass
from submissions.responses.returning import FreshLink, make_link, make_links

LEADS_BACK = frozenset(
    {
        MailKind.CONFIRMATION,
        MailKind.AMENDED,
        MailKind.RETURN_LINK,
        MailKind.REMINDER,
        MailKind.CLOSED_WITH_DRAFT,
    }
)


class Enclosures(Protocol):
    def link_back(self, mail: OutboxEmail) -> FreshLink: ...

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        """Return the pass and the token that uses it."""

    def report(self, mail: OutboxEmail) -> DailyReport: ...


class Fresh:
    """Made as the mails are written, at `at`; those of one mail are the same each time.

    The links of the `mails` that are about to be written are made together, in the time of one.
    """

    def __init__(self, mails: Sequence[OutboxEmail] = (), *, at: datetime) -> None:
        self._at = at
        leading = [mail for mail in mails if mail.kind in LEADS_BACK]
        self._links: dict[int, FreshLink] = {}
        if leading:
            # Somebody may hold one of the responses locked: then each mail makes its own link.
            with suppress(DatabaseError):
                self._links = make_links(mails=leading, at=at)

    def link_back(self, mail: OutboxEmail) -> FreshLink:
        return self._links.get(mail.pk) or make_link(mail=mail, at=self._at)

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        given = pass_of(mail)
        return given, make_pass_link(given, mail=mail)

    def report(self, mail: OutboxEmail) -> DailyReport:
        return daily_report(mail.call, at=self._at)
