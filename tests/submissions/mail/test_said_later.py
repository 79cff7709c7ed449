"""Mails that wait, and what becomes of them when what they say is so no more."""

import re
from datetime import timedelta

import pytest

from accounts.states import Role
from core import clock
from submissions.mail import reminding
from submissions.mail.errors import ResendRefused
from submissions.mail.rendering import render
from submissions.mail.resending import send_again
from submissions.mail.sending import send_due
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import (
    amending,
    drafting,
    erasing,
    late_passes,
    replying,
    returning,
    sharing,
    submitting,
)
from submissions.responses.models import ErasureRequest
from submissions.responses.states import ErasureScope
from tests.asking import make_askable, make_asking_call, put_question
from tests.makers import (
    complete_answers,
    confirm_address,
    enqueue_link_mail,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = pytest.mark.django_db


def send(at):
    return send_due(portal_now=lambda: at, wall_now=clock.wall_now)


def mail_of(kind):
    return OutboxEmail.objects.get(kind=kind)


def text_of(mail, at):
    return " ".join(render(mail, at=at).message.body.split())


def has_failed(kind):
    OutboxEmail.objects.filter(kind=kind).update(state=OutboxState.FAILED)
    return mail_of(kind)


def with_pass(call, **whose):
    return late_passes.give(
        call=call,
        reason="Ill.",
        expires_at=call.closes_at + timedelta(days=1),
        by=make_user(),
        at=call.closes_at,
        **whose,
    )


def stop_questions(call, response, now):
    other, token = put_question(response, text="And when?")
    other.mail.delete()
    replying.refuse_questions(call=call, token=token, refused=True, at=now)


def want_no_contact(call, response, now):
    amending.reopen(submission=response, at=now)
    drafting.save_answers(submission=response, call=call, values={"contact_followup": "no"}, at=now)
    submitting.submit(submission=response, at=now)
    OutboxEmail.objects.exclude(kind=MailKind.QUESTION_ASKED).delete()


@pytest.mark.parametrize("since", [stop_questions, want_no_contact])
def test_question_that_waits_is_not_put_once_its_author_wants_none(since, sink):
    call = make_asking_call()
    response, now = make_askable(call), while_open(call)
    OutboxEmail.objects.all().delete()
    put_question(response)
    since(call, response, now)
    send(now)
    assert not sink.messages
    assert not OutboxEmail.objects.filter(kind=MailKind.QUESTION_ASKED).exists()


def test_question_is_not_sent_again_once_its_author_stopped_questions():
    call = make_asking_call()
    _, token = put_question(make_askable(call))
    now = while_open(call)
    mail = has_failed(MailKind.QUESTION_ASKED)
    replying.refuse_questions(call=call, token=token, refused=True, at=now)
    with pytest.raises(ResendRefused, match="stopped"):
        send_again(mail, by=make_user(), at=now)


def test_question_that_can_no_longer_be_answered_is_not_sent_and_staff_see_that(sink):
    call = make_asking_call()
    response = make_askable(call)
    OutboxEmail.objects.all().delete()
    asked, _ = put_question(response)
    send(asked.answer_until)
    assert not sink.messages
    assert mail_of(MailKind.QUESTION_ASKED).state == OutboxState.FAILED


def test_revoked_pass_is_not_mailed_nor_sent_again(sink):
    call = make_call()
    given = with_pass(call, address="jo@example.org")
    late_passes.revoke(given, by=make_user(), at=call.closes_at)
    mail = mail_of(MailKind.LATE_PASS)
    with_pass(call, address="else@example.org")
    OutboxEmail.objects.exclude(pk=mail.pk).delete()
    OutboxEmail.objects.update(state=OutboxState.FAILED)
    with pytest.raises(ResendRefused, match="over"):
        send_again(mail, by=make_user(), at=call.closes_at)
    OutboxEmail.objects.update(state=OutboxState.WAITING)
    send(call.closes_at)
    assert not sink.messages


def test_pass_that_expired_while_it_waited_is_not_mailed_and_staff_see_that(sink):
    call = make_call()
    given = with_pass(call, address="jo@example.org")
    send(given.expires_at)
    assert not sink.messages
    assert mail_of(MailKind.LATE_PASS).state == OutboxState.FAILED


def test_pass_for_a_response_that_was_withdrawn_since_is_not_mailed(sink):
    call = make_call()
    response = make_submitted(call)
    OutboxEmail.objects.all().delete()
    with_pass(call, submission=response)
    amending.withdraw_on_request(
        submission=response, by=make_user(), reason="By letter.", at=call.closes_at
    )
    OutboxEmail.objects.exclude(kind=MailKind.LATE_PASS).delete()
    send(call.closes_at)
    assert not sink.messages


def submitted_since(call, draft, now):
    submitting.submit(submission=draft, at=now)


def reminders_stopped(call, draft, now):
    reminding.refuse_reminders(submission=draft, at=now)


@pytest.mark.parametrize("since", [submitted_since, reminders_stopped, None])
def test_reminder_of_what_is_so_no_more_is_not_sent_again(since):
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    now = call.closes_at - timedelta(hours=1)
    reminding.enqueue_reminders(at=now)
    mail = has_failed(MailKind.REMINDER)
    if since is not None:
        since(call, draft, now)
    number = OutboxEmail.objects.count()
    with pytest.raises(ResendRefused, match="What this mail says is so no more"):
        send_again(mail, by=make_user(), at=now if since else call.closes_at)
    assert OutboxEmail.objects.count() == number


def test_invitation_is_not_sent_again_once_the_call_closed():
    call = make_call()
    sharing.invite(submission=make_draft(call), address="bo@example.org", at=while_open(call))
    mail = has_failed(MailKind.COLLEAGUE_INVITED)
    with pytest.raises(ResendRefused, match="What this mail says is so no more"):
        send_again(mail, by=make_user(), at=call.closes_at)


def test_pass_given_before_closing_does_not_say_that_the_call_closed():
    call = make_call()
    now = while_open(call)
    late_passes.give(
        call=call,
        reason="Ill.",
        address="jo@example.org",
        expires_at=call.closes_at + timedelta(days=1),
        by=make_user(),
        at=now,
    )
    said = text_of(mail_of(MailKind.LATE_PASS), now)
    assert "closed at" not in said
    assert call.closes_in_words in said


@pytest.mark.parametrize("begin", [make_draft, make_submitted])
def test_link_after_closing_does_not_say_that_the_call_closes(begin):
    call = make_call()
    submission = begin(call)
    if not submission.is_draft:
        amending.reopen(submission=submission, at=while_open(call))
        submission.refresh_from_db()
    after = call.closes_at + timedelta(days=9)
    returning.enqueue_link(submission=submission, address="jo@example.org", at=after)
    said = text_of(mail_of(MailKind.RETURN_LINK), after)
    assert "The call closes at" not in said
    assert f"The call closed at {call.closes_in_words}" in said


def test_invitation_that_waited_until_the_call_closed_invites_nobody(sink):
    call = make_call()
    draft = make_draft(call)
    sharing.invite(submission=draft, address="bo@example.org", at=while_open(call))
    send(call.closes_at + timedelta(days=1))
    assert not sink.messages


def test_refusing_reminders_does_not_keep_mail_at_an_address_that_is_corrected():
    call = make_call()
    draft = make_draft(call, **{**complete_answers(call), "email": "slip@example.org"})
    now = while_open(call)
    reminding.refuse_reminders(submission=draft, at=now)
    drafting.save_answers(submission=draft, call=call, values={"email": "jo@example.org"}, at=now)
    submitting.submit(submission=draft, at=now)
    assert mail_of(MailKind.CONFIRMATION).to_address == "jo@example.org"
    assert returning.enqueue_links(call=call, address="slip@example.org", at=now) == 0


def test_giving_the_typed_address_for_links_too_keeps_reminders_refused():
    call = make_call()
    draft = make_draft(call, email="jo@example.org")
    now = while_open(call)
    reminding.refuse_reminders(submission=draft, at=now)
    assert returning.send_links_to(submission=draft, address="jo@example.org", at=now)
    assert reminding.addresses_of(call, [draft.pk]) == {}


def test_refusing_reminders_leaves_the_confirming_of_an_erasure_in_place():
    call = make_call()
    response = make_submitted(call, email="ada@example.org")
    now = while_open(call)
    confirm_address(enqueue_link_mail(response, at=now, address="ada@example.org"))
    reminding.refuse_reminders(submission=response, at=now)
    asked = erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=now)
    assert asked.confirmed_at is None


