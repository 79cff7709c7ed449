"""Deleting what holds nothing of anybody: drafts without an answer, digests of dead links."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import AddressSource
from submissions.responses.colleagues import end_access, forget_invitations, record_ended
from submissions.responses.models import Colleague, ReturnToken, Submission
from submissions.responses.returning import INVITATION_LASTS
from submissions.responses.states import AccessEnd

# After they were begun: responses in which nothing was ever answered.
EMPTY_DRAFTS_KEPT = timedelta(days=1)
# After a link expired: its digest.
LINKS_KEPT = timedelta(days=7)
GONE = ""


@dataclass
class Cleared:
    drafts: int = 0
    links: int = 0


def clear(*, at: datetime) -> Cleared:
    """Delete empty drafts and the rest of links that have passed their period at `at`.

    A draft that the record names, that staff enter, or that has mails or a late pass, is not empty.
    Of a link that its author used, the digest goes. That the address was confirmed stays with it.
    """
    with transaction.atomic():
        # Somebody may be about to answer: a locked draft stays until the next time.
        empty = Submission.objects.untouched().filter(
            saved_at__lte=at - EMPTY_DRAFTS_KEPT, late_passes=None
        )
        locked = empty.select_for_update(skip_locked=True, of=("self",))
        keys = list(locked.values_list("pk", flat=True))
        # Once more: a pass that was taken up meanwhile, or an address, changes no response's row.
        keys = list(empty.filter(pk__in=keys).values_list("pk", flat=True))
        Submission.objects.filter(pk__in=keys).delete()
    _end_unused_invitations(at)
    links = _clear_links(ReturnToken.objects.filter(expires_at__lte=at - LINKS_KEPT))
    return Cleared(len(keys), links)


def _clear_links(expired: QuerySet[ReturnToken]) -> int:
    """Delete the digests of the links; return how many."""
    confirmed = Q(used_at__isnull=False, mail__address_given_by=AddressSource.AUTHOR)
    confirmed &= ~Q(mail__to_address="")
    emptied = expired.filter(confirmed).exclude(token_sha256=GONE).update(token_sha256=GONE)
    return emptied + expired.exclude(confirmed).delete()[0]


def _end_unused_invitations(at: datetime) -> None:
    """Forget whom an invitation has not brought in while its link worked, and what was missed.

    A mail that a worker was sending when an access ended still has its address.
    """
    unused = Colleague.objects.present().filter(
        joined_at=None, link_sent_at__lte=at - INVITATION_LASTS - LINKS_KEPT
    )
    for colleague in unused.select_related("submission"):
        with transaction.atomic():
            locked = Submission.objects.select_for_update(no_key=True).get(
                pk=colleague.submission_id
            )
            # Its author may have sent another link meanwhile.
            for number in end_access(unused.filter(pk=colleague.pk), AccessEnd.TIME, at=at):
                locked.save_locked()
                record_ended(locked, number, AccessEnd.TIME, at=at)
    forget_invitations(OutboxEmail.objects.all())
