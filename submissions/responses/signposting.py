"""Responses in which an answer leads to a page of help, as “Under 16” does in the first call.

Such a response cannot be submitted. No mail goes out about it, and what was typed is deleted a day
after it was saved last, unless its author changes that answer.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from core.attempts import Attempts
from submissions.calls.models import Call, Question
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import FINISHED, MailKind, OutboxState
from submissions.responses.answering import Answers
from submissions.responses.colleagues import end_sharing
from submissions.responses.ending.drafts import delete_drafts
from submissions.responses.models import (
    Answer,
    Colleague,
    IdentityAnswer,
    LatePass,
    ReturnAddress,
    Submission,
)
from submissions.responses.states import AccessEnd
from submissions.responses.working_copy import note_saved, store_answers, working_answers

logger = logging.getLogger(__name__)
KEPT = timedelta(days=1)
LEADING_BACK = (MailKind.RETURN_LINK, MailKind.REMINDER, MailKind.CLOSED_WITH_DRAFT)


def question_of_help(call: Call, answers: Answers) -> Question | None:
    """Return the first question that is asked and whose answer leads to a page of help."""
    counting = call.questionnaire.answers_that_count(answers)
    leading = (q for q in call.questionnaire.questions if q.routes)
    return next((q for q in leading if counting.get(q.key) in q.routes), None)


def signposted(call: Call, submissions: Iterable[Submission]) -> set[int]:
    """Return the primary keys of the drafts in which an answer leads to a page of help.

    A response that was submitted stays within its author's reach, whatever they change it to.
    """
    leading = Q()
    for question in call.questionnaire.questions:
        for option in question.routes:
            leading |= Q(question=question, value=option)
    by_key = {submission.pk: submission for submission in submissions if submission.is_draft}
    if not leading or not by_key:
        return set()
    rows = Answer.objects.filter(leading, submission__in=by_key)
    keys = set(rows.values_list("submission", flat=True))
    return {pk for pk in keys if question_of_help(call, working_answers(by_key[pk], call))}


def forget_who(*, submission: Submission, call: Call, at: datetime) -> None:
    """Take who answers out of the draft, where links to it go, and the mails about it.

    Mails that wait to lead there are deleted, and those that went out lose address and text.
    Nobody is told. A response that was submitted keeps all that: an answer among its changes
    counts only once these are submitted, and a link to a confirmed address protects it.
    """
    identity = {question: None for question in call.questionnaire.questions if question.identity}
    with transaction.atomic():
        locked = _lock_if_signposted(submission, call)
        if locked is None:
            return
        store_answers(locked, identity, at=at)
        note_saved(locked, at=at)
        addresses = ReturnAddress.objects.filter(submission=locked)
        addresses.filter(reminders_refused_at=None).delete()
        # Whoever refused reminders gets none either if the answer was a slip.
        addresses.update(address="", confirmed_at=None)
        end_sharing(locked, AccessEnd.HELP, at=at)
        waiting = OutboxEmail.objects.filter(submission=locked, state=OutboxState.WAITING)
        waiting.filter(kind__in=LEADING_BACK).delete()
        finished = OutboxEmail.objects.filter(submission=locked, state__in=FINISHED)
        finished.update(to_address="", subject="", body="")


def names_somebody(submission: Submission) -> bool:
    """Return whether the draft, or what is kept beside it, has a name or an address."""
    of_draft = Q(submission=submission)
    return any(
        found.filter(of_draft).exists()
        for found in (
            IdentityAnswer.objects.all(),
            ReturnAddress.objects.exclude(address=""),
            Colleague.objects.exclude(address=""),
            LatePass.objects.exclude(address=""),
            OutboxEmail.objects.exclude(to_address=""),
        )
    )


def delete_draft(*, submission: Submission, call: Call) -> bool:
    """Delete the draft with all that was typed; False if no answer leads to help any more."""
    with transaction.atomic():
        locked = _lock_if_signposted(submission, call)
        if locked is None:
            return False
        return bool(delete_drafts(Submission.objects.filter(pk=locked.pk), limit=1))


def _lock_if_signposted(submission: Submission, call: Call) -> Submission | None:
    """Lock and return the draft; None if it is none, or another tab changed the answer."""
    drafts = Submission.objects.drafts().filter(entry=None)
    locked = drafts.select_for_update(of=("self",)).filter(pk=submission.pk).first()
    if locked is None or question_of_help(call, working_answers(locked, call)) is None:
        return None
    return locked


def delete_signposted(*, at: datetime) -> int:
    """Delete the drafts that ended on a page of help KEPT ago or longer; return how many.

    Raises SomeFailed after the other calls where that failed in one.
    """
    number = 0
    with Attempts(logger) as attempts:
        for call in Call.objects.all():
            with attempts.at("call %s, drafts after a page of help", call.pk):
                number += _delete_signposted(call, at)
    return number


def _delete_signposted(call: Call, at: datetime) -> int:
    drafts = Submission.objects.drafts().filter(call=call, entry=None, saved_at__lte=at - KEPT)
    keys = signposted(call, drafts)
    if not keys:
        return 0
    with transaction.atomic():
        late = Submission.objects.drafts().filter(pk__in=keys, saved_at__lte=at - KEPT)
        return delete_drafts(late, limit=len(keys))["drafts"]
