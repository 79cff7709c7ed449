import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes, submitting
from submissions.responses.errors import CallClosed, LatePassRefused, LinkDead
from submissions.responses.models import LatePass, Submission, Version
from tests.makers import (
    complete_answers,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import erase

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def give(call, **overrides):
    fields = {
        "call": call,
        "address": "" if "submission" in overrides else "late@example.org",
        "reason": "Power cut",
        "expires_at": call.closes_at + 48 * HOUR,
        "by": make_user(),
        "at": call.closes_at + HOUR,
    }
    return late_passes.give(**fields | overrides)


def token_of(late_pass):
    return late_passes.make_link(late_pass)


def test_pass_is_on_record_and_its_mail_is_enqueued():
    call = make_call()
    user = make_user()
    late_pass = give(call, by=user)
    mail = OutboxEmail.objects.get()
    assert (mail.kind, mail.to_address) == ("late_pass", "late@example.org")
    assert late_passes.pass_of(mail) == late_pass
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.detail["reason"]) == (
        "late_pass_given",
        user,
        "Power cut",
    )
    assert "late@example.org" not in str(event.detail)


def test_pass_that_two_give_at_once_is_one():
    call = make_call()
    late_pass = give(call)
    assert give(call) == late_pass
    assert OutboxEmail.objects.count() == AuditEvent.objects.count() == 1
    late_passes.revoke(late_pass, by=make_user(), at=call.closes_at + HOUR)
    assert give(call) != late_pass


def test_pass_that_another_gave_and_that_still_works_is_not_given_again():
    call = make_call()
    later = call.closes_at + 2 * HOUR
    first = give(call)
    late_passes.take_up(call=call, token=token_of(first), current=None, at=later)
    of_response = give(call, submission=make_submitted(call))
    for whose in ({"address": "LATE@example.org"}, {"submission": of_response.submission}):
        with pytest.raises(LatePassRefused, match="has given this pass already: it works until"):
            give(call, at=later, **whose)
    assert give(make_call(), at=later).address == first.address
    late_passes.revoke(first, by=make_user(), at=later)
    assert give(call, at=later) != first


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        (
            {"address": "nowhere"},
            "Enter an email address in the correct format, like name@example.com",
        ),
        ({"reason": "  "}, "Enter the reason for the late pass"),
        ({"expires_at": HOUR}, "Enter an end that is still to come and after the closing time"),
        ({"expires_at": timedelta(days=6 * 365)}, "Enter an end within 5 years from now"),
    ],
)
def test_pass_that_makes_no_sense_is_refused(overrides, why):
    call = make_call()
    if "expires_at" in overrides:
        overrides = {"expires_at": call.closes_at + overrides["expires_at"]}
    with pytest.raises(LatePassRefused) as refusal:
        give(call, **overrides)
    assert refusal.value.message == why
    assert LatePass.objects.count() == OutboxEmail.objects.count() == 0


def test_pass_for_a_response_that_takes_no_other_version_is_refused():
    call = make_call()
    withdrawn, erased = make_submitted(call), make_submitted(call)
    amending.withdraw(submission=withdrawn, at=while_open(call))
    erase(erased, at=while_open(call))
    for submission, why in (
        (make_submitted(), "belongs to another call"),
        (withdrawn, "was withdrawn"),
        (erased, "was erased"),
    ):
        with pytest.raises(LatePassRefused, match=why):
            give(call, submission=submission)
    assert LatePass.objects.count() == 0


def test_draft_with_a_pass_is_submitted_once_and_stamped():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    taken = late_passes.take_up(call=call, token=token_of(late_pass), current=draft, at=at)
    version = submitting.submit(submission=taken, at=at)
    assert (taken, version.timing) == (draft, "late_pass")
    assert version.deadline == late_pass.expires_at
    late_pass.refresh_from_db()
    assert (late_pass.used_at, late_pass.used_for) == (at, version)
    with pytest.raises(CallClosed):
        amending.reopen(submission=draft, at=at)


def test_pass_begins_a_response_where_the_browser_holds_none_that_can_change():
    call = make_call()
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    sent = make_submitted(call)
    taken = late_passes.take_up(call=call, token=token_of(late_pass), current=sent, at=at)
    drafting.save_answers(submission=taken, call=call, values=complete_answers(call), at=at)
    assert submitting.submit(submission=taken, at=at).timing == "late_pass"


