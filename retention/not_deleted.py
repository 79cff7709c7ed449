"""What should be gone and is still there, for operators: no deletion fails in silence."""

from datetime import datetime, timedelta

from exports import export_runs
from retention.confirming import confirmed_by_call
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, has_ended
from submissions.responses.ending import drafts, stored_files
from submissions.responses.models import ErasureRequest
from submissions.responses.states import ErasureState

# The worker tries each minute, each hour what authors took out, and what ends four times a day.
ERASED_WITHIN = timedelta(minutes=15)
TAKEN_OUT_WITHIN = timedelta(hours=2)
ENDED_WITHIN = timedelta(days=1)
TRIES = "the worker tries again, and its log says why"


def in_words(*, at: datetime) -> str:
    """Say what should be gone and is still there, in one line; "" for nothing."""
    said = (_erasures_in_words(at), _files_in_words(at), export_runs.not_deleted_in_words())
    return "; ".join(filter(None, said))


def _erasures_in_words(at: datetime) -> str:
    late = ErasureRequest.objects.filter(
        state=ErasureState.APPROVED, decided_at__lte=at - ERASED_WITHIN
    ).count()
    if not late:
        return ""
    requests = "1 approved request" if late == 1 else f"{late:,} approved requests"
    return f"{requests} to erase {'is' if late == 1 else 'are'} not carried out yet: {TRIES}"


def _files_in_words(at: datetime) -> str:
    erased = ErasureRequest.objects.filter(
        state=ErasureState.ERASED, erased_at__lte=at - ERASED_WITHIN
    )
    left = erased.order_by("pk").values_list("files_left", flat=True)
    names = [name for files in left for name in files]
    names += stored_files.removed_from_drafts(before=at - TAKEN_OUT_WITHIN)
    then = at - ENDED_WITHIN
    closed = Call.objects.filter(closes_at__lte=then).order_by("pk")
    calls = [one for one in closed if has_ended(one, DataClass.DRAFTS, at=then)]
    # The worker begins once somebody has confirmed it.
    confirmed = confirmed_by_call(calls, before=then)
    calls = [one for one in calls if DataClass.DRAFTS in confirmed[one.pk]]
    with_files = drafts.calls_with_files(calls)
    for call in calls:
        if call.pk in with_files:
            names += drafts.files_due(call, at=then)
    names = list(dict.fromkeys(names))
    if not names:
        return ""
    count, which = ("1 file", "") if len(names) == 1 else (f"{len(names):,} files", "such as ")
    return (
        f"{count} of responses should be gone and {'is' if len(names) == 1 else 'are'} still there "
        f"({which}{names[0]}): {TRIES}"
    )
