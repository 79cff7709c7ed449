"""Late passes move the end of what their responses have: it counts from the end of the pass."""

from collections.abc import Iterable
from datetime import datetime

from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.responses.models import LatePass


def kept_longer(call: Call, data_class: DataClass, *, at: datetime) -> list[LatePass]:
    """Return the passes of the call for whose responses the class has not ended at `at`."""
    passes = LatePass.objects.filter(
        call=call, revoked_at__isnull=True, expires_at__gt=call.closes_at
    )
    return [one for one in passes if ends_at(call, data_class, counted_from=one.expires_at) > at]


def end_of(call: Call, data_class: DataClass, *, submissions: Iterable[int]) -> datetime:
    """Return when the class ends for the first of the responses, given by their keys."""
    keys = list(submissions)
    passes = LatePass.objects.filter(call=call, revoked_at__isnull=True, submission__in=keys)
    ends = dict(passes.order_by("expires_at").values_list("submission", "expires_at"))
    return min(ends_at(call, data_class, counted_from=ends.get(key)) for key in keys)


def responses_kept_longer(call: Call, data_class: DataClass, *, at: datetime) -> list[int]:
    """Return the keys of those passes' responses."""
    passes = kept_longer(call, data_class, at=at)
    return [one.submission_id for one in passes if one.submission_id is not None]
