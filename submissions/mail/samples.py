"""Each kind of mail as a sample: a call's own words, a made-up response, nothing stored.

The links lead nowhere: their token is a word that no digest in the database belongs to.
"""

from datetime import datetime, timedelta
from typing import Any

from core.references import make_reference
from core.time_limits import later
from submissions.calls.models import Call, Question
from submissions.calls.retention import DataClass, ends_at
from submissions.calls.states import MULTIPLE_KINDS, ORGANISATION_NAME, QuestionKind
from submissions.mail.closing_report import ClosingReport
from submissions.mail.rendering import LEFT_OUT, RenderedMail, render_with
from submissions.mail.staff_digests import StaffDigest
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import RECEIPTS, MailKind
from submissions.responses.answering import asked_questions
from submissions.responses.erasing import due_after
from submissions.responses.models import (
    ErasureRequest,
    FollowUp,
    LatePass,
    Reply,
    Submission,
    Version,
)
from submissions.responses.returning import (
    CONFIRMING_LASTS,
    INVITATION_LASTS,
    LINK_LASTS,
    FreshLink,
)
from submissions.responses.states import (
    Channel,
    ErasureScope,
    ErasureState,
    SubmissionState,
    Timing,
)
from submissions.responses.versions import Content, build_version

ADDRESS = "respondent@example.org"
WORDS = "These words stand for an answer."
UNFINISHED = frozenset(
    {
        MailKind.RETURN_LINK,
        MailKind.REMINDER,
        MailKind.CLOSED_WITH_DRAFT,
        MailKind.LATE_PASS,
        MailKind.ADDRESS_CHANGED,
        MailKind.COLLEAGUE_INVITED,
    }
)


def render_sample(kind: MailKind, call: Call) -> RenderedMail:
    """Return a mail of the kind as it would read; `call` with its questions."""
    at = later(call.closes_at, timedelta(minutes=-1))
    return render_with(sample_mail(kind, call, at=at), SampleData(call, at))


def sample_mail(kind: MailKind, call: Call, *, at: datetime) -> OutboxEmail:
    submission = Submission(call=call, started_at=at - timedelta(hours=2), saved_at=at)
    if kind == MailKind.ACKNOWLEDGEMENT:
        submission.channel = Channel.POST
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
    if kind == MailKind.LATE_PASS:
        mail.submission = None  # the pass for an address
    if kind == MailKind.WITHDRAWN:
        submission.state, submission.withdrawn_at = SubmissionState.WITHDRAWN, at
    return mail


def _version(submission: Submission, call: Call, *, number: int) -> Version:
    # The same each time, so that whoever words a call sees what the words changed.
    submission.reference = make_reference(call.reference_prefix, draw=lambda letters: letters[0])
    submission.submitted_at = submission.saved_at
    answers = _sample_answers(call)
    version, _identity = build_version(
        submission,
        Content(call, asked_questions(call, answers), answers, {}),
        reference=submission.reference,
        number=number,
        at=submission.saved_at,
    )
    return version


def _sample_answers(call: Call) -> dict[str, Any]:
    """Answer each question that is asked, in order, with its first choice or with WORDS."""
    answers: dict[str, Any] = {}
    for question in call.questions_in_order:
        if question.kind != QuestionKind.FILE and question in asked_questions(call, answers):
            answers[question.key] = _sample_answer(question)
    return answers


def _sample_answer(question: Question) -> Any:
    choices = [key for key in question.option_labels if key not in question.routes]
    if question.kind == QuestionKind.RADIO:
        return choices[0]
    if question.kind in MULTIPLE_KINDS:
        return choices[:1]
    if question.kind == QuestionKind.MATRIX:
        return {row["key"]: choices[0] for row in question.rows}
    if question.kind == QuestionKind.CHECKBOX:
        return True
    return ADDRESS if question.kind == QuestionKind.EMAIL else WORDS


class SampleData:
    """Links that open nothing, and counts of nothing."""

    def __init__(self, call: Call, at: datetime) -> None:
        self._call = call
        self.at = at

    def companions(self, _mail: OutboxEmail) -> list[OutboxEmail]:
        return []

    def link(self, mail: OutboxEmail) -> FreshLink:
        if mail.kind == MailKind.COLLEAGUE_INVITED:
            return FreshLink(LEFT_OUT, self.at + INVITATION_LASTS)
        lasts = CONFIRMING_LASTS if mail.kind in RECEIPTS else LINK_LASTS
        return FreshLink(LEFT_OUT, self.at + lasts)

    def organisation(self, _mail: OutboxEmail) -> str:
        return WORDS if ORGANISATION_NAME in self._call.questions_by_key else ""

    def late_pass(self, _mail: OutboxEmail) -> tuple[LatePass, str]:
        expires_at = later(self._call.closes_at, timedelta(days=7))
        return LatePass(call=self._call, given_at=self.at, expires_at=expires_at), LEFT_OUT

    def erasure(self, mail: OutboxEmail) -> tuple[ErasureRequest, str]:
        request = ErasureRequest(
            call=self._call,
            submission=mail.submission,
            scope=ErasureScope.RESPONSE,
            asked_at=self.at,
            due_at=due_after(self.at),
            erased_at=self.at,
            state=ErasureState.REFUSED,
            refusal=WORDS,
        )
        return request, LEFT_OUT

    def follow_up(self, mail: OutboxEmail) -> tuple[FollowUp, str, Reply | None]:
        asked = FollowUp(
            submission=mail.submission,
            text=WORDS,
            asked_at=self.at,
            answer_until=self.at + timedelta(days=14),
        )
        return asked, LEFT_OUT, Reply(follow_up=asked, number=1, text=WORDS, received_at=self.at)

    def is_confirmed(self, mail: OutboxEmail) -> bool:
        # A first receipt mostly goes to an address that nobody has confirmed.
        return mail.kind != MailKind.CONFIRMATION

    def opt_out_token(self, mail: OutboxEmail) -> str:
        return LEFT_OUT

    def drafts_end_at(self, _mail: OutboxEmail) -> datetime:
        return ends_at(self._call, DataClass.DRAFTS)

    def digest(self, _mail: OutboxEmail) -> StaffDigest:
        timings = (120, 3, 1)
        standing = ClosingReport(
            at=self.at,
            received=sum(timings),
            by_timing={
                timing.label: number for timing, number in zip(Timing, timings, strict=True)
            },
            changed=7,
            withdrawn=2,
            erased=1,
            drafts=40,
            half_entered=2,
            last_received_at=self.at,
            mails_outstanding=1,
            mails_failed=1,
            passes_open=1,
        )
        return StaffDigest(standing=standing, received_today=60, unread=80, record_head="")
