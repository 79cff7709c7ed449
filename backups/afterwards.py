"""Keeping a restored database from sending twice, letting people in, offering lost exports."""

from datetime import datetime

from django.db import transaction

from accounts.models import AccountMail, Invitation, SignIn
from accounts.record import record
from accounts.states import AuditAction
from core.spoken_numbers import say_count
from exports.models import ApiToken, ExportRun
from submissions.outbox import holding
from submissions.responses.models import ReturnToken


def set_right(*, backup: str, at: datetime, wall_now: datetime) -> list[str]:
    """End what belongs to the time of the backup, and put the restore on record.

    Mail is held meanwhile. Everybody signs in anew: of who was shut out since, the restored
    rows know nothing. Links back and invitations that were not used then may have been used or
    taken back since, tokens revoked, and mails about accounts may be out: all of them end. Files of
    exports are in no backup. `at` is the portal's time, tokens end by real time. Returns what to do
    next, a line each.
    """
    with transaction.atomic():
        mails = holding.give_up_waiting()
        SignIn.objects.all().delete()
        unused = ReturnToken.objects.filter(used_at=None, opens_response=True)
        links, _ = unused.delete()
        AccountMail.objects.all().delete()
        open_ones = Invitation.objects.filter(used_at=None)
        invitations, _ = open_ones.delete()
        tokens = ApiToken.objects.in_force().update(revoked_at=wall_now)
        ExportRun.objects.exclude(file="").update(file="")
        record(by=None, at=at, action=AuditAction.RESTORED, backup=backup)
    return [
        f"Mail is held. Of those that waited, {say_count(mails, 'mail')} may have gone out since, "
        "marked as failed in the outbox. Look there, then run: manage.py release_mail",
        f"Everybody has to sign in again. Ended: {say_count(links, 'link')} by email. Users and "
        "memberships are as they were then: end again those who left since.",
        f"Ended: {say_count(invitations, 'invitation')}, {say_count(tokens, 'token')} of programs. "
        "Invite again, and have new tokens made.",
        "Responses are as they were then. What was withdrawn or erased since the newest list of "
        "erasures, of which there is one an hour, still counts: before anybody exports, run "
        "manage.py reapply_erasures --log FILE with the log of web and worker. It withdraws again, "
        "and names what you have to erase again, and what else has changed since.",
    ]
