"""Submitting: the one transaction that turns a draft into a received response."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from core.canonical import count_words, digest
from core.references import make_reference
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, TEXT_KINDS, QuestionKind
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind
from submissions.responses.answering import asked_questions, validation_issues
from submissions.responses.deadlines import ApplicableDeadline, applicable_deadline
from submissions.responses.errors import (
    ChangedSinceSeen,
    NoFreeReference,
    ResponseIncomplete,
    ResponseWithdrawn,
)
from submissions.responses.etags import draft_etag
from submissions.responses.models import (
    Attachment,
    ReturnAddress,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.states import SubmissionState, Timing
from submissions.responses.transcript import version_text
from submissions.responses.working_copy import files_by_key, working_answers

logger = logging.getLogger(__name__)
REFERENCE_TRIES = 20
REFERENCE_TAKEN = "submissions_submission_reference_key"


def submit(*, submission: Submission, at: datetime, expected_etag: str | None = None) -> Version:
    """Take the working copy as evidence received at `at`, and return its version.

    One transaction: lock the response, recheck its state, recheck the deadline on the locked
    call, give a draft its reference, write the immutable version and the row of its
    confirmation. A submitted response that its author opened again gets its next version under
    the same reference. Asking again, from a second tab, or with nothing changed returns the
    version that is already there.

    Requests that wait may be taken up in another order than they came in. Where one saved
    something that came later than `at`, its moment is the moment of receipt.

    `expected_etag` is the `draft_etag` of what the author checked, None if that is not known.
    Raises CallClosed or CallNotYetOpen by that moment, ChangedSinceSeen where the working
    copy is another by now, ResponseIncomplete while faults stand, ResponseWithdrawn.
    """
    with transaction.atomic():
        locked = lock_response(submission)
        if not locked.has_working_copy:
            return locked.current_version
        at = max(at, _last_touched(locked))
        call = lock_call(locked.call_id)
        version = _receive(
            locked, call, applicable_deadline(call, locked, at=at, lock=True), at, expected_etag
        )
    logger.info("response %s received", version.submission.reference)
    return version


def _last_touched(locked: Submission) -> datetime:
    """Return before which moment what `locked` holds was not all there."""
    if locked.is_draft:
        return locked.saved_at
    return max(locked.saved_at, locked.amending_since, locked.current_version.received_at)


def lock_response(submission: Submission) -> Submission:
    """Lock the response's row until the transaction ends; raise ResponseWithdrawn if it was."""
    locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
    if locked.state == SubmissionState.WITHDRAWN:
        raise ResponseWithdrawn(locked.reference)
    return locked


def lock_call(pk: int) -> Call:
    """Return the call with its closing time held still until the transaction ends.

    FOR SHARE lets submissions run side by side and makes a change of the call wait.
    """
    return Call.objects.raw("SELECT * FROM submissions_call WHERE id = %s FOR SHARE", [pk])[0]


def _receive(
    locked: Submission,
    call: Call,
    admitted: ApplicableDeadline,
    at: datetime,
    expected_etag: str | None,
) -> Version:
    answers = working_answers(locked, call)
    attachments = list(locked.attachments.filter(removed_at=None))
    if expected_etag not in (None, draft_etag(answers, attachments)):
        raise ChangedSinceSeen
    files = files_by_key(call, attachments)
    standing = validation_issues(call, answers, {key: len(those) for key, those in files.items()})
    if standing:
        raise ResponseIncomplete(standing)
    content = Content(call, asked_questions(call, answers), answers, files)
    if locked.is_draft:
        version = _write_first_version(locked, content, admitted, at)
        owe_to_author(MailKind.CONFIRMATION, version, call, at)
        return version
    current = locked.current_version
    next_one, identity = build_version(
        locked,
        content,
        reference=locked.reference,
        number=current.number + 1,
        admitted=admitted,
        at=at,
    )
    if _says_the_same(current, next_one, identity, content):
        locked.amending_since = None
        locked.save_locked("amending_since")
        return current
    _save_version(locked, next_one, identity, content, admitted)
    owe_to_author(MailKind.AMENDED, next_one, call, at)
    return next_one


def _write_first_version(
    locked: Submission, content: "Content", admitted: ApplicableDeadline, at: datetime
) -> Version:
    """Write version 1 under a reference that no other response has.

    A taken reference is found by the unique column, not by looking first: two transactions may
    draw one code at once. The savepoint keeps the transaction alive for the next try.
    """
    for _ in range(REFERENCE_TRIES):
        locked.reference = make_reference(content.call.reference_prefix)
        locked.submitted_at = at
        version, identity = build_version(
            locked, content, reference=locked.reference, admitted=admitted, at=at
        )
        try:
            with transaction.atomic():
                _save_version(locked, version, identity, content, admitted)
        except IntegrityError as error:
            if error.__cause__.diag.constraint_name != REFERENCE_TAKEN:
                raise
        else:
            return version
    raise NoFreeReference(content.call.reference_prefix)


