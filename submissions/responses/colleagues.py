"""What the access of colleagues to a response lets them do, and how it ends.

Whoever changes an access has the response locked, and counts its `lock_version` up: a save that
goes on at the same time then reads the access again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.record import record
from accounts.states import AuditAction
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import FINISHED, MailKind, OutboxState
from submissions.responses.models import Answer, Colleague, IdentityAnswer, Submission
from submissions.responses.states import AccessEnd


def is_authors_own(question: Question) -> bool:
    """Return whether nobody but the author answers the question.

    An email address is where links to the response go, and an answer that leads to a page of help
    says something about the author and ends the response.
    """
    return question.kind == QuestionKind.EMAIL or bool(question.routes)


def end_access(colleagues: QuerySet[Colleague], why: AccessEnd, *, at: datetime) -> list[int]:
    """End these accesses to one locked response, and forget who had them; return their numbers."""
    ended = list(colleagues.filter(ended_at=None).values_list("pk", "number"))
    Colleague.objects.filter(pk__in=[pk for pk, _ in ended]).update(
        ended_at=at, ended_by=why, address="", name="", may_submit=False
    )
    return [number for _, number in ended]


def end_sharing(locked: Submission, why: AccessEnd, *, at: datetime) -> None:
    """End each access to the locked response, and put it on record."""
    numbers = end_access(Colleague.objects.filter(submission=locked), why, at=at)
    if not numbers:
        return
    forget_invitations(OutboxEmail.objects.filter(submission=locked))
    for number in numbers:
        record_ended(locked, number, why, at=at)


def record_ended(locked: Submission, number: int, why: AccessEnd, *, at: datetime) -> None:
    record(
        by=None,
        at=at,
        action=AuditAction.COLLEAGUE_ENDED,
        call=locked.call,
        submission=locked,
        colleague=number,
        why=why,
    )


def forget_invitations(mails: QuerySet[OutboxEmail]) -> int:
    """Empty the addresses of those who are not in the response any more; return how many.

    An invitation that waits is not sent. One that a worker sends just now is emptied later.
    """
    stays = Colleague.objects.present().filter(
        submission=OuterRef("submission"), address__iexact=OuterRef("to_address")
    )
    gone = mails.filter(~Exists(stays), kind=MailKind.COLLEAGUE_INVITED)
    gone.filter(state=OutboxState.WAITING).delete()
    sent = gone.filter(state__in=FINISHED).exclude(to_address="")
    return sent.update(to_address="", subject="", body="")


def invited_by(mail: OutboxEmail) -> QuerySet[Colleague]:
    """Return, as a query, the colleague whom a mail of kind COLLEAGUE_INVITED invites."""
    number = int(mail.occasion.partition(".")[0])
    return Colleague.objects.filter(submission=mail.submission_id, number=number)


def is_still_invited(mail: OutboxEmail) -> bool:
    """Return whether the mail still invites somebody: asked just before it is sent."""
    submission = mail.submission
    if submission is None or not submission.has_working_copy:
        return False
    return invited_by(mail).filter(ended_at=None).exists()


def savers(submission: Submission, questions: Iterable[Question]) -> dict[str, int | None]:
    """Return by question's key the number of the colleague who saved its answer, None: its author.

    A question without a stored answer is not in it.
    """
    keys = {question.pk: question.key for question in questions}
    return {
        keys[question]: number
        for table in (Answer, IdentityAnswer)
        for question, number in table.objects.filter(
            submission=submission, question__in=keys
        ).values_list("question_id", "saved_by")
    }


def last_changes(submission: Submission) -> dict[int | None, datetime]:
    """Return when each saved last, of what is still stored, by colleague's number (None: author).

    The latest comes last.
    """
    found: dict[int | None, datetime] = {}
    for table in (Answer, IdentityAnswer):
        rows = table.objects.filter(submission=submission)
        for number, at in rows.values_list("saved_by", "saved_at"):
            found[number] = max(at, found.get(number, at))
    return dict(sorted(found.items(), key=lambda item: item[1]))


def names_in(submission: Submission) -> dict[int, str]:
    """Return the names of those in the response by their numbers."""
    return dict(
        Colleague.objects.joined().filter(submission=submission).values_list("number", "name")
    )


def locked_questions(call: Call, opened_by: Colleague | None) -> frozenset[str]:
    """Return the keys of the questions that this person does not answer."""
    if opened_by is None:
        return frozenset()
    return frozenset(q.key for q in call.questionnaire.questions if is_authors_own(q))


def detail_of(colleague: Colleague) -> dict[str, Any]:
    """Return what the record says of a colleague: no name and no address."""
    return {"colleague": colleague.number}
