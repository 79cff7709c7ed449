"""How a call stands at its closing, for staff."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q

from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import UNFINISHED, MailKind, OutboxState
from submissions.responses.models import LatePass, Version
from submissions.responses.states import SubmissionState, Timing

# Those received that count, and those that did until they were erased.
COUNTED = Q(state=SubmissionState.SUBMITTED) | Q(
    state=SubmissionState.ERASED, withdrawn_at__isnull=True, reference__isnull=False
)
SENT_AGAIN = Exists(OutboxEmail.objects.filter(resend_of=OuterRef("pk")))


@dataclass(frozen=True)
class ClosingReport:
    """Counts of responses, mails and passes at `at` (aware)."""

    at: datetime
    received: int  # with those erased since
    by_timing: dict[str, int]
    changed: int
    withdrawn: int
    erased: int
    drafts: int
    half_entered: int  # of the drafts, by staff
    last_received_at: datetime | None
    mails_outstanding: int  # without digests, each of which would count itself
    mails_failed: int  # and not sent again since
    passes_open: int


def closing_report(call: Call, *, at: datetime) -> ClosingReport:
    """Return the report in four queries, however many responses there are."""
    states = call.submissions.aggregate(
        received=Count("pk", filter=COUNTED),
        withdrawn=Count("pk", filter=Q(state=SubmissionState.WITHDRAWN)),
        erased=Count("pk", filter=Q(state=SubmissionState.ERASED, reference__isnull=False)),
        drafts=Count("pk", filter=Q(state=SubmissionState.DRAFT)),
        half_entered=Count("pk", filter=Q(state=SubmissionState.DRAFT, entry__isnull=False)),
        changed=Count("pk", filter=COUNTED & Q(current_version__number__gt=1)),
    )
    current = Version.objects.filter(
        pk__in=call.submissions.filter(COUNTED).values("current_version_id")
    )
    timings = dict.fromkeys(Timing.values, 0)
    timings |= dict(current.values_list("timing").annotate(Count("pk")).order_by())
    last = current.order_by("-received_at").values_list("received_at", flat=True).first()
    mails = OutboxEmail.objects.filter(call=call).aggregate(
        outstanding=Count("pk", filter=Q(state__in=UNFINISHED) & ~Q(kind=MailKind.STAFF_DIGEST)),
        failed=Count("pk", filter=Q(state=OutboxState.FAILED) & ~Q(SENT_AGAIN)),
    )
    return ClosingReport(
        at=at,
        received=states["received"],
        by_timing={Timing(key).label: number for key, number in timings.items()},
        changed=states["changed"],
        withdrawn=states["withdrawn"],
        erased=states["erased"],
        drafts=states["drafts"],
        half_entered=states["half_entered"],
        last_received_at=last,
        mails_outstanding=mails["outstanding"],
        mails_failed=mails["failed"],
        passes_open=LatePass.objects.live_at(at).filter(call=call).count(),
    )
