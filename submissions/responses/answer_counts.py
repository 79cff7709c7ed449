"""Counts the responses that answered a question, or chose one of its options."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS, QuestionKind
from submissions.responses.models import (
    Answer,
    Attachment,
    IdentityAnswer,
    Submission,
    Version,
    VersionIdentity,
)


def count_answered(question: Question) -> int:
    """Return the number of responses, drafts included, that have an answer to the question.

    Working copies count, files (removed ones too: versions keep them) and every version.
    """
    versions = Version.objects.filter(submission__call_id=question.call_id)
    identities = VersionIdentity.objects.filter(version__submission__call_id=question.call_id)
    return _count(
        Answer.objects.filter(question=question).values("submission_id"),
        IdentityAnswer.objects.filter(question=question).values("submission_id"),
        Attachment.objects.filter(question=question).values("submission_id"),
        versions.filter(Q(choices__has_key=question.key) | Q(texts__has_key=question.key)).values(
            "submission_id"
        ),
        identities.filter(answers__has_key=question.key).values("version__submission_id"),
    )


def count_chosen(question: Question, option: str) -> int:
    """Return the number of responses, drafts included, in which the option is chosen."""
    if question.kind == QuestionKind.MATRIX:
        return _count_containing(question, [{row["key"]: option} for row in question.rows])
    return _count_containing(question, [[option] if question.kind in MULTIPLE_KINDS else option])


def count_rated(question: Question, row: str) -> int:
    """Return the number of responses, drafts included, that answer the matrix's row."""
    return _count_containing(question, [{row: option["key"]} for option in question.options])


def _count_containing(question: Question, values: Sequence[object]) -> int:
    """Count by containment (PostgreSQL's @>): a key lookup would read some keys as lookups."""
    answers, versions = Q(pk__in=[]), Q(pk__in=[])
    for value in values:
        answers |= Q(value__contains=value)
        versions |= Q(choices__contains={question.key: value})
    return _count(
        Answer.objects.filter(answers, question=question).values("submission_id"),
        Version.objects.filter(versions, submission__call_id=question.call_id).values(
            "submission_id"
        ),
    )


def _count(first: QuerySet, *others: QuerySet) -> int:
    return first.union(*others).count()


def count_responses(call_id: int) -> int:
    """Return the number of responses to the call that were submitted, withdrawn ones included."""
    return Submission.objects.filter(call_id=call_id, reference__isnull=False).count()


def count_received(call_id: int, condition: Q) -> int:
    """Return the number of responses to the call with a version of which `condition` is true."""
    versions = Version.objects.filter(condition, submission__call_id=call_id)
    return versions.values("submission_id").distinct().count()
