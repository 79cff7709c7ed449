"""Asking the author of a response, who agreed to it, a question: by a mail with a link.

Question and answers lie beside the response, never in it: no version, digest, receipt or export has
them. Staff are told whether somebody can be asked and why not, never the address. `replying` is the
author's side.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core import spoken_time
from core.canonical import canonical_text, digest
from core.second_press import near
from core.time_limits import later_in_calendar
from core.whole_words import has_any
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.calls.states import MAY_CONTACT
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind
from submissions.responses.addresses import present_address
from submissions.responses.confirmed_addresses import is_confirmed_address
from submissions.responses.erasing import open_request
from submissions.responses.errors import QuestionRefused
from submissions.responses.models import FollowUp, Reply, Submission
from submissions.responses.states import Channel, SubmissionState
from submissions.responses.tokens_of_mails import token_for

MOST_CHARACTERS = 2_000
MOST_OPEN = 3  # questions about one response that wait for an answer
MOST_DAYS = 90


def ask(
    submission: Submission,
    *,
    text: str,
    last_day: date,
    by: User,
    at: datetime,
    seen: int | None = None,
) -> FollowUp:
    """Put a question to the author, and enqueue its mail; answers are taken on `last_day`, too.

    The record has that somebody asked, without the words. `seen` is how many questions the page
    showed. The same question by the same person, at a second press, is the one that there is.
    Raises QuestionRefused for somebody without the right, for each reason of `why_not`, which is
    read again under the lock, and where somebody asked meanwhile.
    """
    words = canonical_text(text).strip()
    if not may(by, Action.ASK_AUTHOR, submission.call_id):
        raise QuestionRefused("You may not ask the authors of this call’s responses.")
    if not words or len(words) > MOST_CHARACTERS:
        raise QuestionRefused(f"Enter a question of up to {MOST_CHARACTERS:,} characters.")
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=submission.pk
        )
        call = locked.call
        same = waiting(locked, at=at).filter(text=words)
        if (asked := same.filter(near("asked_at", at), asked_by=by).first()) is not None:
            return asked
        if reason := why_not(locked, at=at) or why_not_until(call, last_day, at=at):
            raise QuestionRefused(reason)
        if same.exists():
            raise QuestionRefused("Its author was asked this already, and can still answer.")
        if seen is not None and (reason := asked_meanwhile(locked, seen=seen)):
            raise QuestionRefused(reason)
        follow_up = FollowUp(
            submission=locked,
            text=words,
            asked_by=by,
            asked_at=at,
            answer_until=end_of(last_day, call),
        )
        follow_up.token_sha256 = digest(answering_token(follow_up))
        follow_up.mail = enqueue(
            kind=MailKind.QUESTION_ASKED,
            call=call,
            submission=locked,
            occasion=follow_up.public_id.hex,
            to_address=present_address(locked, call),
            at=at,
        )
        follow_up.save(force_insert=True)
        record(
            by=by,
            at=at,
            action=AuditAction.QUESTION_ASKED,
            call=call,
            submission=locked,
            question=follow_up.pk,
        )
    return follow_up


def why_not(submission: Submission, *, at: datetime) -> str:
    """Return why the author cannot be asked now, in a sentence for staff; "" if they can."""
    call, version = submission.call, submission.current_version
    if submission.state != SubmissionState.SUBMITTED or version is None:
        return "Only the author of a submitted response can be asked."
    if MAY_CONTACT not in call.questions_by_key:
        return (
            "This call does not ask respondents whether the team may contact them, so nobody can "
            f"be asked. The question “{MAY_CONTACT}” of its definition would."
        )
    if version.choices.get(MAY_CONTACT) != "yes":
        return "Its author did not agree to be contacted with questions."
    if submission.channel != Channel.WEB:
        return (
            "This response did not come by this website: its author gave no address here. Ask them "
            "the way that it came."
        )
    if submission.follow_ups.filter(refused_at__isnull=False).exists():
        return "Its author stopped questions about this response."
    if open_request(submission) is not None:
        return "There is an open request to erase it."
    if not present_address(submission, call):
        return "There is no email address of its author: they gave none, or it has ended."
    if at >= ends_at(call, DataClass.CONTACT_DETAILS):
        return "The time is over for which the portal keeps the contact details of this call."
    if waiting(submission, at=at).count() >= MOST_OPEN:
        return f"{MOST_OPEN} questions wait for an answer: that is the most at a time."
    return ""


def asked_meanwhile(submission: Submission, *, seen: int) -> str:
    """Return in a sentence who asked since a page showed so many questions; "" if nobody did."""
    newer = submission.follow_ups.select_related("asked_by")[seen:]
    names = list(dict.fromkeys(one.asked_by.get_username() for one in newer))
    if not names:
        return ""
    return (
        f"While this page was open, {' and '.join(names)} asked its author a question. Read it "
        "below, and send yours if you still need it."
    )


def why_not_until(call: Call, last_day: date, *, at: datetime) -> str:
    """Return why answers cannot be taken until the end of that day; "" if they can."""
    zone = ZoneInfo(call.timezone)
    today = at.astimezone(zone).date()
    if last_day <= today:
        return "Enter a day after today."
    if last_day > today + timedelta(days=MOST_DAYS):
        return f"Enter a day within {MOST_DAYS} days."
    contact_ends = ends_at(call, DataClass.CONTACT_DETAILS)
    if end_of(last_day, call) > contact_ends:
        said = spoken_time.say_moment(contact_ends, call.timezone)
        return f"Enter an earlier day: the contact details of this call end at {said}."
    return ""


def end_of(day: date, call: Call) -> datetime:
    """Return the midnight after the day in the call's time zone."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(call.timezone))
    return later_in_calendar(midnight, call.timezone, days=1)


