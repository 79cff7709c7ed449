"""Changing when a call closes: an extension, a reopening, or an earlier end."""

from datetime import UTC, datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core.time_limits import YEARS_AHEAD, latest_moment
from submissions.calls.models import Call
from submissions.definitions.errors import ClosingTimeRefused
from submissions.responses.models import ClosingChange


def change_closing_time(call: Call, *, to: datetime, reason: str, by: User, at: datetime) -> Call:
    """Let the call close at `to` (aware) and put the old time, the new one and why on record.

    One transaction with the call's row locked: a submission that is being taken finishes under
    the old time first, and one that waits is judged by the new one. A call that has closed
    opens again. Raises ClosingTimeRefused, with a sentence for staff, unless `to` lies after
    `at` (an end in the past would make late what was received in time), after the opening, at
    most five years after `at` and differs from the present time, and a reason is given. `call`
    is as whoever decides saw it: if it has another closing time by now, that is refused, too.
    """
    with transaction.atomic():
        locked = Call.objects.select_for_update().get(pk=call.pk)
        if not reason.strip():
            raise ClosingTimeRefused("Enter the reason for the change")
        if locked.closes_at != call.closes_at:
            raise ClosingTimeRefused(
                f"Somebody else changed the closing time meanwhile: it is {locked.closes_in_words}"
            )
        if to == locked.closes_at:
            raise ClosingTimeRefused("This is the closing time already")
        if to <= at:
            raise ClosingTimeRefused("Enter a closing time that is still to come")
        if to <= locked.opens_at:
            raise ClosingTimeRefused("Enter a closing time after the opening time")
        if to > latest_moment(at):
            raise ClosingTimeRefused(f"Enter a closing time within {YEARS_AHEAD} years from now")
        before = locked.closes_at
        locked.closes_at = to
        if to < before:
            locked.retention_revision += 1
        locked.save(update_fields=["closes_at", "retention_revision"])
        note_closing_change(locked, before=before, reason=" ".join(reason.split()), by=by, at=at)
    return locked


def note_closing_change(
    call: Call, *, before: datetime, reason: str, by: User | None, at: datetime
) -> None:
    """Put on record that the call closes at another time now, in the transaction that changed it.

    `by` is None for a definition that was loaded. The call's page says when it was to close.
    """
    ClosingChange.objects.create(
        call=call, before=before, after=call.closes_at, reason=reason, by=by, at=at
    )
    record(
        by=by,
        at=at,
        action=AuditAction.CALL_CHANGED,
        call=call,
        field="closes_at",
        before=before.astimezone(UTC).isoformat(),
        after=call.closes_at.astimezone(UTC).isoformat(),
        opened_again=before <= at < call.closes_at,
        reason=reason,
    )
