"""Responses that came another way: judged by when they came, marked, acknowledged."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from exports.consent import PUBLISHED
from personal_data.erasing import erase_from_database
from review.consent import PROJECT_TEAM_ONLY, consent_of
from submissions.mail.reminding import enqueue_reminders
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import entering, erasing, housekeeping, late_passes, returning
from submissions.responses.addresses import enqueue_infected
from submissions.responses.answering import ResponseIncomplete
from submissions.responses.drafting import save_answers
from submissions.responses.errors import CallClosed, ChangedSinceSeen, EntryRefused
from submissions.responses.etags import draft_etag
from submissions.responses.models import Entry, FileScan, Submission
from submissions.responses.originals import add_original
from submissions.responses.states import Acknowledgement, Channel, ErasureScope
from submissions.responses.working_copy import working_answers
from tests.makers import CLOSES_AT, make_attachment, make_call, make_first_call, make_user

pytestmark = pytest.mark.django_db
WEEKS_LATER = CLOSES_AT + timedelta(days=20)
ADDRESS = "ann@example.org"


def begun(call=None, *, received_at=CLOSES_AT - timedelta(days=1), at=WEEKS_LATER, **overrides):
    call = call or make_first_call()
    about = {"channel": Channel.POST, "acknowledgement": Acknowledgement.NONE} | overrides
    by = make_user(Role.REVIEWER)
    came = entering.Came(received_at=received_at, **about)
    return entering.begin_entry(came, call=call, by=by, at=at)


def answered(entry, **answers):
    given = {"good_practice": "A letter of two pages."} | answers
    call = entry.submission.call
    save_answers(submission=entry.submission, call=call, values=given, at=WEEKS_LATER)
    return entry


def submitted(entry):
    fresh = Entry.objects.select_related("submission__call").get(pk=entry.pk)
    etag = draft_etag(working_answers(fresh.submission, fresh.submission.call), {})
    return entering.submit_entry(fresh, by=fresh.begun_by, at=WEEKS_LATER, expected_etag=etag)


def given_pass(call):
    return late_passes.give(
        call=call,
        address=ADDRESS.upper(),
        reason="Flood",
        expires_at=CLOSES_AT + timedelta(days=3),
        by=make_user(Role.MANAGER),
        at=CLOSES_AT - timedelta(days=2),
    )


def test_letter_entered_after_closing_is_on_time_by_when_it_came():
    entry = answered(begun())
    version = submitted(entry)
    assert (version.received_at, version.timing) == (entry.received_at, "on_time")
    assert (version.entered_by, version.submission.channel) == (entry.begun_by, "post")
    assert version.submission.submitted_at == entry.received_at
    assert "\nCame by: Post\n" in version.canonical_text
    (event,) = AuditEvent.objects.filter(action=AuditAction.RESPONSE_ENTERED)
    assert (event.actor, event.submission) == (entry.begun_by, version.submission)


def test_nobody_is_mailed_about_an_infected_file_that_staff_entered():
    entry = answered(begun(), email=ADDRESS)
    file = make_attachment(entry.submission)
    found = {"state": "infected", "detail": "Eicar", "scanned_at": WEEKS_LATER}
    FileScan.objects.create(attachment=file, **found)
    by = entry.begun_by
    version = entering.submit_entry(entry, by=by, at=WEEKS_LATER, expected_etag=None)
    enqueue_infected(version, version.submission.call, at=WEEKS_LATER)
    assert list(version.attachments.all()) == [file]
    assert not OutboxEmail.objects.exists()


def test_letter_in_the_grace_period_is_in_grace_and_leaves_its_author_the_late_pass():
    call = make_first_call()
    call.grace_minutes = 30
    call.save(update_fields=["grace_minutes"])
    late_pass = given_pass(call)
    entry = answered(begun(call, received_at=call.closes_at + timedelta(minutes=10)), email=ADDRESS)
    assert submitted(entry).timing == "grace"
    late_pass.refresh_from_db()
    assert late_pass.submission is None


def test_letter_that_came_too_late_is_refused_and_kept():
    entry = answered(begun(received_at=CLOSES_AT + timedelta(days=1)), email=ADDRESS)
    given_pass(make_call())
    with pytest.raises(CallClosed):
        submitted(entry)
    assert Submission.objects.get(pk=entry.pk).is_draft


def test_letter_with_a_late_pass_of_its_authors_address_counts_if_nothing_is_answered_by_it():
    call = make_first_call()
    token = late_passes.make_link(given_pass(call))
    begun_there = late_passes.take_up(call=call, token=token, current=None, at=CLOSES_AT)
    entry = begun(call, received_at=CLOSES_AT + timedelta(days=1))
    answered(entry, email=ADDRESS)
    save_answers(submission=begun_there, call=call, values={"good_practice": "Mine."}, at=CLOSES_AT)
    with pytest.raises(CallClosed):
        submitted(entry)
    begun_there.answers.all().delete()
    version = submitted(entry)
    assert (version.timing, version.late_pass.used_at) == ("late_pass", version.received_at)


def test_questions_left_open_are_no_fault_and_consent_not_known_is_confidential():
    version = submitted(answered(begun()))
    assert "publication" not in version.choices
    said = consent_of(version.submission, version.submission.call)
    assert (said.said, said.is_withheld) == (PROJECT_TEAM_ONLY, True)
    assert version.choices.get("publication") not in PUBLISHED


def test_response_without_evidence_is_refused():
    entry = begun()
    with pytest.raises(ResponseIncomplete):
        submitted(entry)


def test_moment_that_is_still_to_come_is_refused():
    with pytest.raises(EntryRefused):
        begun(received_at=WEEKS_LATER + timedelta(minutes=1))
    entry = begun()
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(received_at=entry.begun_at + timedelta(seconds=1))


def test_acknowledgement_has_the_reference_and_no_link():
    version = submitted(answered(begun(acknowledgement=Acknowledgement.MAIL), email=ADDRESS))
    (mail,) = OutboxEmail.objects.filter(submission=version.submission)
    assert (mail.kind, mail.to_address) == ("acknowledgement", ADDRESS)
    assert mail.address_given_by == "staff"
    body = render(mail, at=WEEKS_LATER).message.body
    assert version.submission.reference in body
    assert "How it came: Post" in body
    assert "http" not in body
    assert "two pages" not in body


def test_letter_is_acknowledged_by_no_mail():
    version = submitted(answered(begun(acknowledgement=Acknowledgement.LETTER), email=ADDRESS))
    assert not OutboxEmail.objects.filter(submission=version.submission).exists()


def test_address_that_staff_typed_gets_no_link_and_no_reminder():
    call = make_first_call()
    came = CLOSES_AT - timedelta(days=9)
    entry = answered(begun(call, at=came, received_at=came), email=ADDRESS)
    assert returning.enqueue_links(call=call, address=ADDRESS, at=CLOSES_AT) == 0
    assert enqueue_reminders(at=CLOSES_AT - timedelta(hours=20)) == 0
    submitted(entry)
    assert returning.enqueue_links(call=call, address=ADDRESS, at=WEEKS_LATER) == 0


def test_second_press_submits_once():
    entry = answered(begun())
    assert submitted(entry) == submitted(entry)
    assert AuditEvent.objects.filter(action=AuditAction.RESPONSE_ENTERED).count() == 1


def test_discarded_entry_leaves_nothing_but_the_record():
    entry = answered(begun(), email=ADDRESS)
    entering.discard_entry(entry, by=entry.begun_by, at=WEEKS_LATER)
    assert (Entry.objects.count(), Submission.objects.count()) == (0, 0)
    assert AuditEvent.objects.filter(action=AuditAction.ENTRY_DISCARDED).count() == 1


def test_entry_without_an_answer_yet_is_kept():
    begun()
    assert housekeeping.clear(at=WEEKS_LATER + timedelta(days=9)).drafts == 0
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("scope", [ErasureScope.IDENTITY, ErasureScope.RESPONSE])
def test_original_is_erased_with_who_answered(scope):
    entry = answered(begun())
    scan = SimpleUploadedFile("letter.txt", b"Yours, Ann")
    original = add_original(entry.submission, scan, at=WEEKS_LATER)
    submission = submitted(entry).submission
    request = erasing.ask(submission=submission, scope=scope, at=WEEKS_LATER)
    erasing.approve(request, by=make_user(Role.DATA_PROTECTION), at=WEEKS_LATER)
    erase_from_database(request, at=WEEKS_LATER)
    request.refresh_from_db()
    assert request.files_left == [original.file.name]
    assert submission.attachments.count() == 0


def test_submitted_entry_cannot_be_discarded():
    entry = answered(begun())
    submitted(entry)
    with pytest.raises(EntryRefused):
        entering.discard_entry(entry, by=entry.begun_by, at=WEEKS_LATER)


def test_of_two_who_correct_how_it_came_the_later_one_is_refused():
    entry = begun()
    seen = Entry.objects.select_related("submission__call").get(pk=entry.pk)

    def correct(row, channel):
        came = entering.Came(channel, row.received_at, Acknowledgement.NONE)
        entering.change_entry(row, came, by=row.begun_by, at=WEEKS_LATER)

    correct(entry, Channel.EMAIL)
    with pytest.raises(ChangedSinceSeen):
        correct(seen, Channel.PHONE)
    entry.submission.refresh_from_db()
    assert entry.submission.channel == Channel.EMAIL
    changed = AuditEvent.objects.filter(action=AuditAction.ENTRY_CHANGED)
    assert changed.count() == 1
    correct(entry, Channel.EMAIL)  # nothing changes
    assert changed.count() == 1
