"""Drafts, changes and mails end as the privacy notice says, on time, and nothing else does."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from accounts import record
from accounts.models import AuditEvent
from accounts.states import AuditAction
from evidence_portal.celery import app
from exports.models import ExportRun
from retention import tasks
from retention.calendar import calendar_of, waits_for_confirmation
from retention.carrying_out import carry_out
from retention.models import RetentionConfirmation
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, ends_at
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes, returning
from submissions.responses.confirmed_addresses import confirmed_among
from submissions.responses.ending.late import end_of
from submissions.responses.entering import Came, begin_entry
from submissions.responses.housekeeping import clear
from submissions.responses.models import (
    Attachment,
    LatePass,
    ReturnAddress,
    ReturnToken,
    Submission,
)
from submissions.responses.states import Acknowledgement, Channel
from submissions.responses.working_copy import working_answers
from tests.makers import (
    complete_answers,
    confirm_address,
    confirm_retention,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    mark_as_sent,
    send_link,
    while_open,
)

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_rows)


def make_rows():
    call = make_call()
    confirm_retention(call)
    return call


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


def full_draft(call):
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft)
    at = while_open(call)
    returning.remember_address(submission=draft, address="jo@example.org", at=at)
    returning.enqueue_link(submission=draft, address="jo@example.org", at=at)
    mail = draft.mails.get(kind="return_link")
    returning.make_link(mail=mail, at=at)
    for mail in draft.mails.all():
        mark_as_sent(mail, at=at)
    return draft


def exists(attachment):
    return attachment.file.storage.exists(attachment.file.name)


def test_draft_goes_ninety_days_after_closing_with_all_that_is_in_it(call):
    draft = full_draft(call)
    file = draft.attachments.get()
    due = call.closes_at + 90 * DAY
    carry_out(at=due - MICROSECOND)
    assert draft.answers.exists()
    assert carry_out(at=due) == {"drafts": 1, "files": 1}
    assert not Submission.objects.exists()
    assert not OutboxEmail.objects.exists()
    assert not exists(file)
    assert carry_out(at=due) == {}


def test_draft_with_a_late_pass_stays_until_the_pass_has_expired(call):
    draft = full_draft(call)
    due = call.closes_at + 90 * DAY
    LatePass.objects.create(
        call=call,
        submission=draft,
        reason="Ill",
        given_by=make_user(),
        given_at=call.closes_at,
        expires_at=due + DAY,
    )
    carry_out(at=due)
    assert draft.answers.exists()
    assert carry_out(at=due + 92 * DAY)["drafts"] == 1
    draft.refresh_from_db()
    assert not draft.answers.exists()
    assert not draft.identity_answers.exists()
    assert not Attachment.objects.exists()
    assert carry_out(at=due + 92 * DAY) == {}


def test_draft_stays_for_a_pass_for_an_address_that_its_author_gave(call):
    at = while_open(call)
    linked = make_draft(call, story="For links.")
    returning.remember_address(submission=linked, address="jo@example.org", at=at)
    typed = make_draft(call, story="Typed.", email="Jo@Example.org")
    make_draft(call, story="Another's.", email="al@example.org")
    due = call.closes_at + 90 * DAY
    given = LatePass.objects.create(
        call=call,
        address="jo@example.org",
        reason="Ill",
        given_by=make_user(),
        given_at=call.closes_at,
        expires_at=due + DAY,
    )
    assert carry_out(at=due) == {"drafts": 1}
    assert set(Submission.objects.all()) == {linked, typed}
    assert ReturnAddress.objects.get().submission == linked
    assert end_of(call, DataClass.DRAFTS, submissions=[linked.pk]) == due  # may go elsewhere
    given.submission = linked
    given.save()
    later = ends_at(call, DataClass.DRAFTS, counted_from=given.expires_at)
    assert end_of(call, DataClass.DRAFTS, submissions=[linked.pk]) == later
    assert carry_out(at=due) == {"drafts": 1}
    assert Submission.objects.get() == linked


def test_late_pass_of_a_draft_ends_with_it_but_for_its_end_and_who_gave_it(call):
    at = call.closes_at
    draft = full_draft(call)
    given = late_passes.give(
        call=call,
        address="jo@example.org",
        reason="Jo Bloggs was ill.",
        expires_at=at + DAY,
        by=make_user(),
        at=at,
    )
    mark_as_sent(OutboxEmail.objects.get(kind="late_pass"), at=at)
    token = late_passes.make_link(given)
    late_passes.take_up(call=call, token=token, current=draft, at=at)
    due = at + 91 * DAY
    assert carry_out(at=due)["drafts"] == 1
    given.refresh_from_db()
    assert (given.address, given.reason, given.token_sha256) == ("", "Erased", None)
    assert given.expires_at == at + DAY
    assert carry_out(at=due) == {}


def test_calendar_never_says_that_more_would_end_than_there_is(call):
    full_draft(call)
    make_attachment(make_submitted(call)).__class__.objects.filter(
        submission__state="submitted"
    ).update(removed_at=call.closes_at)
    OutboxEmail.objects.all().delete()
    for row in calendar_of(call, at=call.closes_at + 90 * DAY):
        assert row.held >= row.due, row
    by_what = {
        row.what: (row.held, row.due) for row in calendar_of(call, at=call.closes_at + 90 * DAY)
    }
    assert by_what[
        "unfinished responses, changes that were not submitted, files that were taken out"
    ] == (2, 2)
    assert by_what["addresses of mails, for links back, of late passes and of colleagues"] == (1, 1)


def test_draft_on_record_is_emptied_and_the_record_stays(call):
    draft = full_draft(call)
    record.record(
        by=None, at=while_open(call), action=AuditAction.LATE_PASS_GIVEN, submission=draft
    )
    carry_out(at=call.closes_at + 90 * DAY)
    assert AuditEvent.objects.get(action="late_pass_given").submission == draft
    assert not draft.answers.exists()
    assert not draft.identity_answers.exists()
    assert Submission.objects.get(pk=draft.pk).lock_version > draft.lock_version


def test_number_of_a_letter_goes_with_its_draft_that_is_on_record(call):
    at = while_open(call)
    came = Came(Channel.POST, at, Acknowledgement.NONE, their_reference="Ada Lovelace, 3")
    entry = begin_entry(came, call=call, by=make_user(), at=at)
    record.record(
        by=None, at=at, action=AuditAction.PERSONAL_DATA_GIVEN, submission=entry.submission
    )
    due = call.closes_at + 90 * DAY
    assert carry_out(at=due) == {"drafts": 1}
    entry.refresh_from_db()
    assert entry.their_reference == ""
    assert carry_out(at=due) == {}


@pytest.mark.parametrize("is_withdrawn", [False, True], ids=["submitted", "withdrawn"])
def test_changes_that_were_not_submitted_go_back_to_what_was(call, is_withdrawn):
    submission = make_submitted(call, story="Before")
    amending.reopen(submission=submission, at=while_open(call))
    drafting.save_answers(
        submission=submission,
        call=Call.objects.get(pk=call.pk),
        values={"story": "After"},
        at=while_open(call) + MICROSECOND,
    )
    added = make_attachment(submission)
    if is_withdrawn:
        amending.withdraw(submission=submission, at=while_open(call) + MICROSECOND)
    due = call.closes_at + 90 * DAY
    assert carry_out(at=due - MICROSECOND) == {}
    assert carry_out(at=due) == {"changes": 1, "files": 1}
    submission.refresh_from_db()
    assert submission.amending_since is None
    assert working_answers(submission, call)["story"] == "Before"
    assert not exists(added)
    assert carry_out(at=due) == {}


def test_text_of_a_mail_goes_thirty_days_after_it_was_sent(call):
    submission = make_submitted(call)
    sent_at = submission.submitted_at
    OutboxEmail.objects.update(state="sent", sent_at=sent_at, subject="S", body="B")
    carry_out(at=sent_at + 30 * DAY - MICROSECOND)
    assert OutboxEmail.objects.get().body == "B"
    RetentionConfirmation.objects.all().delete()
    texts, *_others = calendar_of(call, at=sent_at + 30 * DAY)
    assert (texts.what, texts.ends, texts.due) == ("texts of mails", "", 1)
    assert texts.by_itself
    assert not waits_for_confirmation(call, at=sent_at + 30 * DAY)
    assert carry_out(at=sent_at + 30 * DAY) == {"mail_texts": 1}
    mail = OutboxEmail.objects.get()
    assert (mail.subject, mail.body) == ("", "")
    assert mail.to_address == "someone@example.org"
    ended = AuditEvent.objects.get(action=AuditAction.DATA_ENDED)
    assert ended.detail["rule"] == "30 days after sending"


def test_text_of_a_mail_that_came_back_goes_too(call):
    sent_at = make_submitted(call).submitted_at
    OutboxEmail.objects.update(state="failed", body="B")
    carry_out(at=sent_at + 30 * DAY - MICROSECOND)
    assert OutboxEmail.objects.get().body == "B"
    assert carry_out(at=sent_at + 30 * DAY) == {"mail_texts": 1}
    assert OutboxEmail.objects.get().body == ""


def test_addresses_go_ninety_days_after_closing(call):
    submission = make_submitted(call)
    returning.remember_address(
        submission=submission, address="jo@example.org", at=submission.submitted_at
    )
    OutboxEmail.objects.update(state="sent", sent_at=submission.submitted_at)
    due = call.closes_at + 90 * DAY
    carry_out(at=due - MICROSECOND)
    assert ReturnAddress.objects.exists()
    assert OutboxEmail.objects.get(kind="confirmation").to_address == "someone@example.org"
    carry_out(at=due)
    assert not ReturnAddress.objects.exists()
    assert OutboxEmail.objects.get(kind="confirmation").to_address == ""


def test_link_says_when_its_mail_ends_and_one_asked_for_later_works_as_long_as_it_says(
    call, django_assert_num_queries
):
    submission, due = make_submitted(call), call.closes_at + 90 * DAY
    before = send_link(submission, at=due - HOUR)
    assert before.expires_at == due
    carry_out(at=due)
    after = send_link(submission, at=due + HOUR)
    assert after.expires_at == due + HOUR + returning.LINK_LASTS
    OutboxEmail.objects.update(state="sent", sent_at=due)
    carry_out(at=after.expires_at - MICROSECOND)
    returning.look_up_link(call=call, token=after.token, at=after.expires_at - MICROSECOND)
    carry_out(at=after.expires_at)
    assert not ReturnToken.objects.exists()
    draft = make_draft(call)
    assert send_link(draft, at=due - DAY).expires_at == due
    late_passes.give(
        call=call,
        submission=draft,
        reason="Illness",
        by=make_user(),
        at=call.closes_at,
        expires_at=call.closes_at + 2 * DAY,
    )
    assert send_link(draft, at=due - DAY).expires_at == due + 2 * DAY
    mails = OutboxEmail.objects.select_related("call", "submission").filter(kind="return_link")
    assert len(mails) > 2
    with django_assert_num_queries(2):  # of late passes, and to note the links
        returning.make_links(mails=mails, at=due - DAY)


def test_draft_whose_mail_still_waits_stays_whole(call):
    draft = full_draft(call)
    OutboxEmail.objects.update(state="waiting", sent_at=None)
    carry_out(at=call.closes_at + 365 * DAY)
    assert draft.answers.exists()
    assert ReturnAddress.objects.get().address == "jo@example.org"
    assert ReturnToken.objects.count() == 1


def test_mail_that_still_waits_keeps_its_address(call):
    make_submitted(call)
    carry_out(at=call.closes_at + 365 * DAY)
    assert OutboxEmail.objects.get().to_address == "someone@example.org"


def test_links_digest_goes_seven_days_after_it_expired(call):
    fresh = send_link(make_submitted(call), at=while_open(call))
    clear(at=fresh.expires_at + 7 * DAY - MICROSECOND)
    assert ReturnToken.objects.count() == 1
    assert clear(at=fresh.expires_at + 7 * DAY).links == 1
    assert ReturnToken.objects.count() == 0


def test_used_links_digest_goes_and_its_address_stays_confirmed(call):
    mail = make_submitted(call).mails.get()
    due = confirm_address(mail).expires_at + 7 * DAY
    clear(at=due - MICROSECOND)
    assert ReturnToken.objects.exclude(token_sha256="").count() == 1
    assert [clear(at=due).links, clear(at=due).links] == [1, 0]
    assert ReturnToken.objects.get().token_sha256 == ""
    assert confirmed_among([mail]) == {mail.pk}
    OutboxEmail.objects.update(to_address="")
    assert clear(at=due).links == 1


def test_beats_task_ends_data_by_the_portals_clock_and_ends_old_sessions(call, at):
    assert app.conf.beat_schedule["end-data"]["task"] == tasks.end_data.name
    full_draft(call)
    for key, days in (("ended", -1), ("live", 1)):
        Session.objects.create(
            session_key=key, session_data="", expire_date=datetime.now(UTC) + days * DAY
        )
    ExportRun.objects.create(call=call, asked_at=call.closes_at - DAY, state="failed")
    at(call.closes_at + 90 * DAY)
    tasks.end_data()
    assert not Submission.objects.exists()
    assert not ExportRun.objects.exists()
    assert [session.session_key for session in Session.objects.all()] == ["live"]


def test_draft_that_never_held_an_answer_goes_after_a_day(call):
    begun = while_open(call)
    empty, answered, with_address, with_file = (make_draft(call) for _ in range(4))
    drafting.save_answers(submission=answered, call=call, values={"story": "Words."}, at=begun)
    returning.remember_address(submission=with_address, address="jo@example.org", at=begun)
    make_attachment(with_file)
    kept = {answered.pk, with_address.pk, with_file.pk}
    saved = Submission.objects.get(pk=empty.pk).saved_at
    assert clear(at=saved + DAY - MICROSECOND).drafts == 0
    assert clear(at=saved + DAY).drafts == 1
    assert set(Submission.objects.values_list("pk", flat=True)) == kept
