"""Entering what came by post, by email, by telephone or in person, as staff do for its author."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core.addresses import comparable
from core.second_press import near
from submissions.calls.models import Call
from submissions.responses.addresses import enqueue_acknowledgement, typed_addresses
from submissions.responses.deadlines import applicable_deadline
from submissions.responses.drafting import begin
from submissions.responses.ending.stored_files import delete_files
from submissions.responses.errors import ChangedSinceSeen, EntryRefused
from submissions.responses.late_passes import may_go_elsewhere
from submissions.responses.models import Attachment, Entry, LatePass, Submission, Version
from submissions.responses.states import Acknowledgement, Channel, SubmissionState
from submissions.responses.submitting import complete_content
from submissions.responses.versions import write_version
from submissions.responses.working_copy import lock_call, lock_response, working_answers

logger = logging.getLogger(__name__)
NO_ADDRESS = (
    "No email address is among the answers, so nobody can be told the reference by email. Enter "
    "the address, or choose another way to tell its author"
)


@dataclass(frozen=True)
class Came:
    """How a response reached the project, and when (aware); `their_reference` is on the letter."""

    channel: Channel
    received_at: datetime
    acknowledgement: Acknowledgement
    their_reference: str = ""


def begin_entry(came: Came, *, call: Call, by: User, at: datetime) -> Entry:
    """Begin a response that came another way.

    At any time: a letter that came before closing may be entered weeks later. Raises EntryRefused
    for the web, and for a moment that is still to come.
    """
    _refuse(came, past=at)
    with transaction.atomic():
        entry = Entry.objects.create(
            submission=begin(call=call, at=at, channel=came.channel),
            received_at=came.received_at,
            begun_by=by,
            begun_at=at,
            acknowledgement=came.acknowledgement,
            their_reference=came.their_reference,
        )
        _record(AuditAction.ENTRY_BEGUN, entry, by, at)
    return entry


def begin_entry_once(came: Came, *, call: Call, by: User, at: datetime) -> Entry:
    """Begin a response as `begin_entry` does; the same at a second press is the same one.

    Raises what `begin_entry` raises.
    """
    with transaction.atomic():
        # A second press of the button waits here for the first.
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        begun = Entry.objects.filter(
            near("begun_at", at),
            submission__call=call,
            submission__state=SubmissionState.DRAFT,
            submission__lock_version=0,
            submission__channel=came.channel,
            received_at=came.received_at,
            acknowledgement=came.acknowledgement,
            their_reference=came.their_reference,
            begun_by=by,
        )
        same = begun.exclude(submission__imported_row__isnull=False).first()
        return same or begin_entry(came, call=call, by=by, at=at)


def change_entry(entry: Entry, came: Came, *, by: User, at: datetime) -> None:
    """Correct how and when the response came, until it is submitted; the same is no change.

    `entry` is as whoever corrects it saw it. Raises EntryRefused, and ChangedSinceSeen where it is
    another by now.
    """
    _refuse(came, past=entry.begun_at)
    with transaction.atomic():
        submission = _lock_half_entered(entry)
        now = _came(Entry.objects.get(pk=entry.pk), submission)
        if now != _came(entry, entry.submission):
            raise ChangedSinceSeen
        if now == came:
            return
        submission.channel = came.channel
        submission.save_locked("channel")
        entry.submission = submission
        entry.received_at, entry.acknowledgement = came.received_at, came.acknowledgement
        entry.their_reference = came.their_reference
        entry.save(update_fields=["received_at", "acknowledgement", "their_reference"])
        _record(AuditAction.ENTRY_CHANGED, entry, by, at)


def _came(entry: Entry, submission: Submission) -> Came:
    return Came(
        channel=Channel(submission.channel),
        received_at=entry.received_at,
        acknowledgement=Acknowledgement(entry.acknowledgement),
        their_reference=entry.their_reference,
    )


def submit_entry(entry: Entry, *, by: User, at: datetime, expected_etag: str | None) -> Version:
    """Submit the response as received when it came; its author may have left any question open.

    If it is submitted already, return that version. Raises what `submit` raises, and EntryRefused
    for an acknowledgement by mail without an address.
    """
    with transaction.atomic():
        locked = lock_response(entry.submission)
        if not locked.has_working_copy:
            return locked.submitted_version
        call = lock_call(locked.call_id)
        received_at = locked.entry.received_at
        _bind_late_pass(locked, call, at=received_at)
        deadline = applicable_deadline(call, locked, at=received_at, lock=True)
        content = complete_content(locked, call, expected_etag, needs_answers=False)
        version = write_version(locked, content, deadline, at=received_at, entered_by=by)
        by_mail = locked.entry.acknowledgement == Acknowledgement.MAIL
        if by_mail and not enqueue_acknowledgement(version, call, at=at):
            raise EntryRefused(NO_ADDRESS)
        record(
            by=by,
            at=at,
            action=AuditAction.RESPONSE_ENTERED,
            call=call,
            submission=locked,
            channel=locked.channel,
            received_at=received_at.isoformat(),
        )
    logger.info("response %s received", locked.reference)
    return version


def _bind_late_pass(locked: Submission, call: Call, *, at: datetime) -> None:
    """Give a response that came after the grace period the pass of its author's address at `at`."""
    if at < call.grace_ends_at or LatePass.objects.live_at(at).filter(submission=locked).exists():
        return
    typed = {comparable(one) for one in typed_addresses(call, working_answers(locked, call))}
    passes = LatePass.objects.live_at(at).filter(call=call)
    theirs = [one.pk for one in passes if comparable(one.address) in typed]
    for late_pass in passes.filter(pk__in=theirs).select_for_update():
        if may_go_elsewhere(late_pass):
            late_pass.submission = locked
            late_pass.save(update_fields=["submission"])
            return


def discard_entry(entry: Entry, *, by: User, at: datetime, seen: int | None = None) -> None:
    """Delete a half-entered response with its files.

    `seen` is the `lock_version` that the page showed, None for any. Raises ChangedSinceSeen where
    somebody entered more since, EntryRefused once it is submitted, and StoreAway: then nothing is
    deleted.
    """
    with transaction.atomic():
        submission = _lock_half_entered(entry)
        if seen not in {None, submission.lock_version}:
            raise ChangedSinceSeen
        _record(AuditAction.ENTRY_DISCARDED, entry, by, at)
        delete_files(Attachment.objects.filter(submission=submission))
        submission.delete()


def _refuse(came: Came, *, past: datetime) -> None:
    if came.channel == Channel.WEB:
        raise EntryRefused("What came by this website is not entered by staff")
    if came.received_at > past:
        raise EntryRefused("Enter a day and time that have passed")


def _lock_half_entered(entry: Entry) -> Submission:
    locked = (
        Submission.objects.select_for_update(no_key=True).filter(pk=entry.submission_id).first()
    )
    if locked is None:
        raise EntryRefused("Somebody else has discarded this response")
    if not locked.is_draft:
        raise EntryRefused("Somebody else has submitted this response")
    return locked


def _record(action: AuditAction, entry: Entry, by: User, at: datetime) -> None:
    # Without the row, which a discarded response does not leave behind.
    record(
        by=by,
        at=at,
        action=action,
        call=entry.submission.call,
        entry=str(entry.submission.public_id),
        channel=entry.submission.channel,
        received_at=entry.received_at.isoformat(),
    )
