"""Entering what came by post, by email, by telephone or in person, as staff do for its author."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.responses.drafting import begin
from submissions.responses.ending.stored_files import delete_files
from submissions.responses.errors import EntryRefused
from submissions.responses.models import Attachment, Entry, Submission, Version
from submissions.responses.states import Acknowledgement, Channel, SubmissionState
from submissions.responses.submitting import submit

PRESSED_TWICE = timedelta(seconds=10)


def begin_entry(
    *,
    call: Call,
    channel: Channel,
    received_at: datetime,
    acknowledgement: Acknowledgement,
    their_reference: str = "",
    by: User,
    at: datetime,
) -> Entry:
    """Begin a response that reached the project at `received_at` (aware) by `channel`.

    At any time: a letter that came before closing may be entered weeks later. Raises EntryRefused
    for the web, and for a moment that is still to come.
    """
    _refuse(channel, received_at, past=at)
    with transaction.atomic():
        entry = Entry.objects.create(
            submission=begin(call=call, at=at, channel=channel),
            received_at=received_at,
            begun_by=by,
            begun_at=at,
            acknowledgement=acknowledgement,
            their_reference=their_reference,
        )
        _record(AuditAction.ENTRY_BEGUN, entry, by, at)
    return entry


def begin_entry_once(
    *,
    call: Call,
    channel: Channel,
    received_at: datetime,
    acknowledgement: Acknowledgement,
    their_reference: str = "",
    by: User,
    at: datetime,
) -> Entry:
    """Begin a response as `begin_entry` does; the same again within PRESSED_TWICE is the same one.

    Raises what `begin_entry` raises.
    """
    with transaction.atomic():
        # A second press of the button waits here for the first.
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        begun = Entry.objects.filter(
            submission__call=call,
            submission__state=SubmissionState.DRAFT,
            submission__lock_version=0,
            submission__channel=channel,
            received_at=received_at,
            acknowledgement=acknowledgement,
            their_reference=their_reference,
            begun_by=by,
            begun_at__gt=at - PRESSED_TWICE,
            begun_at__lte=at + PRESSED_TWICE,
        )
        if (same := begun.exclude(submission__imported_row__isnull=False).first()) is not None:
            return same
        return begin_entry(
            call=call,
            channel=channel,
            received_at=received_at,
            acknowledgement=acknowledgement,
            their_reference=their_reference,
            by=by,
            at=at,
        )


def change_entry(
    entry: Entry,
    *,
    channel: Channel,
    received_at: datetime,
    acknowledgement: Acknowledgement,
    their_reference: str = "",
    by: User,
    at: datetime,
) -> None:
    """Correct how and when the response came, until it is submitted. Raises EntryRefused."""
    _refuse(channel, received_at, past=entry.begun_at)
    with transaction.atomic():
        submission = _lock_half_entered(entry)
        submission.channel = channel
        submission.save_locked("channel")
        entry.submission = submission
        entry.received_at, entry.acknowledgement = received_at, acknowledgement
        entry.their_reference = their_reference
        entry.save(update_fields=["received_at", "acknowledgement", "their_reference"])
        _record(AuditAction.ENTRY_CHANGED, entry, by, at)


def submit_entry(entry: Entry, *, by: User, at: datetime, expected_etag: str | None) -> Version:
    """Submit the response as received when it came. Raises what `submit` raises."""
    return submit(submission=entry.submission, at=at, expected_etag=expected_etag, entered_by=by)


def discard_entry(entry: Entry, *, by: User, at: datetime) -> None:
    """Delete a half-entered response with its files.

    Raises EntryRefused once it is submitted, and StoreAway: then nothing is deleted.
    """
    with transaction.atomic():
        submission = _lock_half_entered(entry)
        _record(AuditAction.ENTRY_DISCARDED, entry, by, at)
        delete_files(Attachment.objects.filter(submission=submission))
        submission.delete()


def _refuse(channel: Channel, received_at: datetime, *, past: datetime) -> None:
    if channel == Channel.WEB:
        raise EntryRefused("What came by this website is not entered by staff")
    if received_at > past:
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
