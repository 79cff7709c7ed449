"""Sending what is due: claim, commit, send, mark.

A worker that is killed after the mail server took a mail and before the row was marked sends that
one mail again, under the same Message-ID. No order of events loses one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import BadHeaderError
from django.utils.safestring import SafeString

from core.addresses import AddressRefused, is_address
from submissions.mail import caps
from submissions.mail.live_data import LiveData
from submissions.mail.mail_server import (
    ConnectionBroken,
    MailServer,
    RefusedForGood,
    RefusedForNow,
    ServerAway,
    TooSlow,
)
from submissions.mail.reminding import is_over, is_still_wanted
from submissions.mail.rendering import RenderedMail, render_with
from submissions.mail.staff_digests import is_still_read
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import LISTING
from submissions.responses.erasing import says_what_is_not_erased

logger = logging.getLogger(__name__)
BATCH = 100  # as many as a worker that dies leaves claimed
STARTS_WITHIN = timedelta(seconds=30)
BREAKS_IN_A_ROW = 2
NEVER_WRITTEN = (
    "This mail cannot be written as email: a name or an address in it has a character that no "
    "mail server takes."
)
CONTACT_REFUSED = (
    "The call's contact address is not one that mail can be sent to. Correct it in the call."
)
NOT_ERASED_YET = "It waits until the files of the response are deleted, too."
ERASED_WITHIN = timedelta(minutes=1)  # as often as the worker tries
OVER = "The time that it gives its reader had passed before it could be sent."


@dataclass
class SendReport:
    """How many mails one run sent, deferred, gave up and left for another run."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    released: int = 0
    server_away: bool = False


def send_due(*, portal_now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> SendReport:
    """Send due mails over one connection until none is left or STARTS_WITHIN has passed.

    A refused mail is deferred or given up and the others go on. A server that cannot be reached,
    or that breaks two connections in a row, ends the run: what was claimed and not tried is
    released at once. So does one for which the task's time ends first. Several workers may run side
    by side.
    """
    with MailServer() as server:
        run = _Run(server, portal_now, wall_now)
        run.send_batches()
    return run.report


class _Run:
    def __init__(
        self,
        server: MailServer,
        portal_now: Callable[[], datetime],
        wall_now: Callable[[], datetime],
    ) -> None:
        self.report = SendReport()
        self._server = server
        self._portal_now = portal_now
        self._wall_now = wall_now
        self._ends_at = wall_now() + STARTS_WITHIN
        self._breaks = 0
        self._away = ""
        self._parts_of_calls: dict[Any, SafeString] = {}

    def send_batches(self) -> None:
        while self._goes_on():
            mails = queue.claim_due(wall_now=self._wall_now(), limit=BATCH)
            if not mails:
                return
            data = LiveData(at=self._portal_now(), mails=mails)
            # Of this batch alone: its calls were read with it, and may be edited before the next.
            self._parts_of_calls = {}
            while mails and self._goes_on():
                self._deal_with(mails.pop(0), data)
            self.report.released += queue.release(mails)
            if self.report.server_away:
                self.report.failed += queue.defer_all(wall_now=self._wall_now(), error=self._away)

    def _goes_on(self) -> bool:
        return not self.report.server_away and self._wall_now() < self._ends_at

    def _deal_with(self, mail: OutboxEmail, data: LiveData) -> None:
        """Send the mail and note what became of it; one that cannot be sent stops no other."""
        try:
            if not (is_still_wanted(mail, at=self._portal_now()) and is_still_read(mail)):
                queue.cancel(mail)
                return
            if is_over(mail, at=self._portal_now()):
                self._fail(mail, OVER)
                return
            if says_what_is_not_erased(mail):
                self._hold_back(mail, NOT_ERASED_YET, lasts=ERASED_WITHIN)
                return
            if mail.kind in LISTING:
                queue.cancel_companions(mail, except_for=data.companions(mail))
            rendered = render_with(mail, data, self._parts_of_calls)
        except AddressRefused:
            self._fail(mail, _cannot_be_written(mail))
        except (UnicodeError, BadHeaderError):
            logger.exception("mail %s can never be written", mail.pk)
            self._fail(mail, NEVER_WRITTEN)
        except SoftTimeLimitExceeded:
            # The task's time is over. That is no fault of this mail's.
            self.report.released += queue.release([mail])
            self._ends_at = self._wall_now()
        except Exception:
            # The log's formatter leaves out messages, which may hold what somebody wrote.
            logger.exception("mail %s cannot be rendered", mail.pk)
            self._defer(mail, "The portal could not write this mail.")
        else:
            wait = caps.wait_of(mail)
            if wait is None:
                self._send(mail, rendered)
            else:
                self._hold_back(mail, wait.reason, lasts=wait.lasts)

    def _hold_back(self, mail: OutboxEmail, reason: str, *, lasts: timedelta) -> None:
        queue.hold_back(mail, until=self._wall_now() + lasts, reason=reason)
        self.report.deferred += 1

    def _send(self, mail: OutboxEmail, rendered: RenderedMail) -> None:
        breaks, self._breaks = self._breaks, 0
        try:
            self._server.send(rendered.message)
        except ServerAway as error:
            caps.uncount(mail)
            self.report.released += queue.release([mail])
            self._end(str(error))
        except ConnectionBroken as error:
            self._defer(mail, str(error))
            self._breaks = breaks + 1
            if self._breaks == BREAKS_IN_A_ROW or isinstance(error, TooSlow):
                self._end(str(error))
        except RefusedForGood as error:
            self._fail(mail, str(error))
        except RefusedForNow as error:
            caps.uncount(mail)
            self._defer(mail, str(error))
        except (UnicodeError, BadHeaderError):
            logger.exception("mail %s can never be written", mail.pk)
            self._fail(mail, NEVER_WRITTEN)
        except Exception:
            logger.exception("mail %s cannot be sent", mail.pk)
            self._defer(mail, "The portal could not send this mail.")
        else:
            self._note_sent(mail, rendered)

    def _end(self, error: str) -> None:
        self.report.server_away = True
        self._away = error
        logger.warning("mail is not getting out: %s", error)

    def _note_sent(self, mail: OutboxEmail, rendered: RenderedMail) -> None:
        marked = queue.mark_sent(
            mail, at=self._portal_now(), subject=rendered.subject, body=rendered.kept
        )
        if not marked:
            logger.warning("mail %s was sent after its claim had been released", mail.pk)
        self.report.sent += 1

    def _defer(self, mail: OutboxEmail, error: str) -> None:
        queue.defer(mail, wall_now=self._wall_now(), error=error)
        self.report.deferred += 1
        logger.info("mail %s is deferred: %s", mail.pk, error)

    def _fail(self, mail: OutboxEmail, error: str) -> None:
        queue.mark_failed(mail, error=error)
        self.report.failed += 1
        logger.warning("mail %s has failed: %s", mail.pk, error)


def _cannot_be_written(mail: OutboxEmail) -> str:
    """Return which address of the mail no mail can be sent to."""
    if not is_address(mail.to_address):
        return "The address is not one that mail can be sent to."
    return CONTACT_REFUSED
