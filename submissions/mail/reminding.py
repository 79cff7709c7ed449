"""Mails to people with an unfinished response: before closing, and once after it.

A draft is unfinished, and so is a submitted response with changes that were not submitted.

Each is enqueued once (`submissions_outboxemail_once_an_occasion`), to the address given for the
return link, or else to the email address among the answers. None is enqueued after submitting,
withdrawing or discarding the changes, nor where an answer led to a page of help. What several
responses of one mailbox call for at once goes out as one mail that lists them.
Somebody who refused reminders gets none, but still the notice after a closing: it says until when
they can read their text. A call that reopens and closes again has two closings, and reminders
before each; so has one whose closing time is moved.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F, Q, QuerySet

from core.addresses import comparable, is_address
from core.attempts import Attempts
from submissions.calls.models import Call
from submissions.calls.states import CHOICE_KINDS, QuestionKind
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import build, put_together
from submissions.outbox.states import LISTING, AddressSource, MailKind
from submissions.responses.addresses import leads_back, typed_addresses
from submissions.responses.asking import is_still_asked, question_of
from submissions.responses.colleagues import is_still_invited
from submissions.responses.deadlines import may_submit
from submissions.responses.late_passes import is_pass_there, pass_of
from submissions.responses.models import (
    Answer,
    IdentityAnswer,
    LatePass,
    ReturnAddress,
    Submission,
)
from submissions.responses.returning import responses_known_by
from submissions.responses.signposting import signposted
from submissions.responses.states import SubmissionState

logger = logging.getLogger(__name__)
BEFORE_CLOSING = {
    "7-days": timedelta(days=7),
    "1-day": timedelta(days=1),
    "3-hours": timedelta(hours=3),
}
NOTICE_FROM = time(9)
NOTICE_WITHIN = timedelta(days=7)
OF_CHANGES = "-changes"  # at the end of an occasion: a response has one of each
AT_ONCE = 500  # drafts that are locked together, for a fraction of a second
MOST_LISTED = 10  # responses in one mail
NOTHING = Q(pk__in=[])
_signer = Signer(salt="submissions.reminders")


def enqueue_reminders(*, at: datetime) -> int:
    """Enqueue the reminder whose time has come, call by call; return how many mails.

    Of several moments that passed while no worker ran, only the latest is reminded of. Raises
    SomeFailed after the other calls where that failed in one.
    """
    number = 0
    with Attempts(logger) as attempts:
        for call in Call.objects.open_at(at):
            with attempts.at("call %s, reminders", call.pk):
                number += _remind(call, at)
    return number


def _remind(call: Call, at: datetime) -> int:
    left = call.closes_at - at
    due = [(before, name) for name, before in BEFORE_CLOSING.items() if left <= before]
    if not due:
        return 0
    before, name = min(due)
    # Somebody who began after the moment of a reminder is not reminded of it.
    moment = call.closes_at - before
    begun = call.submissions.drafts().filter(started_at__lte=moment)
    changed = _with_changes(call).filter(amending_since__lte=moment)
    kind, occasion = MailKind.REMINDER, f"{name}-{_stamp(call)}"
    number = 0
    for suffix, those in (("", begun), (OF_CHANGES, changed)):
        # As releases until 1.0.0 named it, whatever closing it was before.
        earlier = Q(occasion=f"{name}{suffix}", created_at__gte=moment)
        number += _enqueue(kind, f"{occasion}{suffix}", call, those, at, earlier=earlier)
    return number


def enqueue_closing_notices(*, at: datetime) -> int:
    """Enqueue one mail for each unfinished response, from 9 on the morning after a closing.

    Where there is a late pass, that is once the pass has ended. Returns how many. Raises SomeFailed
    after the other calls where that failed in one.
    """
    number = 0
    since_then = Q(closes_at__gt=at - NOTICE_WITHIN) | Q(pk__in=_ended(at).values("call"))
    with Attempts(logger) as attempts:
        for call in Call.objects.closed_at(at).filter(since_then):
            with attempts.at("call %s, notices after closing", call.pk):
                number += _tell_of_closing(call, at)
    return number


def _tell_of_closing(call: Call, at: datetime) -> int:
    zone = ZoneInfo(call.timezone)
    # A day that begins at that hour: most calls that close by night close at midnight.
    day = (call.closes_at.astimezone(zone) - timedelta(hours=NOTICE_FROM.hour)).date()
    morning = datetime.combine(day + timedelta(days=1), NOTICE_FROM, zone)
    if at < max(morning, call.grace_ends_at):
        return 0
    # What was begun later was begun with a late pass.
    drafts, changed = call.submissions.drafts(), _with_changes(call)
    if call.closes_at <= at - NOTICE_WITHIN:
        ended = _ended(at).filter(call=call)
        addresses = ended.filter(submission=None).values_list("address", flat=True)
        known = [one.pk for address in addresses for one in responses_known_by(call, address)]
        told = Q(pk__in=ended.values("submission")) | Q(pk__in=known)
        drafts, changed = drafts.filter(told), changed.filter(told)
    # Whoever has a late pass is not too late. They are told once it has ended.
    passes = LatePass.objects.live_at(at).filter(call=call)
    has_pass = Q(late_passes__in=passes)
    not_taken_up = passes.filter(submission=None).values_list("address", flat=True)
    with_pass = {comparable(address) for address in not_taken_up}
    kind, occasion = MailKind.CLOSED_WITH_DRAFT, closing_of(call)
    number = _enqueue(kind, occasion, call, drafts.exclude(has_pass), at, except_to=with_pass)
    changed = changed.exclude(has_pass)
    return number + _enqueue(kind, f"{occasion}{OF_CHANGES}", call, changed, at)


def _ended(at: datetime) -> QuerySet[LatePass]:
    """Return the late passes that ended within NOTICE_WITHIN before `at`."""
    since = at - NOTICE_WITHIN
    over = Q(expires_at__gt=since, expires_at__lte=at) | Q(revoked_at__gt=since, revoked_at__lte=at)
    return LatePass.objects.filter(over)


def _with_changes(call: Call) -> QuerySet[Submission]:
    """Return the submitted responses with changes that were saved and not submitted."""
    submitted = call.submissions.filter(state=SubmissionState.SUBMITTED)
    return submitted.filter(amending_since__isnull=False, saved_at__gt=F("amending_since"))


def closing_of(call: Call) -> str:
    """Return the occasion of a call's closing at its present closing time."""
    return f"closed-{_stamp(call)}"