def last_day_of(follow_up: FollowUp, call: Call) -> str:
    """Return the last day on which answers are taken, in words."""
    return spoken_time.say_day(follow_up.answer_until - timedelta(minutes=1), call.timezone)


def waiting(submission: Submission, *, at: datetime) -> QuerySet[FollowUp]:
    """Return the questions about a response that have no answer and can still get one."""
    open_ones = FollowUp.objects.filter(submission=submission, ended_at=None, answer_until__gt=at)
    return open_ones.exclude(replies__isnull=False)


def has_confirmed_address(submission: Submission) -> bool:
    """Return whether somebody opened the response by a link that went to the address in use."""
    return is_confirmed_address(submission, present_address(submission, submission.call))


def question_of(mail: OutboxEmail) -> FollowUp:
    """Return the question that a mail puts, or whose answer it confirms."""
    public_id = mail.occasion.partition(".")[0]
    return FollowUp.objects.select_related("submission").get(public_id=public_id)


def is_still_asked(mail: OutboxEmail, submission: Submission) -> bool:
    """Return whether a mail may still put its question: asked just before it is sent.

    Its author may have withdrawn the response, taken back that they may be contacted, or stopped
    questions since.
    """
    version = submission.current_version
    asked = submission.follow_ups.filter(public_id=mail.occasion, ended_at=None)
    return (
        submission.state == SubmissionState.SUBMITTED
        and version is not None
        and version.choices.get(MAY_CONTACT) == "yes"
        and asked.exists()
        and not submission.follow_ups.filter(refused_at__isnull=False).exists()
    )


def answering_token(follow_up: FollowUp) -> str:
    """Return the token of the link, the same each time that its mail is written."""
    of, sha256 = follow_up.public_id.hex, follow_up.token_sha256
    return token_for("submissions.follow_up", of, sha256=sha256)


def end_questions(submission: Submission, *, whole: bool, names: set[str], at: datetime) -> None:
    """End what was asked and answered, in the transaction that erases who answered.

    With the `whole` response all words go; else those of a question or an answer that has one of
    the `names`, in small letters: what said who answered.
    """
    FollowUp.objects.filter(submission=submission, ended_at=None).update(ended_at=at)
    if whole:
        Reply.objects.filter(follow_up__submission=submission).delete()
        FollowUp.objects.filter(submission=submission).update(text="")
        return
    for table in (
        FollowUp.objects.filter(submission=submission),
        Reply.objects.filter(follow_up__submission=submission),
    ):
        for row in table:
            if has_any(row.text, names):
                row.text = "Erased: it named who answered."
                row.save(update_fields=["text"])
