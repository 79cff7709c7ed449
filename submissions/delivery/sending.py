"""Sending what is due: claim, commit, send, mark.

A worker that is killed between sending and marking leaves a claimed mail, which is released and
sent once more under the same Message-ID. No order of events loses one.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from submissions.delivery.enclosures import Fresh
from submissions.delivery.mail_server import (
    ConnectionBroken,
    MailServer,
    RefusedForGood,
    RefusedForNow,
    ServerAway,
)
from submissions.delivery.rendering import Rendered, render
from submissions.domain import outbox
from submissions.domain.reminding import is_still_wanted
from submissions.models import OutboxEmail

logger = logging.getLogger(__name__)
BATCH = 20  # as many as one dead worker can hold up
STARTS_WITHIN = timedelta(seconds=30)
BREAKS_IN_A_ROW = 2


@dataclass
class Tally:
    """What became of the mails of one run."""

    sent: int = 0
    delayed: int = 0
    failed: int = 0
    given_back: int = 0
    server_away: bool = False


def send_due(*, now: Callable[[], datetime]) -> Tally:
    """Send due mails until none is left or STARTS_WITHIN has passed, over one connection.

    A refused mail is put off or given up and the others go on. A server that cannot be reached,
    or that breaks two connections in a row, ends the run: what was claimed and not tried is
    given back at once. `now` returns the portal's time.
    """
    with MailServer() as server, ThreadPoolExecutor(1) as hand, outbox.marks_may_lag():
        run = _Run(now, server, hand)
        while run.goes_on and (mails := outbox.claim_due(at=now(), limit=BATCH)):
            run.send(mails)
    return run.tally


@dataclass
class _Letter:
    mail: OutboxEmail
    rendered: Rendered
    fate: Exception | None = None


class _Run:
    """One mail is on its way while the one before it is marked and the next one is written.

    A thread speaks to the mail server and to nothing else; the database is this thread's.
    """

    def __init__(
        self, now: Callable[[], datetime], server: MailServer, hand: ThreadPoolExecutor
    ) -> None:
        self.tally = Tally()
        self._now = now
        self._server = server
        self._hand = hand
        self._ends_at = now() + STARTS_WITHIN
        self._breaks = 0
        self._away = ""
        self._enclosed = Fresh()

    @property
    def goes_on(self) -> bool:
        return not self.tally.server_away and self._now() < self._ends_at

    def send(self, mails: list[OutboxEmail]) -> None:
        ahead = deque(mails)
        at = self._now()
        self._enclosed = Fresh([mail for mail in mails if is_still_wanted(mail, at=at)])
        before: _Letter | None = None
        letter = self._write_next(ahead)
        while letter is not None and self.goes_on:
            on_its_way = self._hand.submit(self._hand_over, letter)
            self._mark(before)
            following = self._write_next(ahead)
            letter.fate = on_its_way.result()
            self._judge(letter.fate)
            before, letter = letter, following
        self._mark(before)
        if letter is not None:
            self.tally.given_back += outbox.give_back([letter.mail, *ahead], error=self._away)

    def _write_next(self, ahead: deque[OutboxEmail]) -> _Letter | None:
        """Write the next mail that can be; one that cannot never holds up the others."""
        while ahead:
            mail = ahead.popleft()
            if not is_still_wanted(mail, at=self._now()):
                outbox.take_back(mail)
                continue
            try:
                validate_email(mail.to_address)
                return _Letter(mail, render(mail, self._enclosed))
            except ValidationError:
                self._fail(mail, "The address is not one that mail can be sent to.")
            except Exception:
                # The log's formatter leaves out messages, which may hold what somebody wrote.
                logger.exception("mail %s cannot be written", mail.pk)
                self._delay(mail, "The portal could not write this mail.")
        return None

    def _hand_over(self, letter: _Letter) -> Exception | None:
        try:
            self._server.send(letter.rendered.message)
        except Exception as fate:  # noqa: BLE001 - whatever it is, it is judged by the other thread
            return fate
        return None

    def _judge(self, fate: Exception | None) -> None:
        """See whether the run can go on after this."""
        broken = isinstance(fate, ConnectionBroken)
        self._breaks = self._breaks + 1 if broken else 0
        if isinstance(fate, ServerAway) or self._breaks >= BREAKS_IN_A_ROW:
            self.tally.server_away = True
            self._away = str(fate)
            logger.warning("mail is not getting out: %s", fate)

    def _mark(self, letter: _Letter | None) -> None:
        if letter is None:
            return
        mail, fate = letter.mail, letter.fate
        if fate is None:
            self._note_sent(mail, letter.rendered)
        elif isinstance(fate, ServerAway):
            self.tally.given_back += outbox.give_back([mail], error=str(fate))
        elif isinstance(fate, RefusedForGood):
            self._fail(mail, str(fate))
        elif isinstance(fate, RefusedForNow | ConnectionBroken):
            self._delay(mail, str(fate))
        else:
            logger.error("mail %s cannot be sent", mail.pk, exc_info=fate)
            self._delay(mail, "The portal could not send this mail.")

    def _note_sent(self, mail: OutboxEmail, rendered: Rendered) -> None:
        kept = outbox.mark_sent(
            mail,
            at=self._now(),
            subject=rendered.subject,
            body=rendered.text,
            body_html=rendered.html,
        )
        if not kept:
            logger.warning("mail %s was sent after its claim had been released", mail.pk)
        self.tally.sent += 1

    def _delay(self, mail: OutboxEmail, error: str) -> None:
        outbox.mark_delayed(mail, at=self._now(), error=error)
        self.tally.delayed += 1
        logger.info("mail %s is put off: %s", mail.pk, error)

    def _fail(self, mail: OutboxEmail, error: str) -> None:
        outbox.mark_failed(mail, error=error)
        self.tally.failed += 1
        logger.warning("mail %s has failed: %s", mail.pk, error)
