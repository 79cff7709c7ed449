"""Confirming what ends: from then on the portal ends it by itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.canonical import digest
from retention.models import RetentionConfirmation
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, period_of


class ConfirmationRefused(Exception):
    """The message is a sentence for staff."""


def confirmed_classes(call: Call, *, before: datetime | None = None) -> set[DataClass]:
    """Return the classes that the portal ends by itself, as the call's periods are now.

    With `before`, those that somebody had confirmed by then.
    """
    return confirmed_by_call([call], before=before)[call.pk]


def confirmed_by_call(
    calls: Sequence[Call], *, before: datetime | None = None
) -> dict[int, set[DataClass]]:
    """Return what `confirmed_classes` does of each of these calls, in one query."""
    confirmations = RetentionConfirmation.objects.filter(call__in=[one.pk for one in calls])
    if before is not None:
        confirmations = confirmations.filter(at__lte=before)
    revisions = {one.pk: one.retention_revision for one in calls}
    confirmed: dict[int, set[DataClass]] = {one.pk: set() for one in calls}
    rows = confirmations.values_list("call", "retention_revision", "classes")
    for call, revision, names in rows.order_by():
        if revision == revisions[call]:
            confirmed[call].update(map(DataClass, names))
    return confirmed


def confirmation_of(call: Call) -> RetentionConfirmation | None:
    """Return who confirmed the call's periods as they are now; None if nobody has."""
    return (
        RetentionConfirmation.objects.filter(
            call=call.pk, retention_revision=call.retention_revision, by__isnull=False
        )
        .select_related("by")
        .first()
    )


def is_confirmed() -> Exists:
    """Return the condition of calls of which `confirmation_of` finds one."""
    return Exists(
        RetentionConfirmation.objects.filter(
            call=OuterRef("pk"), retention_revision=OuterRef("retention_revision"), by__isnull=False
        )
    )


def periods_of(call: Call) -> dict[str, str]:
    return {one.value: str(period_of(call, one)) for one in DataClass}


def report_etag(call: Call) -> str:
    """Return what a page with the report carries, to tell whether the same still holds."""
    said = [call.retention_revision, call.closes_at.timestamp(), *periods_of(call).values()]
    return digest(repr(said))[:12]


def confirm(
    call: Call, *, seen: str, due: Mapping[str, int], by: User, at: datetime
) -> RetentionConfirmation:
    """Let the portal end the call's data by itself, and put that on record.

    The call's row is locked: of two people who confirm at once, the second is told of the first.
    `seen` is the `report_etag` of what `by` read, `due` what that said would end now. Raises
    ConfirmationRefused where `by` may not confirm, the periods or the closing time have changed
    since, or somebody has confirmed already.
    """
    with transaction.atomic():
        locked = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        if not may(by, Action.CONFIRM_RETENTION, locked):
            raise ConfirmationRefused("You may not confirm what ends in this call.")
        if (earlier := confirmation_of(locked)) is not None:
            name = earlier.by.get_username() if earlier.by else "somebody else"
            raise ConfirmationRefused(f"This was confirmed already, by {name}. Nothing changed.")
        if seen != report_etag(locked):
            raise ConfirmationRefused(
                "The periods or the closing time have changed since this page was shown. Read the "
                "report again, then confirm."
            )
        confirmation = RetentionConfirmation.objects.create(
            call=locked,
            retention_revision=locked.retention_revision,
            classes=[one.value for one in DataClass],
            periods=periods_of(locked),
            due=dict(due),
            by=by,
            at=at,
        )
        record(
            by=by,
            at=at,
            action=AuditAction.RETENTION_CONFIRMED,
            call=locked,
            periods=confirmation.periods,
            due=confirmation.due,
        )
    return confirmation
