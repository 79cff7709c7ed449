"""What staff read of questions to authors: where each stands, and which answers somebody read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import AuditEvent, User
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.responses.models import FollowUp, Reply
from submissions.responses.states import SubmissionState


def marks() -> dict[str, Exists]:
    """Return the columns of the list that say whether an author was asked, and answered."""
    asked = FollowUp.objects.filter(submission=OuterRef("pk"))
    return {"has_asked": Exists(asked), "has_answer": Exists(_answered(OuterRef("pk")))}


def say_marks(response: Any) -> list[str]:
    """Return the mark of a response of the list, which has the columns of `marks`."""
    if response.has_answer:
        return ["answered a question"]
    return ["asked"] if response.has_asked else []


def answered() -> Exists:
    """Return the condition of responses whose author answered a question."""
    return Exists(_answered(OuterRef("pk")))


def waiting_at(at: datetime) -> Exists:
    """Return the condition of responses with a question that has no answer and can get one."""
    open_ones = FollowUp.objects.filter(
        submission=OuterRef("pk"), ended_at=None, answer_until__gt=at, replies=None
    )
    return Exists(open_ones)


def asked() -> Exists:
    """Return the condition of responses whose author was asked."""
    return Exists(FollowUp.objects.filter(submission=OuterRef("pk")))


def new_answers(*people: User) -> QuerySet[Reply]:
    """Return the answers to these people's questions that came since they opened the response."""
    opened = AuditEvent.objects.filter(
        actor=OuterRef("follow_up__asked_by"),
        action=AuditAction.RESPONSE_OPENED,
        submission=OuterRef("follow_up__submission"),
        at__gte=OuterRef("received_at"),
    )
    return Reply.objects.filter(~Exists(opened), follow_up__asked_by__in=people)


def responses_with_new_answers(person: User, calls: Iterable[Call | int]) -> dict[int, int]:
    """Return of each call how many responses have a new answer to the person."""
    return _responses_by("follow_up__submission__call", new_answers(person), calls)


def has_new_answer(person: User) -> Q:
    """Return the condition of responses with a new answer to the person."""
    return Q(pk__in=new_answers(person).values("follow_up__submission"))


def lines_of_digest(call: Call, *, people: Sequence[User]) -> dict[int, str]:
    """Return what the digest says to each of these members of answers to them; to some nothing."""
    numbers = _responses_by("follow_up__asked_by", new_answers(*people), [call])
    return {
        person: "1 response has a new answer to a question of yours"
        if number == 1
        else f"{number} responses have new answers to questions of yours"
        for person, number in numbers.items()
    }


def _responses_by(
    field: str, answers: QuerySet[Reply], calls: Iterable[Call | int]
) -> dict[int, int]:
    """Return how many submitted responses of the calls have one of the answers, by `field`."""
    submitted = answers.filter(
        follow_up__submission__call__in=calls,
        follow_up__submission__state=SubmissionState.SUBMITTED,
    )
    rows = submitted.order_by().values_list(field)
    return dict(rows.annotate(number=Count("follow_up__submission", distinct=True)))


def _answered(response: OuterRef) -> QuerySet[Reply]:
    return Reply.objects.filter(follow_up__submission=response)
