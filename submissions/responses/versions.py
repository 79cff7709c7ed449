"""Building a version, and writing it: the immutable document that a submission makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2
from django.db import IntegrityError, transaction

from accounts.models import User
from core.canonical import digest
from core.references import make_reference
from core.words import count_words
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.deadlines import ApplicableDeadline
from submissions.responses.errors import NoFreeReference
from submissions.responses.models import Attachment, Submission, Version, VersionIdentity
from submissions.responses.states import SubmissionState, Timing
from submissions.responses.transcript import version_text

REFERENCE_TRIES = 20
REFERENCE_TAKEN = "submissions_submission_reference_key"


@dataclass(frozen=True)
class Content:
    """What goes into a version: the questions that were asked, the answers and files by key."""

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

    @property
    def is_infected(self) -> bool:
        return any(file.is_infected for file in self.attached)


def write_version(
    locked: Submission,
    content: Content,
    deadline: ApplicableDeadline,
    *,
    at: datetime,
    entered_by: User | None = None,
) -> Version:
    """Write the next version, and return it; the current one where nothing changed since.

    The first one gets a reference that no other response has. The unique column tells that a
    reference is taken; looking first would not, as two transactions may draw one code at once. The
    savepoint keeps the transaction alive for the next try. Raises NoFreeReference.
    """
    current = locked.current_version
    number = 1 if current is None else current.number + 1
    for _ in range(REFERENCE_TRIES):
        if current is None:
            locked.reference = make_reference(content.call.reference_prefix)
            locked.submitted_at = at
        version, identity = build_version(
            locked,
            content,
            reference=str(locked.reference),
            number=number,
            deadline=deadline,
            at=at,
        )
        version.entered_by = entered_by
        if current is not None and says_the_same(current, version, identity, content):
            locked.amending_since = None
            locked.save_locked("amending_since")
            return current
        try:
            with transaction.atomic():
                _save_version(locked, version, identity, content, deadline)
        except IntegrityError as error:
            refusal = error.__cause__
            if not isinstance(refusal, psycopg2.Error):
                raise
            if refusal.diag.constraint_name != REFERENCE_TAKEN:
                raise
        else:
            return version
    raise NoFreeReference(content.call.reference_prefix)


def _save_version(
    locked: Submission,
    version: Version,
    identity: VersionIdentity,
    content: Content,
    deadline: ApplicableDeadline,
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
    if deadline.late_pass is not None:
        deadline.late_pass.used_at = version.received_at
        deadline.late_pass.used_for = version
        deadline.late_pass.save(update_fields=["used_at", "used_for"])


def build_version(
    submission: Submission,
    content: Content,
    *,
    reference: str,
    at: datetime,
    number: int = 1,
    deadline: ApplicableDeadline | None = None,
) -> tuple[Version, VersionIdentity]:
    """Build a version received at `at`, and its identity answers; neither is saved.

    Without `deadline` the call's closing time applies.
    """
    call = content.call
    applicable = deadline or ApplicableDeadline(Timing.ON_TIME, call.closes_at)
    texts = _answers_of_kinds(content, TEXT_KINDS)
    text = version_text(
        call,
        reference=reference,
        number=number,
        received_at=at,
        channel=submission.channel,
        questions=content.evidence,
        answers=content.answers,
        files=content.files,
    )
    version = Version(
        submission=submission,
        number=number,
        received_at=at,
        deadline=applicable.deadline,
        timing=applicable.timing,
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


def holds_changes(submission: Submission, content: Content) -> bool:
    """Return whether a working copy with `content` differs from what was last submitted."""
    version, identity = build_version(
        submission, content, reference=str(submission.reference), at=submission.saved_at
    )
    return not says_the_same(submission.submitted_version, version, identity, content)


def says_the_same(
    current: Version, built: Version, identity: VersionIdentity, content: Content
) -> bool:
    attached = set(current.attachments.values_list("pk", flat=True))
    return (
        (current.choices, current.texts) == (built.choices, built.texts)
        and current.identity.answers == identity.answers
        and attached == {file.pk for file in content.attached}
    )
