"""Sending what is due: claim, commit, send, mark.

A worker that is killed between sending and marking leaves a claimed mail, which is released and
sent once more under the same Message-ID. No order of events loses one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from submissions.delivery.mail_server import (
    ConnectionBroken,
    MailServer,
    RefusedForGood,
    RefusedForNow,
    ServerAway,
)
from submissions.delivery.rendering import Rendered, render
from submissions.domain.outbox import claim_due, give_back, mark_delayed, mark_failed, mark_sent
from submissions.models import OutboxEmail

logger = logging.getLogger(__name__)
BATCH = 20  # as many as one dead worker can hold up
STARTS_WITHIN = timedelta(seconds=40)
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
    run = _Run(now)
    with run.server:
        while run.goes_on and (mails := claim_due(at=now(), limit=BATCH)):
            run.send(mails)
    return run.tally


class _Run:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.server = MailServer()
        self.tally = Tally()
        self._ends_at = now() + STARTS_WITHIN
        self._breaks = 0

    @property
    def goes_on(self) -> bool:
        return not self.tally.server_away and self.now() < self._ends_at

    def send(self, mails: list[OutboxEmail]) -> None:
        for position, mail in enumerate(mails):
            if not self.goes_on:
                self.tally.given_back += give_back(mails[position:])
                return
            try:
                self._send_one(mail)
            except ServerAway as away:
                logger.warning("mail is not getting out: %s", away)
                self.tally.server_away = True
                self.tally.given_back += give_back(mails[position:], error=str(away))
                return

    def _send_one(self, mail: OutboxEmail) -> None:
        rendered = self._write(mail)
        if rendered is None:
            return
        try:
            validate_email(mail.to_address)
            self.server.send(rendered.message)
        except RefusedForGood as refusal:
            self._breaks = 0
            self._fail(mail, str(refusal))
        except RefusedForNow as refusal:
            self._breaks = 0
            self._delay(mail, str(refusal))
        except ConnectionBroken as broken:
            self._breaks += 1
            self.tally.server_away = self._breaks >= BREAKS_IN_A_ROW
            self._delay(mail, f"The connection to the mail server broke: {broken}")
        except (ValidationError, ValueError):
            self._fail(mail, "The address is not one that mail can be sent to.")
        else:
            self._breaks = 0
            self._note_sent(mail, rendered)

    def _write(self, mail: OutboxEmail) -> Rendered | None:
        """Render; one mail that cannot be written never holds up the others."""
        try:
            return render(mail)
        except Exception:
            # The log's formatter leaves out messages, which may hold what a respondent wrote.
            logger.exception("mail %s cannot be written", mail.pk)
            self._delay(mail, "The portal could not write this mail.")
            return None

    def _note_sent(self, mail: OutboxEmail, rendered: Rendered) -> None:
        kept = mark_sent(
            mail,
            at=self.now(),
            subject=rendered.subject,
            body=rendered.text,
            body_html=rendered.html,
        )
        if not kept:
            logger.warning("mail %s was sent after its claim had been released", mail.pk)
        self.tally.sent += 1

    def _delay(self, mail: OutboxEmail, error: str) -> None:
        mark_delayed(mail, at=self.now(), error=error)
        self.tally.delayed += 1
        logger.info("mail %s is put off: %s", mail.pk, error)

    def _fail(self, mail: OutboxEmail, error: str) -> None:
        mark_failed(mail, error=error)
        self.tally.failed += 1
        logger.warning("mail %s has failed: %s", mail.pk, error)
