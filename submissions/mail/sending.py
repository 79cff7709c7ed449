"""Sending what is due: claim, commit, send, mark.

A worker that is killed between sending and marking leaves a few claimed mails, which are released
and sent once more, each under the same Message-ID. No order of events loses one.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from submissions.mail.enclosures import Enclosures, Fresh
from submissions.mail.lanes import Lanes, Letter
from submissions.mail.mail_server import ConnectionBroken, RefusedForGood, RefusedForNow, ServerAway
from submissions.mail.reminding import is_still_wanted
from submissions.mail.rendering import render
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail

logger = logging.getLogger(__name__)
BATCH = 100  # as many as one dead worker can hold up
CONNECTIONS = 4  # of each worker's process
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


def send_due(*, now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> Tally:
    """Send due mails until none is left or STARTS_WITHIN has passed.

    A refused mail is put off or given up and the others go on. A server that cannot be reached,
    or that breaks two connections in a row, ends the run: what was claimed and not tried is
    given back at once. `now` returns the portal's time, which mails tell, and `real_now` the
    real time, by which they are claimed and put off.
    """
    with Lanes() as lanes, queue.marks_may_lag():
        run = _Run(now, wall_now, lanes)
        run.send()
    return run.tally


class _Run:
    """Mails are on their way while those before them are marked and the next ones are written.

    The lanes' threads speak to the mail server and to nothing else; the database is this
    thread's. The first mail goes alone: it finds out whether there is a server.
    """

    def __init__(
        self, now: Callable[[], datetime], wall_now: Callable[[], datetime], lanes: Lanes
    ) -> None:
        self.tally = Tally()
        self._now = now
        self._real_now = wall_now
        self._lanes = lanes
        self._ends_at = wall_now() + STARTS_WITHIN
        self._breaks = 0
        self._most = CONNECTIONS
        self._away = ""
        self._none_left = False
        self._claimed: deque[OutboxEmail] = deque()
        self._written: deque[Letter] = deque()
        self._enclosed: Enclosures = Fresh(at=now())

    def send(self) -> None:
        back: list[Letter] = []
        self._lanes.open()
        while True:
            self._hand_over()
            self._mark(back)
            self._write_ahead()
            if not self._lanes.on_the_way:
                break
            back = self._lanes.await_some()
            self._judge(back)
        untried = [*(letter.mail for letter in self._written), *self._claimed]
        self.tally.given_back += queue.release(untried)
        if self.tally.server_away:
            self.tally.failed += queue.defer_all(wall_now=self._real_now(), error=self._away)

    def _goes_on(self) -> bool:
        return not self.tally.server_away and self._real_now() < self._ends_at

    def _hand_over(self) -> None:
        while self._written and self._lanes.is_one_free and self._goes_on():
            self._lanes.hand_over(self._written.popleft())

    def _write_ahead(self) -> None:
        """Write as many as there are lanes, so that none waits for the next mail."""
        while len(self._written) < self._lanes.number and self._goes_on():
            letter = self._write_next()
            if letter is None:
                return
            self._written.append(letter)
            self._hand_over()

    def _write_next(self) -> Letter | None:
        """Write the next mail that can be; one that cannot never holds up the others."""
        while mail := self._take_next():
            if not is_still_wanted(mail, at=self._now()):
                queue.cancel(mail)
                continue
            try:
                validate_email(mail.to_address)
                return Letter(mail, render(mail, self._enclosed))
            except ValidationError:
                self._fail(mail, "The address is not one that mail can be sent to.")
            except Exception:
                # The log's formatter leaves out messages, which may hold what somebody wrote.
                logger.exception("mail %s cannot be written", mail.pk)
                self._delay(mail, "The portal could not write this mail.")
        return None

    def _take_next(self) -> OutboxEmail | None:
        if not self._claimed and not self._none_left:
            self._claimed.extend(queue.claim_due(wall_now=self._real_now(), limit=BATCH))
            self._none_left = not self._claimed
            self._enclosed = Fresh(self._claimed, at=self._now())
        return self._claimed.popleft() if self._claimed else None

    def _judge(self, back: list[Letter]) -> None:
        """See whether the run can go on, and over how many connections."""
        for letter in back:
            away = isinstance(letter.fate, ServerAway)
            broken = isinstance(letter.fate, ConnectionBroken)
            self._breaks = self._breaks + 1 if broken else 0
            if (away and not self._lanes.number) or self._breaks >= BREAKS_IN_A_ROW:
                self.tally.server_away = True
                self._away = str(letter.fate)
                logger.warning("mail is not getting out: %s", letter.fate)
            elif away:
                # Servers take so many connections of one client: the others are kept.
                self._most = self._lanes.number
                logger.info("mail goes on over %d connections: %s", self._most, letter.fate)
            elif not broken and self._lanes.number < self._most:
                self._lanes.open()

    def _mark(self, back: list[Letter]) -> None:
        self._note_sent([letter for letter in back if letter.fate is None])
        for letter in back:
            mail, fate = letter.mail, letter.fate
            if isinstance(fate, ServerAway):
                self.tally.given_back += queue.release([mail])
            elif isinstance(fate, RefusedForGood):
                self._fail(mail, str(fate))
            elif isinstance(fate, RefusedForNow | ConnectionBroken):
                self._delay(mail, str(fate))
            elif fate is not None:
                logger.error("mail %s cannot be sent", mail.pk, exc_info=fate)
                self._delay(mail, "The portal could not send this mail.")

    def _note_sent(self, letters: list[Letter]) -> None:
        at = self._now()
        marked = queue.mark_sent(
            [
                queue.Sent(
                    letter.mail,
                    at=at,
                    subject=letter.rendered.subject,
                    body=letter.rendered.kept,
                )
                for letter in letters
            ]
        )
        for letter in letters:
            if letter.mail.pk not in marked:
                logger.warning("mail %s was sent after its claim had been released", letter.mail.pk)
        self.tally.sent += len(letters)

    def _delay(self, mail: OutboxEmail, error: str) -> None:
        queue.mark_delayed(mail, wall_now=self._real_now(), error=error)
        self.tally.delayed += 1
        logger.info("mail %s is put off: %s", mail.pk, error)

    def _fail(self, mail: OutboxEmail, error: str) -> None:
        queue.mark_failed(mail, error=error)
        self.tally.failed += 1
        logger.warning("mail %s has failed: %s", mail.pk, error)
