"""Each kind of mail as a sample: a call's own words, an invented response, nothing stored.

The links lead nowhere: their tokens are words that no digest in the database belongs to.
"""

from datetime import datetime, timedelta
from random import Random

from core.references import make_reference
from rehearsal.fake_answers import make_fake_answers
from submissions.calls.models import Call
from submissions.mail.closing_report import ClosingReport
from submissions.mail.daily_report import DailyReport
from submissions.mail.rendering import Rendered, render
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses.models import LatePass, Submission, Version
from submissions.responses.returning import LINK_LASTS, FreshLink
from submissions.responses.states import SubmissionState, Timing
from submissions.responses.submitting import Content, build_version

ADDRESS = "respondent@example.org"
TOKEN = "sample-of-a-link"  # noqa: S105 - it opens nothing
UNFINISHED = frozenset(
    {MailKind.RETURN_LINK, MailKind.REMINDER, MailKind.CLOSED_WITH_DRAFT, MailKind.LATE_PASS}
)


def render_sample(kind: MailKind, call: Call) -> Rendered:
    """Return a mail of the kind as it would read; `call` with its questions."""
    at = call.closes_at - timedelta(minutes=1)
    return render(sample_mail(kind, call, at=at), _Samples(call, at))


def sample_mail(kind: MailKind, call: Call, *, at: datetime) -> OutboxEmail:
    submission = Submission(call=call, started_at=at - timedelta(hours=2), saved_at=at)
    mail = OutboxEmail(
        call=call,
        submission=submission,
        kind=kind,
        to_address=ADDRESS,
        message_id="<sample@example.org>",
        created_at=at,
        claimed_at=at,
    )
    if kind not in UNFINISHED:
        mail.version = _version(submission, call, number=2 if kind == MailKind.AMENDED else 1)
        submission.state = SubmissionState.SUBMITTED
    if kind == MailKind.WITHDRAWN:
        submission.state, submission.withdrawn_at = SubmissionState.WITHDRAWN, at
    return mail


def _version(submission: Submission, call: Call, *, number: int) -> Version:
    submission.reference = make_reference(call.reference_prefix, draw=Random(1).choice)  # noqa: S311 - no secret
    submission.submitted_at = submission.saved_at
    # The same response each time, so that whoever words a call sees what the words changed.
    fake = make_fake_answers(call, Random(5))  # noqa: S311 - no secret
    version, _identity = build_version(
        submission,
        Content(call, fake.asked, fake.answers, {}),
        reference=submission.reference,
        number=number,
        at=submission.saved_at,
    )
    return version


class _Samples:
    """Enclosures that open nothing and count nothing."""

    def __init__(self, call: Call, at: datetime) -> None:
        self._call = call
        self._at = at

    def link_back(self, _mail: OutboxEmail) -> FreshLink:
        return FreshLink(TOKEN, self._at + LINK_LASTS)

    def late_pass(self, _mail: OutboxEmail) -> tuple[LatePass, str]:
        expires_at = self._call.closes_at + timedelta(days=7)
        return LatePass(call=self._call, given_at=self._at, expires_at=expires_at), TOKEN

    def report(self, _mail: OutboxEmail) -> DailyReport:
        timings = (120, 3, 1)
        standing = ClosingReport(
            at=self._at,
            received=sum(timings),
            by_timing={
                timing.label: number for timing, number in zip(Timing, timings, strict=True)
            },
            changed=7,
            withdrawn=2,
            drafts=40,
            last_received_at=self._at,
            mails_outstanding=1,
            mails_failed=1,
            passes_open=1,
        )
        return DailyReport(standing=standing, received_today=60, unread=80)
