"""Sending mails about accounts, forgetting what is over, and sealing the record."""

import logging
from datetime import timedelta

from celery import Task, shared_task

from accounts import account_mail, account_messages, chain, signed_in, tries
from accounts.models import Invitation
from core import clock, clock_check, heartbeats
from core.broker import broker, nudge

logger = logging.getLogger(__name__)
BEGINS_WITHIN = timedelta(seconds=40)  # the last mail may take EMAIL_TIMEOUT more than once
TIME_LIMIT = 80  # seconds
EXPIRES = 10.0  # seconds; beat's next tick stands for a task that no worker took in this time


@shared_task(
    name="accounts.send_account_mail", bind=True, time_limit=TIME_LIMIT, soft_time_limit=70
)
def send_account_mail(self: Task) -> None:
    """One run at a time in a worker: a mail server that is slow keeps no more from all else."""
    turns = f"{heartbeats.SENDING_ACCOUNT_MAIL}{self.request.hostname}"
    with broker() as client, heartbeats.turn(client, turns, of=1, lasts=TIME_LIMIT) as may_send:
        if may_send:
            _send_account_mail()


def _send_account_mail() -> None:
    """A mail that cannot be written stops no other, and is tried again later.

    Where the mail server is slow, the rest of the batch is left to the next run, and a mail that
    takes too long to a later one: a task that goes on for too long is killed, perhaps after a mail
    was taken, which would then be sent again at once.
    """
    began = clock.wall_now()
    for mail in account_mail.claim_due(wall_now=began):
        if clock.wall_now() - began > BEGINS_WITHIN:
            account_mail.release(mail)
            continue
        try:
            written = account_messages.write(mail, at=clock.wall_now())
            account_mail.send(mail, written, wall_now=clock.wall_now())
        except Exception:
            logger.exception("mail %s about an account cannot be sent", mail.pk)
            account_mail.defer(mail, wall_now=clock.wall_now())


@shared_task(name="accounts.purge")
def purge() -> None:
    """Delete sign-ins and invitations that are over, old failed mails, and tries of long ago.

    Nothing is deleted by a clock that is wrong: a later run does it.
    """
    if clock_check.is_wrong():
        return
    at = clock.wall_now()
    signed_in.delete_ended(at=at)
    tries.forget_old(at=at)
    # Used ones, too: they keep the address that somebody was invited at.
    Invitation.objects.filter(expires_at__lte=at).delete()
    account_mail.delete_failed(at=at)


def nudge_account_mail() -> None:
    """Have due mail sent as soon as the present transaction, if there is one, has committed."""
    nudge(send_account_mail, expires=EXPIRES)


@shared_task(name="accounts.seal_record", time_limit=300)
def seal_record() -> None:
    chain.seal()