def test_pass_taken_up_is_no_way_into_the_response_for_another_browser():
    call = make_call()
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    token = token_of(late_pass)
    first = late_passes.take_up(call=call, token=token, current=None, at=at)
    assert late_passes.take_up(call=call, token=token, current=first, at=at) == first
    drafting.save_answers(submission=first, call=call, values={"story": "Mine"}, at=at)
    for current in (None, make_draft(call)):
        with pytest.raises(LinkDead):
            late_passes.take_up(call=call, token=token, current=current, at=at)
    assert Submission.objects.count() == 2


def test_pass_goes_on_to_another_browser_while_nothing_is_answered_in_the_first():
    call = make_call()
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    about = {"call": call, "token": token_of(late_pass), "at": at}
    lost = late_passes.take_up(current=None, **about)
    taken = late_passes.take_up(current=None, **about)
    assert taken != lost
    with pytest.raises(CallClosed):
        submitting.submit(submission=lost, at=at)
    assert late_passes.take_up(current=lost, **about) == lost
    drafting.save_answers(submission=lost, call=call, values=complete_answers(call), at=at)
    with pytest.raises(LinkDead):
        late_passes.take_up(current=taken, **about)
    assert submitting.submit(submission=lost, at=at).timing == "late_pass"


def test_pass_for_a_response_lets_whoever_holds_it_change_it_once():
    call = make_call()
    submission = make_submitted(call, story="Before")
    give(call, submission=submission)
    at = call.closes_at + 2 * HOUR
    amending.reopen(submission=submission, at=at)
    submission.refresh_from_db()
    drafting.save_answers(submission=submission, call=call, values={"story": "After"}, at=at)
    version = submitting.submit(submission=submission, at=at)
    assert (version.number, version.timing, version.texts["story"]) == (2, "late_pass", "After")
    with pytest.raises(CallClosed):
        amending.reopen(submission=submission, at=at)


def test_pass_for_a_response_is_told_to_its_author_without_a_link_that_opens_it():
    call = make_call()
    submission = make_submitted(call, email="author@example.org")
    late_pass = give(call, submission=submission)
    mail = OutboxEmail.objects.get(kind="late_pass")
    assert (mail.to_address, mail.address_given_by) == ("author@example.org", "author")
    body = render(mail, at=mail.created_at).message.body
    links = re.findall(r"^https?://\S+$", body, flags=re.MULTILINE)
    assert links == [f"http://testserver/calls/{call.slug}/return/"]
    late_pass.refresh_from_db()
    assert (late_pass.token_sha256, late_pass.address) == (None, "")
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        late_passes.make_link(late_pass)
    name = refusal.value.__cause__.diag.constraint_name
    assert name == "submissions_latepass_token_for_an_address"


def test_pass_for_a_response_without_an_address_has_no_mail():
    call = make_call()
    draft = make_draft(call)
    give(call, submission=draft)
    assert OutboxEmail.objects.count() == 0
    version_of = complete_answers(call)
    at = call.closes_at + 2 * HOUR
    drafting.save_answers(submission=draft, call=call, values=version_of, at=at)
    assert submitting.submit(submission=draft, at=at).timing == "late_pass"


@pytest.mark.parametrize("address", ["", "late@example.org"])
def test_pass_is_for_an_address_or_for_a_response(address):
    call = make_call()
    submission = make_submitted(call) if address else None
    with pytest.raises(LatePassRefused):
        give(call, address=address, submission=submission)
    assert LatePass.objects.count() == 0


@pytest.mark.parametrize("end", ["expired", "revoked", "superseded", "forged", "other call"])
def test_dead_pass_opens_nothing(end):
    call = make_call()
    late_pass = give(call)
    token = token_of(late_pass)
    at = call.closes_at + 2 * HOUR
    if end == "expired":
        at = late_pass.expires_at
    elif end == "revoked":
        late_passes.revoke(late_pass, by=make_user(), at=at)
    elif end == "superseded":
        token_of(late_pass)
    elif end == "forged":
        token = "x" * 43
    else:
        call = make_call()
    with pytest.raises(LinkDead):
        late_passes.take_up(call=call, token=token, current=None, at=at)
    assert Submission.objects.count() == 0


