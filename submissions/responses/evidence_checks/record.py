"""Checks that what must be on record is, and that the database still protects the evidence."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

from django.db import connection

from accounts.chain import ChainCheck
from accounts.models import AuditEvent, AuditSeal
from accounts.states import AuditAction
from submissions.calls.retention import DataClass, ends_at
from submissions.responses.evidence_checks.ended import calls_without_record
from submissions.responses.models import ClosingChange, ErasureRequest, LatePass, Submission
from submissions.responses.states import ErasureScope, SubmissionState

TRIGGERS = (
    "accounts_auditevent_ended_by_owner",
    "accounts_auditevent_stands",
    "accounts_auditseal_stands",
    "submissions_attachment_stands",
    "submissions_erasurerequest_begins_asked",
    "submissions_erasurerequest_goes_on",
    "submissions_erasurerequest_stands",
    "submissions_closingchange_stands",
    "submissions_submission_receipt_stands",
    "submissions_version_attachments_stands",
    "submissions_version_deadline_applied",
    "submissions_version_in_order",
    "submissions_version_stands",
    "submissions_versionidentity_stands",
)
WORKING = "SELECT tgname FROM pg_trigger WHERE tgname = ANY(%s) AND tgenabled IN ('O', 'A')"
CLOCK_MAY_BE_AHEAD = timedelta(hours=1)
FINISHED = (AuditAction.EXPORTED, AuditAction.EXPORT_BROKEN)


def problems() -> Iterator[str]:
    yield from _triggers()
    yield from ChainCheck().problems()
    ended = calls_without_record()
    # What is to be on record is read first: it may come about meanwhile.
    passes = list(LatePass.objects.exclude(call__in=ended).order_by("pk"))
    given = _said(AuditAction.LATE_PASS_GIVEN, key="late_pass")
    for late_pass in passes:
        if late_pass.pk not in given:
            yield f"{late_pass}: it is not on record who gave it"
    for change in ClosingChange.objects.exclude(call__in=ended).order_by("pk"):
        recorded = AuditEvent.objects.filter(
            action=AuditAction.CALL_CHANGED,
            call=change.call_id,
            detail__field="closes_at",
            detail__after=change.after.astimezone(UTC).isoformat(),
        )
        if not recorded.exists():
            yield f"{change}: it is not on record"
    yield from _endings()
    yield from _erasures(ended)
    finished = AuditEvent.objects.filter(action__in=FINISHED, detail__has_key="attempt")
    finished = finished.exclude(call__in=ended).order_by("pk")
    attempts = list(finished.values_list("pk", "detail__attempt"))
    started = _said(AuditAction.EXPORT_STARTED, key="attempt")
    for pk, attempt in attempts:
        if attempt not in started:
            yield f"record {pk}: an export ended that never started"


def _endings() -> Iterator[str]:
    """The record of a call ended after its period, and by a clock that was not ahead."""
    endings = AuditEvent.objects.filter(action=AuditAction.RECORD_ENDED).select_related("call")
    sealed = dict(
        AuditSeal.objects.filter(event_id__in=endings.values("pk")).values_list(
            "event_id", "sealed_at"
        )
    )
    for event in endings.order_by("pk"):
        if event.call is None or event.at < ends_at(event.call, DataClass.RECORD):
            yield f"record {event.pk}: it ends events before their period is over"
        if event.pk in sealed and event.at > sealed[event.pk] + CLOCK_MAY_BE_AHEAD:
            yield f"record {event.pk}: it ends events by a time that had not come"


def _erasures(without_record: set[int]) -> Iterator[str]:
    """What is erased was asked for, decided by somebody else and put on record."""
    requests = ErasureRequest.objects.carried_out()
    whole = requests.filter(scope=ErasureScope.RESPONSE).values("submission")
    erased = Submission.objects.filter(state=SubmissionState.ERASED)
    for submission in erased.exclude(pk__in=whole).order_by("pk"):
        yield f"{submission}: it is erased without a request to erase it"
    carried_out = list(requests.exclude(call__in=without_record).order_by("pk"))
    for action in (AuditAction.ERASURE_APPROVED, AuditAction.ERASED):
        known = _said(action, key="request")
        for request in carried_out:
            if str(request.public_id) not in known:
                yield f"{request}: “{action.label}” is not on record"


def _said(action: AuditAction, *, key: str) -> set[Any]:
    """Return what the events of an action have under `key` of their detail."""
    events = AuditEvent.objects.filter(action=action, detail__has_key=key)
    return set(events.values_list(f"detail__{key}", flat=True))


def _triggers() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(WORKING, [list(TRIGGERS)])
        working = {name for (name,) in cursor.fetchall()}
    for name in TRIGGERS:
        if name not in working:
            yield f"database: the trigger {name} is missing or off"