def _stamp(call: Call) -> str:
    return f"{call.closes_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def _enqueue(
    kind: MailKind,
    occasion: str,
    call: Call,
    unfinished: QuerySet[Submission],
    at: datetime,
    *,
    earlier: Q = NOTHING,
    except_to: Collection[str] = (),
) -> int:
    """Enqueue a mail for each response that has none of this occasion, nor one of `earlier`.

    The addresses `except_to`, as `comparable` returns them, get none.
    """
    sent = OutboxEmail.objects.filter(Q(occasion=occasion) | earlier, kind=kind, call=call)
    told = sent.values("submission_id")
    keys = list(
        unfinished.filter(entry=None)
        .exclude(pk__in=told)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    written = OutboxEmail.objects.filter(kind=kind, occasion=occasion, call=call)
    # Two workers may enqueue at once: the constraint lets one of them.
    before = written.count()
    for some in _by_mailbox(call, keys):
        with transaction.atomic():
            # Locked before their addresses are read, so that none is erased between the two. One
            # that somebody saves at this moment gets its mail the next time.
            locked = unfinished.filter(pk__in=some).order_by("pk")
            waiting = list(locked.select_for_update(no_key=True, skip_locked=True, of=("self",)))
            helped = signposted(call, waiting)
            waiting = [one for one in waiting if one.pk not in helped]
            told_too = kind == MailKind.CLOSED_WITH_DRAFT
            addresses = addresses_of(call, [one.pk for one in waiting], refused_too=told_too)
            mails = [
                build(
                    kind=kind,
                    call=call,
                    submission=draft,
                    occasion=occasion,
                    to_address=addresses[draft.pk],
                    at=at,
                )
                for draft in waiting
                if draft.pk in addresses and comparable(addresses[draft.pk]) not in except_to
            ]
            OutboxEmail.objects.bulk_create(mails, ignore_conflicts=True)
            _put_together(mails)
    return written.count() - before


def _by_mailbox(call: Call, keys: list[int]) -> Iterator[list[int]]:
    """Return the keys of responses in batches that part no mailbox from its others."""
    found: dict[int, str] = {}
    for begin in range(0, len(keys), AT_ONCE):
        found |= addresses_of(call, keys[begin : begin + AT_ONCE], refused_too=True)
    in_order = sorted(found, key=lambda key: (comparable(found[key]), key))
    batch: list[int] = []
    for _mailbox, theirs in groupby(in_order, key=lambda key: comparable(found[key])):
        batch += theirs
        if len(batch) >= AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _put_together(mails: list[OutboxEmail]) -> None:
    """Have those of the mails that go to one mailbox go out as one, MOST_LISTED in each."""
    # With `ignore_conflicts` the rows get no keys, and some may be another worker's.
    names = [mail.message_id for mail in mails]
    stored = OutboxEmail.objects.filter(message_id__in=names).order_by("pk")
    mailboxes: dict[str, list[OutboxEmail]] = {}
    for mail in stored:
        mailboxes.setdefault(comparable(mail.to_address), []).append(mail)
    for theirs in mailboxes.values():
        for begin in range(0, len(theirs), MOST_LISTED):
            together = theirs[begin : begin + MOST_LISTED]
            if len(together) > 1:
                put_together(together)


def addresses_of(call: Call, keys: Collection[int], *, refused_too: bool = False) -> dict[int, str]:
    """Return by the keys of responses where reminders may be sent; in three queries at most.

    With `refused_too`, where a mail may be sent that is no reminder.
    """
    found = _typed_addresses(call, keys)
    for kept in ReturnAddress.objects.filter(submission__in=keys):
        if kept.reminders_refused_at is not None and not refused_too:
            found[kept.submission_id] = ""
        elif kept.given_by == AddressSource.AUTHOR and kept.address:
            found[kept.submission_id] = kept.address
    return {key: address for key, address in found.items() if is_address(address)}


def _typed_addresses(call: Call, submissions: Collection[int]) -> dict[int, str]:
    """Return the first address of each working copy, of those under questions that are asked."""
    asked = call.questionnaire
    emails = [q for q in asked.questions if q.kind == QuestionKind.EMAIL]
    columns = ("submission", "question", "value")
    typed = IdentityAnswer.objects.filter(submission__in=submissions, question__in=emails)
    given = [*typed.values_list(*columns)]
    if any(asked.conditions[question.key].terms for question in emails):
        choices = [q for q in asked.questions if q.kind in CHOICE_KINDS]
        chosen = Answer.objects.filter(submission__in=submissions, question__in=choices)
        given += chosen.values_list(*columns)
    answers: dict[int, dict[str, Any]] = {}
    for pk, question, value in given:
        answers.setdefault(pk, {})[asked.keys[question]] = value
    found = {pk: typed_addresses(call, those) for pk, those in answers.items()}
    return {pk: addresses[0] for pk, addresses in found.items() if addresses}


def is_still_wanted(mail: OutboxEmail, *, at: datetime) -> bool:
    """Return whether a mail still says what is so: asked just before it is sent."""
    submission = mail.submission
    if mail.kind == MailKind.LATE_PASS:
        return is_pass_there(mail)
    if submission is None:
        return True
    if mail.kind == MailKind.COLLEAGUE_INVITED:
        is_invited = is_still_invited(mail) and may_submit(mail.call, submission, at=at)
        return is_invited and not signposted(mail.call, [submission])
    if mail.kind == MailKind.QUESTION_ASKED:
        return is_still_asked(mail, submission)
    if mail.kind == MailKind.REMINDER and not mail.call.is_open_at(at):
        return False
    if mail.kind == MailKind.CLOSED_WITH_DRAFT and not mail.call.has_closed_at(at):
        return False
    leading_back = {*LISTING, MailKind.RETURN_LINK}
    if mail.kind in leading_back and not leads_back(submission, mail.call, mail.to_address):
        return False  # its links would open the response at an address that was replaced
    if mail.kind == MailKind.REMINDER:
        refused = ReturnAddress.objects.filter(
            submission=submission, reminders_refused_at__isnull=False
        )
        is_before_this = mail.resend_of_id is not None or _is_last_before(mail, mail.call)
        return is_before_this and _is_as_it_was(mail, submission) and not refused.exists()
    if mail.kind == MailKind.CLOSED_WITH_DRAFT:
        # One that waited until the next closing says what the next one's says.
        closing = mail.occasion.removesuffix(OF_CHANGES)
        is_of_this = closing == closing_of(mail.call) or mail.resend_of_id is not None
        is_too_late = not may_submit(mail.call, submission, at=at)
        return _is_as_it_was(mail, submission) and is_of_this and is_too_late
    return True


def _is_last_before(mail: OutboxEmail, call: Call) -> bool:
    """Return whether a reminder is the last one yet of the present closing.

    1.0.0 did not say of which. Of two that waited, the second link would end the first.
    """
    occasion = mail.occasion.removesuffix(OF_CHANGES)
    if occasion not in BEFORE_CLOSING and not occasion.endswith(_stamp(call)):
        return False
    later = OutboxEmail.objects.filter(
        submission=mail.submission, kind=MailKind.REMINDER, resend_of=None, pk__gt=mail.pk
    )
    return not later.exists()


def is_over(mail: OutboxEmail, *, at: datetime) -> bool:
    """Return whether the time has passed that a question, or a late pass, gives its reader."""
    if mail.kind == MailKind.LATE_PASS:
        return at >= pass_of(mail).expires_at
    return mail.kind == MailKind.QUESTION_ASKED and at >= question_of(mail).answer_until


def _is_as_it_was(mail: OutboxEmail, submission: Submission) -> bool:
    """Return whether the response is still a draft, or still has changes, as the mail says."""
    if mail.resend_of_id is not None:
        return submission.has_working_copy
    if mail.occasion.endswith(OF_CHANGES):
        return submission.amending_since is not None
    return submission.is_draft


def opt_out_token(*submissions: Submission) -> str:
    """Return the signed token of the link that refuses reminders; it opens nothing else."""
    return _signer.sign(".".join(submission.public_id.hex for submission in submissions))


def look_up_opt_out(token: str) -> list[Submission]:
    """Return the responses that the token refuses reminders for, none for a forged one."""
    try:
        named = _signer.unsign(token).split(".")
    except BadSignature:
        return []
    return list(Submission.objects.filter(public_id__in=named).order_by("pk"))


def are_refused(submissions: Collection[Submission]) -> bool:
    """Return whether somebody refused reminders about each of the responses."""
    refused = ReturnAddress.objects.filter(
        submission__in=submissions, reminders_refused_at__isnull=False
    )
    return refused.count() == len(submissions)


def refuse_reminders(*, submission: Submission, at: datetime) -> None:
    """Send no more reminders about the response; asking twice changes nothing.

    Whoever reads a mail may ask for it: it says nothing about where links and mails go.
    """
    with transaction.atomic():
        if not Submission.objects.select_for_update(no_key=True).filter(pk=submission.pk).exists():
            return  # the draft was deleted meanwhile
        kept, _ = ReturnAddress.objects.get_or_create(
            submission=submission, defaults={"address": "", "given_at": at}
        )
        if kept.reminders_refused_at is None:
            kept.reminders_refused_at = at
            kept.save(update_fields=["reminders_refused_at"])