def test_pass_that_expired_or_was_taken_back_after_taking_up_submits_nothing():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    late_passes.take_up(call=call, token=token_of(late_pass), current=draft, at=at)
    with pytest.raises(CallClosed):
        submitting.submit(submission=draft, at=late_pass.expires_at)
    late_passes.revoke(late_pass, by=make_user(), at=at)
    with pytest.raises(CallClosed):
        submitting.submit(submission=draft, at=at)


def test_used_pass_cannot_be_taken_back():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    late_pass = give(call)
    at = call.closes_at + 2 * HOUR
    late_passes.take_up(call=call, token=token_of(late_pass), current=draft, at=at)
    submitting.submit(submission=draft, at=at)
    with pytest.raises(LatePassRefused):
        late_passes.revoke(late_pass, by=make_user(), at=at)


def test_database_refuses_a_late_version_without_a_pass():
    version = make_submitted().current_version
    late = version.deadline + HOUR
    version.pk, version.number, version.timing = None, 2, "late_pass"
    version.received_at, version.deadline = late, late + HOUR
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        version.save(force_insert=True)
    assert refusal.value.__cause__.diag.constraint_name == "submissions_version_deadline_applied"


def test_grace_takes_what_was_begun_before_closing_and_stamps_it():
    call = make_call(grace_minutes=10)
    begun = make_draft(call, **complete_answers(call))
    at = call.closes_at + timedelta(minutes=10) - timedelta(microseconds=1)
    version = submitting.submit(submission=begun, at=at)
    assert (version.timing, version.deadline) == ("grace", call.grace_ends_at)


def test_grace_ends_to_the_microsecond_and_begins_no_draft():
    call = make_call(grace_minutes=10)
    begun = make_draft(call, **complete_answers(call))
    with pytest.raises(CallClosed):
        submitting.submit(submission=begun, at=call.grace_ends_at)
    with pytest.raises(CallClosed):
        drafting.start(call=call, at=call.closes_at)
    assert Version.objects.count() == 0


def test_no_pass_for_a_response_that_its_author_deleted_meanwhile():
    call = make_call()
    draft = make_draft(call)
    Submission.objects.all().delete()
    with pytest.raises(LatePassRefused, match="deleted the response meanwhile"):
        give(call, submission=draft)


def test_mail_written_twice_carries_the_same_link_and_another_mail_another():
    call = make_call()
    late_pass = give(call)
    mail = OutboxEmail.objects.get()
    first = late_passes.make_link(late_pass, mail=mail)
    assert late_passes.make_link(late_pass, mail=mail) == first
    mail.message_id = "<another@example.org>"
    other = late_passes.make_link(late_pass, mail=mail)
    assert other != first
    at = call.closes_at + 2 * HOUR
    assert late_passes.look_up(call=call, token=other, at=at) == late_pass
    with pytest.raises(LinkDead):
        late_passes.look_up(call=call, token=first, at=at)


def test_grace_does_not_restamp_what_was_received_in_time():
    call = make_call(grace_minutes=10)
    submission = make_submitted(call)
    with pytest.raises(CallClosed):
        amending.reopen(submission=submission, at=call.closes_at)


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(minutes=1)])
def test_grace_is_not_for_a_draft_that_was_begun_after_closing(late_by):
    call = make_call(grace_minutes=30)
    at = call.closes_at + late_by
    late_pass = give(call, at=at)
    taken = late_passes.take_up(call=call, token=token_of(late_pass), current=None, at=at)
    drafting.save_answers(submission=taken, call=call, values=complete_answers(call), at=at)
    late_passes.revoke(late_pass, by=make_user(), at=at)
    with pytest.raises(CallClosed):
        submitting.submit(submission=taken, at=at)
    assert Version.objects.count() == 0


def test_draft_that_was_begun_after_closing_is_submitted_by_its_pass_and_not_in_grace():
    call = make_call(grace_minutes=30)
    at = call.closes_at + timedelta(minutes=1)
    late_pass = give(call, at=at)
    taken = late_passes.take_up(call=call, token=token_of(late_pass), current=None, at=at)
    drafting.save_answers(submission=taken, call=call, values=complete_answers(call), at=at)
    assert submitting.submit(submission=taken, at=at).timing == "late_pass"
