"""The author's side of a question: the link, their answer, and “ask me no more”.

Each answer that differs from the one before is a row of its own; the latest counts.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.record import record
from accounts.states import AuditAction
from core.canonical import canonical_text, digest
from core.spoken_numbers import say_number
from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind
from submissions.responses.addresses import leads_back
from submissions.responses.errors import AnswerNotTaken, AnswerRefused, LinkDead
from submissions.responses.models import FollowUp, Reply, Submission
from submissions.responses.states import SubmissionState

MOST_CHARACTERS = 10_000
MOST_REPLIES = 20
ERASED, WITHDRAWN, LATE = "erased", "withdrawn", "late"


def look_up(*, call: Call, token: str) -> FollowUp:
    """Return the question that the link answers, with its response. Raises LinkDead.

    A link that went to an address which the author has replaced since answers nothing.
    """
    asked = FollowUp.objects.select_related("submission", "mail")
    found = asked.filter(token_sha256=digest(token), submission__call=call).first()
    if found is None:
        raise LinkDead
    submission, went_to = found.submission, found.mail.to_address if found.mail else ""
    # Of a mail whose time was over, nobody knows where it went.
    if went_to and not submission.is_erased and not leads_back(submission, call, went_to):
        raise LinkDead
    return found


def why_closed(follow_up: FollowUp, *, at: datetime) -> str:
    """Return ERASED, WITHDRAWN or LATE where it takes no answer, "" where it does."""
    if follow_up.submission.is_erased or follow_up.ended_at is not None:
        return ERASED
    if follow_up.submission.state != SubmissionState.SUBMITTED:
        return WITHDRAWN
    return LATE if at >= follow_up.answer_until else ""


def answer(*, call: Call, token: str, text: str, at: datetime) -> Reply:
    """Keep an answer that was received at `at`, and enqueue the mail that confirms it.

    The same answer again changes nothing and returns the row that is there. Raises LinkDead,
    AnswerNotTaken, and AnswerRefused for none, one that is too long, or one too many.
    """
    words = canonical_text(text).strip()
    if not words:
        raise AnswerRefused(_("Enter your answer"))
    if len(words) > MOST_CHARACTERS:
        said = _("Your answer must be %(most)s characters or fewer. It has %(number)s")
        numbers = {"most": say_number(MOST_CHARACTERS), "number": say_number(len(words))}
        raise AnswerRefused(said % numbers)
    with transaction.atomic():
        locked = _lock(call, token)
        if why := why_closed(locked, at=at):
            raise AnswerNotTaken(why)
        latest = latest_reply(locked)
        if latest is not None and latest.text == words:
            return latest
        number = latest.number + 1 if latest else 1
        if number > MOST_REPLIES:
            raise AnswerRefused(_("You have changed your answer too often to change it again"))
        reply = Reply.objects.create(
            follow_up=locked,
            number=number,
            text=words,
            received_at=at,
            deadline=locked.answer_until,
        )
        if locked.mail is not None and locked.mail.to_address:
            enqueue(
                kind=MailKind.QUESTION_ANSWERED,
                call=call,
                submission=locked.submission,
                occasion=_occasion(locked, number),
                to_address=locked.mail.to_address,
                at=at,
            )
        _record(locked, AuditAction.QUESTION_ANSWERED, call, at, answer=number)
    return reply


def refuse_questions(*, call: Call, token: str, refused: bool, at: datetime) -> FollowUp:
    """Note that the author wants no more questions about the response, or allows them again.

    Raises LinkDead, and AnswerNotTaken once the response is erased or withdrawn.
    """
    with transaction.atomic():
        locked = _lock(call, token)
        if (why := why_closed(locked, at=at)) and why != LATE:
            raise AnswerNotTaken(why)
        of_response = FollowUp.objects.filter(submission=locked.submission)
        if refused == of_response.filter(refused_at__isnull=False).exists():
            return locked
        locked.refused_at = at if refused else None
        if refused:
            locked.save(update_fields=["refused_at"])
        else:
            of_response.update(refused_at=None)
        action = AuditAction.QUESTIONS_REFUSED if refused else AuditAction.QUESTIONS_ALLOWED
        _record(locked, action, call, at)
    return locked


def latest_reply(follow_up: FollowUp) -> Reply | None:
    return Reply.objects.filter(follow_up=follow_up).order_by("-number").first()


def state_of_confirmation(follow_up: FollowUp, reply: Reply) -> str:
    """Return the state of the mail that confirms the answer, "" where none was to go out."""
    mails = OutboxEmail.objects.filter(
        submission=follow_up.submission_id,
        kind=MailKind.QUESTION_ANSWERED,
        occasion=_occasion(follow_up, reply.number),
    )
    return mails.values_list("state", flat=True).order_by("-pk").first() or ""


def _occasion(follow_up: FollowUp, number: int) -> str:
    return f"{follow_up.public_id.hex}.{number}"


def has_refused(follow_up: FollowUp) -> bool:
    """Return whether the author asked, on the page of any question, to be asked nothing more."""
    of_response = FollowUp.objects.filter(submission=follow_up.submission_id)
    return of_response.filter(refused_at__isnull=False).exists()


def _lock(call: Call, token: str) -> FollowUp:
    """Lock the response, as whoever asks, answers or erases does; return the question as it is."""
    response = look_up(call=call, token=token).submission_id
    Submission.objects.select_for_update(no_key=True).get(pk=response)
    return look_up(call=call, token=token)


def _record(
    follow_up: FollowUp, action: AuditAction, call: Call, at: datetime, **detail: int
) -> None:
    record(
        by=None,
        at=at,
        action=action,
        call=call,
        submission=follow_up.submission,
        question=follow_up.pk,
        **detail,
    )
