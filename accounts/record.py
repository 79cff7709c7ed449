"""Writing the record of what people opened and decided."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, Q

from accounts.models import AuditEvent, User
from accounts.states import AuditAction
from core import request_ids

USER = "user"  # in the details, beside the username: the key, which no rename changes


def record(
    *,
    by: User | None,
    at: datetime,
    action: AuditAction,
    call: Model | None = None,
    submission: Model | None = None,
    **detail: Any,
) -> AuditEvent:
    """Write one event. `by` is None where the portal itself acts.

    `call` and `submission` are rows of `submissions`, which this app cannot import. `detail` is
    JSON without names, addresses or answers. The event has the number of the present request, if
    there is one (`core.request_ids`).
    """
    made = event(by=by, at=at, action=action, call=call, submission=submission, **detail)
    made.save(force_insert=True)
    return made


def naming(person: User) -> dict[str, Any]:
    """Return the details that say whom an event is about: the username of then, and the key."""
    return {"person": person.get_username(), USER: person.pk}


def is_about(person: User) -> Q:
    """Return the condition of the events about this person, whatever their username was.

    Events of before have no key; they are about whoever has the username.
    """
    of_before = ~Q(detail__has_key=USER) & Q(detail__person=person.get_username())
    return Q(**{f"detail__{USER}": person.pk}) | of_before


def event(
    *,
    by: User | None,
    at: datetime,
    action: AuditAction,
    call: Model | None = None,
    submission: Model | None = None,
    **detail: Any,
) -> AuditEvent:
    """Return the event that `record` writes, for who writes many at once."""
    return AuditEvent(
        at=at,
        actor_id=_key(by),
        action=action,
        call_id=_key(call),
        submission_id=_key(submission),
        detail=detail,
        request_number=request_ids.current(),
    )


def record_each(
    submissions: Iterable[Model],
    *,
    by: User | None,
    at: datetime,
    action: AuditAction,
    **detail: Any,
) -> None:
    """Write the same event for each of these responses, at once."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=at,
            actor_id=_key(by),
            action=action,
            call_id=submission.call_id,  # type: ignore[attr-defined]  # a Submission has it
            submission_id=submission.pk,
            detail=detail,
            request_number=request_ids.current(),
        )
        for submission in submissions
    )


def _key(row: Model | None) -> int | None:
    return None if row is None else row.pk
