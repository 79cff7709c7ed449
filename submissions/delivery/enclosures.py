"""What a mail encloses that its row does not hold: links with fresh tokens, and counts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from django.db import DatabaseError

from submissions.domain.daily_report import DailyReport, daily_report
from submissions.domain.late_passes import make_link as make_pass_link
from submissions.domain.late_passes import pass_of
from submissions.domain.returning import FreshLink, make_link, make_links
from submissions.models import LatePass, OutboxEmail
from submissions.vocabulary import MailKind

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
    """Made as the mail is written; a link of an earlier attempt or mail dies.

    The links of the `mails` that are about to be written are made together, in the time of one.
    """

    def __init__(self, mails: Sequence[OutboxEmail] = ()) -> None:
        leading = [mail for mail in mails if mail.kind in LEADS_BACK]
        self._links: dict[int, FreshLink] = {}
        if leading:
            # Somebody may hold one of the responses locked: then each mail makes its own link.
            with suppress(DatabaseError):
                self._links = make_links(
                    submissions=[mail.submission for mail in leading], at=_written_at(leading[0])
                )

    def link_back(self, mail: OutboxEmail) -> FreshLink:
        made = self._links.get(mail.submission_id)
        return made or make_link(submission=mail.submission, at=_written_at(mail))

    def late_pass(self, mail: OutboxEmail) -> tuple[LatePass, str]:
        given = pass_of(mail)
        return given, make_pass_link(given, mail=mail)

    def report(self, mail: OutboxEmail) -> DailyReport:
        return daily_report(mail.call, at=_written_at(mail))


def _written_at(mail: OutboxEmail) -> datetime:
    return mail.claimed_at or mail.created_at