def test_refusal_to_erase_reaches_the_author_who_asked_again_before_it_was_sent():
    call = make_call()
    response = make_submitted(call, email="ada@example.org")
    now = while_open(call)
    first = erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=now)
    decider = make_user(Role.DATA_PROTECTION)
    erasing.refuse(first, by=decider, words="A court asked us to keep it.", at=now)
    later = now + timedelta(hours=1)
    erasing.ask(submission=response, scope=ErasureScope.IDENTITY, at=later)
    said = text_of(mail_of(MailKind.ERASURE_STOPPED), later)
    assert "A court asked us to keep it." in said


def test_copy_of_a_mail_that_asks_to_confirm_an_erasure_has_its_link():
    call = make_call()
    response = make_submitted(call, email="ada@example.org")
    now = while_open(call)
    confirm_address(enqueue_link_mail(response, at=now, address="ada@example.org"))
    erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=now)
    mail = has_failed(MailKind.ERASURE_ASKED)
    again = send_again(mail, by=make_user(), at=now)
    token = re.search(r"/erase/(\w+)/", render(again, at=now).message.body)[1]
    assert erasing.confirm(call=call, token=token, at=now) == ErasureRequest.objects.get()


def test_mail_that_waits_opens_nothing_at_an_address_that_was_corrected(sink):
    call = make_call()
    draft = make_draft(call, email="slip@example.org")
    at = call.closes_at - timedelta(hours=20)
    assert reminding.enqueue_reminders(at=at) == 1
    assert returning.enqueue_links(call=call, address="slip@example.org", at=at) == 1
    drafting.save_answers(submission=draft, call=call, values={"email": "jo@example.org"}, at=at)
    OutboxEmail.objects.filter(kind=MailKind.ADDRESS_CHANGED).delete()
    send(at)
    assert not sink.messages
    assert reminding.enqueue_reminders(at=at) == 1
    send(at)
    assert [message["To"] for message in sink.messages] == ["jo@example.org"]
