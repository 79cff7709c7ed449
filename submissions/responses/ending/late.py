"""Late passes move the end of what their responses have: it counts from the end of the pass.

A pass for an address that nobody has taken up moves it for what its holder may go on with: the
unfinished responses whose authors gave that address.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from core.addresses import comparable
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.calls.states import QuestionKind
from submissions.responses.models import IdentityAnswer, LatePass, ReturnAddress, Submission
from submissions.responses.states import SubmissionState


def kept_longer(call: Call, data_class: DataClass, *, at: datetime) -> list[LatePass]:
    """Return the passes of the call for whose responses the class has not ended at `at`."""
    passes = LatePass.objects.filter(
        call=call, revoked_at__isnull=True, expires_at__gt=call.closes_at
    )
    return [one for one in passes if ends_at(call, data_class, counted_from=one.expires_at) > at]


def end_of(call: Call, data_class: DataClass, *, submissions: Iterable[int]) -> datetime:
    """Return when the class ends for the first of the responses, given by their keys.

    A pass for an address does not count here: it may go to another response.
    """
    keys = list(submissions)
    passes = ends_of_passes(keys)
    return min(ends_at(call, data_class, counted_from=passes.get(key)) for key in keys)


def ends_of_passes(submissions: Iterable[int]) -> dict[int | None, datetime]:
    """Return when the last pass of each response ends, by its key; nothing where there is none."""
    passes = LatePass.objects.filter(revoked_at__isnull=True, submission__in=list(submissions))
    return dict(passes.order_by("expires_at").values_list("submission", "expires_at"))


def responses_kept_longer(call: Call, data_class: DataClass, *, at: datetime) -> list[int]:
    """Return the keys of the responses for which the class has not ended at `at` by a pass."""
    return responses_of(kept_longer(call, data_class, at=at))


def responses_of(passes: Iterable[LatePass]) -> list[int]:
    """Return the keys of the responses whose end the passes, of one call, move."""
    passes = list(passes)
    found = {one.submission_id for one in passes if one.submission_id is not None}
    waiting = [one for one in passes if one.submission_id is None]
    addresses = {comparable(one.address) for one in waiting}
    if waiting:
        found |= {
            key for key, one in _addresses(waiting[0].call_id) if comparable(one) in addresses
        }
    return sorted(found)


def kept_until(call: Call, late_pass: LatePass, *, at: datetime) -> datetime | None:
    """Return until when a response that was begun before is kept, unless the pass goes to it.

    Nobody knows whose a response without an address is. None where the pass ends earlier, where
    that moment is over at `at`, and for a pass that a response has.
    """
    end = ends_at(call, DataClass.DRAFTS)
    return end if late_pass.submission_id is None and at < end < late_pass.expires_at else None


def _addresses(call: int) -> list[tuple[int, str]]:
    """Return each address that the author of an unfinished response gave, with its key."""
    unfinished = Submission.objects.filter(
        Q(state=SubmissionState.DRAFT) | Q(amending_since__isnull=False), call=call
    )
    for_links = ReturnAddress.objects.of_authors().filter(submission__in=unfinished)
    typed = IdentityAnswer.objects.filter(
        submission__in=unfinished, question__kind=QuestionKind.EMAIL
    )
    return [
        *for_links.values_list("submission", "address"),
        *typed.values_list("submission", "value"),
    ]
