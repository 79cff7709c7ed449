"""Late passes move the end of what their responses have: it counts from the end of the pass.

A pass for an address that nobody has taken up moves it for what its holder may go on with: the
unfinished responses whose authors gave that address.
"""

from collections.abc import Collection, Iterable
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
    """Return when the class ends for the first of the responses, given by their keys."""
    keys = list(submissions)
    passes = LatePass.objects.filter(call=call, revoked_at__isnull=True)
    ends = _ends(passes.filter(Q(submission__in=keys) | Q(submission=None)), among=keys)
    return min(ends_at(call, data_class, counted_from=ends.get(key)) for key in keys)


def responses_kept_longer(call: Call, data_class: DataClass, *, at: datetime) -> list[int]:
    """Return the keys of the responses for which the class has not ended at `at` by a pass."""
    return responses_of(kept_longer(call, data_class, at=at))


def responses_of(passes: Iterable[LatePass]) -> list[int]:
    """Return the keys of the responses whose end the passes, of one call, move."""
    return sorted(_ends(passes))


def kept_until(call: Call, late_pass: LatePass, *, at: datetime) -> datetime | None:
    """Return until when a response that was begun before is kept, unless the pass goes to it.

    Nobody knows whose a response without an address is. None where the pass ends earlier, where
    that moment is over at `at`, and for a pass that a response has.
    """
    end = ends_at(call, DataClass.DRAFTS)
    return end if late_pass.submission_id is None and at < end < late_pass.expires_at else None


def _ends(
    passes: Iterable[LatePass], *, among: Collection[int] | None = None
) -> dict[int, datetime]:
    """Return the latest end of the passes, of one call, by the key of the response that has it."""
    ends: dict[int, datetime] = {}
    of_addresses: dict[str, datetime] = {}
    call = 0
    for one in sorted(passes, key=lambda one: one.expires_at):
        if one.submission_id is not None:
            ends[one.submission_id] = one.expires_at
        elif one.address:
            of_addresses[comparable(one.address)], call = one.expires_at, one.call_id
    for response, address in _addresses(call, among) if of_addresses else ():
        end = of_addresses.get(comparable(address))
        if end is not None:
            ends[response] = max(end, ends.get(response, end))
    return ends


def _addresses(call: int, among: Collection[int] | None) -> list[tuple[int, str]]:
    """Return each address that the author of an unfinished response gave, with its key."""
    unfinished = Submission.objects.filter(
        Q(state=SubmissionState.DRAFT) | Q(amending_since__isnull=False), call=call
    )
    if among is not None:
        unfinished = unfinished.filter(pk__in=among)
    for_links = ReturnAddress.objects.of_authors().filter(submission__in=unfinished)
    typed = IdentityAnswer.objects.filter(
        submission__in=unfinished, question__kind=QuestionKind.EMAIL
    )
    return [
        *for_links.values_list("submission", "address"),
        *typed.values_list("submission", "value"),
    ]
