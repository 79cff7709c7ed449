"""Responses in which an answer leads to a page of help, as “Under 16” does in the first call.

Such a response cannot be submitted. No mail goes out about it, and what was typed is deleted a day
after it was saved last, unless its author changes that answer.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from submissions.calls.models import Call, Question
from submissions.responses.answering import Answers, route_of
from submissions.responses.drafting import save_answers
from submissions.responses.ending.drafts import delete_drafts
from submissions.responses.models import Answer, ReturnAddress, Submission
from submissions.responses.working_copy import working_answers

KEPT = timedelta(days=1)


def question_of_help(call: Call, answers: Answers) -> Question | None:
    """Return the first question that is asked and whose answer leads to a page of help."""
    counting = call.questionnaire.answers_that_count(answers)
    questions = call.questionnaire.questions
    return next((q for q in questions if route_of(q, counting.get(q.key))), None)


def signposted(call: Call, submissions: Iterable[Submission]) -> set[int]:
    """Return the primary keys of those in which an answer leads to a page of help."""
    leading = Q()
    for question in call.questionnaire.questions:
        for option in question.options:
            if option.get("route"):
                leading |= Q(question=question, value=option["key"])
    by_key = {submission.pk: submission for submission in submissions}
    if not leading or not by_key:
        return set()
    rows = Answer.objects.filter(leading, submission__in=by_key)
    keys = set(rows.values_list("submission", flat=True))
    return {pk for pk in keys if question_of_help(call, working_answers(by_key[pk], call))}


def forget_who(*, submission: Submission, call: Call, at: datetime) -> None:
    """Take who answers out of the draft, and where links to it go."""
    identity = {q.key: None for q in call.questionnaire.questions if q.identity}
    save_answers(submission=submission, call=call, values=identity, at=at)
    ReturnAddress.objects.filter(submission=submission).delete()


def delete_draft(submission: Submission) -> bool:
    """Delete the draft with all that was typed; False if it is none any more."""
    with transaction.atomic():
        locked = Submission.objects.drafts().filter(pk=submission.pk, entry=None)
        return bool(delete_drafts(locked, limit=1))


def delete_signposted(*, at: datetime) -> int:
    """Delete the drafts that ended on a page of help KEPT ago or longer; return how many."""
    number = 0
    for call in Call.objects.all():
        drafts = Submission.objects.drafts().filter(call=call, entry=None, saved_at__lte=at - KEPT)
        keys = signposted(call, drafts)
        if keys:
            with transaction.atomic():
                late = Submission.objects.drafts().filter(pk__in=keys, saved_at__lte=at - KEPT)
                number += delete_drafts(late, limit=len(keys))["drafts"]
    return number
