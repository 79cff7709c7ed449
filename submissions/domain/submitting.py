"""Submitting: the one transaction that turns a draft into a received response."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from submissions.canonical import count_words, digest
from submissions.domain.answering import asked_questions, faults
from submissions.domain.drafting import files_by_key, refuse_unless_open, working_answers
from submissions.domain.outbox import owe
from submissions.domain.transcript import transcript, version_heading
from submissions.errors import NoFreeReference, ResponseIncomplete, ResponseWithdrawn
from submissions.models import Attachment, Call, Question, Submission, Version, VersionIdentity
from submissions.references import make_reference
from submissions.vocabulary import (
    CHOICE_KINDS,
    TEXT_KINDS,
    MailKind,
    QuestionKind,
    SubmissionState,
    Timing,
)

logger = logging.getLogger(__name__)
REFERENCE_TRIES = 20
REFERENCE_TAKEN = "submissions_submission_reference_key"


def submit(*, submission: Submission, at: datetime) -> Version:
    """Take the draft as submitted evidence received at `at`, and return its version.

    One transaction: lock the draft, recheck its state, recheck the deadline on the locked call,
    give it a reference, write the immutable version and the row of its confirmation. Asking
    again, or from a second tab, returns the version that is already there.

    Raises CallClosed or CallNotYetOpen by the moment `at`, ResponseIncomplete while faults
    stand, ResponseWithdrawn.
    """
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.state == SubmissionState.WITHDRAWN:
            raise ResponseWithdrawn(locked.reference)
        if not locked.is_draft:
            return locked.current_version
        call = lock_call(locked.call_id)
        refuse_unless_open(call, at)
        version = _receive(locked, call, at)
    logger.info("response %s received", version.submission.reference)
    return version


def lock_call(pk: int) -> Call:
    """Return the call with its closing time held still until the transaction ends.

    FOR SHARE lets submissions run side by side and makes a change of the call wait.
    """
    rows = Call.objects.raw("SELECT * FROM submissions_call WHERE id = %s FOR SHARE", [pk])
    return rows.prefetch_related("roles", "sections__questions")[0]


def _receive(locked: Submission, call: Call, at: datetime) -> Version:
    answers = working_answers(locked, call)
    attachments = list(locked.attachments.filter(removed_at=None))
    files = files_by_key(call, attachments)
    standing = faults(call, answers, {key: len(those) for key, those in files.items()})
    if standing:
        raise ResponseIncomplete(standing)
    asked = asked_questions(call, answers)
    for _ in range(REFERENCE_TRIES):
        try:
            version = _write_version(locked, call, asked, answers, files, at)
        except IntegrityError as error:
            # Two transactions may draw one code at once: only the unique column can tell.
            if error.__cause__.diag.constraint_name != REFERENCE_TAKEN:
                raise
        else:
            _owe_confirmation(version, asked, answers, at)
            return version
    raise NoFreeReference(call.reference_prefix)


@transaction.atomic
def _write_version(
    locked: Submission,
    call: Call,
    asked: list[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, list[Attachment]],
    at: datetime,
) -> Version:
    """Write version 1 under a new reference, in a savepoint that a taken reference undoes."""
    reference = make_reference(call.reference_prefix)
    version, identity = draw_up_version(
        locked, call, asked, answers, files, reference=reference, at=at
    )
    version.save(force_insert=True)
    identity.save(force_insert=True)
    attached = [file for q in asked if not q.identity for file in files.get(q.key, ())]
    if attached:
        version.attachments.add(*attached)
    locked.reference = reference
    locked.state = SubmissionState.SUBMITTED
    locked.submitted_at = at
    locked.current_version = version
    locked.save(update_fields=["reference", "state", "submitted_at", "current_version"])
    return version


def draw_up_version(
    submission: Submission,
    call: Call,
    asked: list[Question],
    answers: Mapping[str, Any],
    files: Mapping[str, list[Attachment]],
    *,
    reference: str,
    at: datetime,
) -> tuple[Version, VersionIdentity]:
    """Return version 1, received on time at `at`, and who it is from; neither is saved."""
    evidence = [question for question in asked if not question.identity]
    texts = _answers_of_kinds(evidence, answers, TEXT_KINDS)
    text = transcript(
        version_heading(call, reference=reference, number=1, received_at=at),
        questions=evidence,
        answers=answers,
        files=files,
    )
    version = Version(
        submission=submission,
        number=1,
        received_at=at,
        deadline=call.closes_at,
        timing=Timing.ON_TIME,
        choices=_answers_of_kinds(evidence, answers, CHOICE_KINDS),
        texts=texts,
        canonical_text=text,
        sha256=digest(text),
        words=sum(count_words(answer) for answer in texts.values()),
    )
    identity = {q.key: answers[q.key] for q in asked if q.identity and q.key in answers}
    return version, VersionIdentity(version=version, answers=identity)


def _answers_of_kinds(
    questions: list[Question], answers: Mapping[str, Any], kinds: frozenset[QuestionKind]
) -> dict[str, Any]:
    return {q.key: answers[q.key] for q in questions if q.kind in kinds and q.key in answers}


def _owe_confirmation(
    version: Version, asked: list[Question], answers: Mapping[str, Any], at: datetime
) -> None:
    """Owe a confirmation to the first email address among the answers, if there is one."""
    for question in asked:
        if question.kind == QuestionKind.EMAIL and answers.get(question.key):
            owe(
                kind=MailKind.CONFIRMATION,
                version=version,
                to_address=answers[question.key],
                at=at,
            )
            return
