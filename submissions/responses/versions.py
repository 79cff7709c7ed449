"""Building a version: the immutable document that a submission writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.canonical import digest
from core.words import count_words
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, TEXT_KINDS, QuestionKind
from submissions.responses.deadlines import ApplicableDeadline
from submissions.responses.models import Attachment, Submission, Version, VersionIdentity
from submissions.responses.states import Timing
from submissions.responses.transcript import version_text


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