def _save_version(
    locked: Submission,
    version: Version,
    identity: VersionIdentity,
    content: "Content",
    admitted: ApplicableDeadline,
) -> None:
    version.pk = identity.pk = None
    version.save(force_insert=True)
    identity.version = version
    identity.save(force_insert=True)
    if content.attached:
        version.attachments.add(*content.attached)
    locked.state = SubmissionState.SUBMITTED
    locked.current_version = version
    locked.amending_since = None
    locked.save_locked("reference", "state", "submitted_at", "current_version", "amending_since")
    if admitted.late_pass is not None:
        admitted.late_pass.used_at = version.received_at
        admitted.late_pass.used_for = version
        admitted.late_pass.save(update_fields=["used_at", "used_for"])


def holds_changes(submission: Submission, content: "Content") -> bool:
    """Whether a working copy with `content` says anything but what was last submitted."""
    drawn_up = build_version(
        submission, content, reference=submission.reference, at=submission.saved_at
    )
    return not _says_the_same(submission.current_version, *drawn_up, content)


def _says_the_same(
    current: Version, next_one: Version, identity: VersionIdentity, content: "Content"
) -> bool:
    attached = set(current.attachments.values_list("pk", flat=True))
    return (
        (current.choices, current.texts) == (next_one.choices, next_one.texts)
        and current.identity.answers == identity.answers
        and attached == {file.pk for file in content.attached}
    )


@dataclass(frozen=True)
class Content:
    """What a version is drawn up from: the questions that were asked, answers, files by key."""

    call: Call
    asked: list[Question]
    answers: Mapping[str, Any]
    files: Mapping[str, list[Attachment]]

    @property
    def evidence(self) -> list[Question]:
        return [question for question in self.asked if not question.identity]

    @property
    def attached(self) -> list[Attachment]:
        return [file for q in self.evidence for file in self.files.get(q.key, ())]


def build_version(
    submission: Submission,
    content: Content,
    *,
    reference: str,
    at: datetime,
    number: int = 1,
    admitted: ApplicableDeadline | None = None,
) -> tuple[Version, VersionIdentity]:
    """Return a version received at `at`, and who it is from; neither is saved.

    Without `admitted` it is on time before the call's closing time.
    """
    call = content.call
    admitted = admitted or ApplicableDeadline(Timing.ON_TIME, call.closes_at)
    texts = _answers_of_kinds(content, TEXT_KINDS)
    text = version_text(
        call,
        reference=reference,
        number=number,
        received_at=at,
        questions=content.evidence,
        answers=content.answers,
        files=content.files,
    )
    version = Version(
        submission=submission,
        number=number,
        received_at=at,
        deadline=admitted.deadline,
        timing=admitted.timing,
        choices=_answers_of_kinds(content, CHOICE_KINDS),
        texts=texts,
        canonical_text=text,
        sha256=digest(text),
        words=sum(count_words(answer) for answer in texts.values()),
    )
    answers = content.answers
    identity = {q.key: answers[q.key] for q in content.asked if q.identity and q.key in answers}
    return version, VersionIdentity(version=version, answers=identity)


def _answers_of_kinds(content: Content, kinds: frozenset[QuestionKind]) -> dict[str, Any]:
    answers = content.answers
    return {q.key: answers[q.key] for q in content.evidence if q.kind in kinds and q.key in answers}


def owe_to_author(kind: MailKind, version: Version, call: Call, at: datetime) -> None:
    """Owe a mail about `version` to the address that its author gave, if there is one."""
    address = address_of(version, call)
    if address:
        enqueue(
            kind=kind,
            call=call,
            submission=version.submission,
            version=version,
            to_address=address,
            at=at,
        )


def address_of(version: Version, call: Call) -> str:
    """Return the address given for the link back, else the first one among the answers.

    The first is newer where there are both: it was given, or corrected, for the sake of mail.
    """
    kept = ReturnAddress.objects.filter(submission=version.submission_id).first()
    if kept and kept.address:
        return kept.address
    given = {**version.texts, **version.identity.answers}
    for question in call.questions_in_order:
        if question.kind == QuestionKind.EMAIL and given.get(question.key):
            return given[question.key]
    return ""
