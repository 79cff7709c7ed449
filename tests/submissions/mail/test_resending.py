"""A finished mail is sent again as a copy; the first one stays on record as it was."""

from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.mail.errors import ResendRefused
from submissions.mail.rendering import render
from submissions.mail.resending import correct_address, send_again
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import late_passes
from submissions.responses.models import ReturnAddress, VersionIdentity
from tests.makers import OPENS_AT, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db
NOW = OPENS_AT + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def failed_mail(**changes):
    mail = make_submitted(at=NOW, email="jo@exmaple.org").mails.get()
    fields = {"state": OutboxState.FAILED, "last_error": "No such mailbox."}
    OutboxEmail.objects.filter(pk=mail.pk).update(**fields | changes)
    return OutboxEmail.objects.get()


def as_it_stands(mail):
    return OutboxEmail.objects.filter(pk=mail.pk).values().get()


def test_send_again_owes_a_copy_and_is_on_record():
    mail = failed_mail()
    before = as_it_stands(mail)
    staff = make_user()
    again = send_again(mail, by=staff, at=NOW + MINUTE)
    assert again.message_id != mail.message_id
    assert (again.resend_of, again.to_address, again.state) == (
        mail,
        "jo@exmaple.org",
        OutboxState.WAITING,
    )
    assert as_it_stands(mail) == before
    event = AuditEvent.objects.get(action=AuditAction.MAIL_RESENT)
    assert (event.actor, event.submission, event.detail) == (
        staff,
        mail.submission,
        {"mail": mail.pk, "again": again.pk},
    )


def test_corrected_address_is_used_for_the_copy_and_for_later_mails():
    mail = failed_mail()
    before = as_it_stands(mail)
    staff = make_user()
    again = correct_address(mail, address=" jo@example.org ", by=staff, at=NOW + MINUTE)
    assert (again.to_address, again.created_at) == ("jo@example.org", NOW + MINUTE)
    assert as_it_stands(mail) == before
    assert ReturnAddress.objects.get(submission=mail.submission).address == "jo@example.org"
    event = AuditEvent.objects.get(action=AuditAction.ADDRESS_CORRECTED)
    assert (event.actor, event.detail) == (staff, {"mail": mail.pk, "again": again.pk})


def test_correcting_leaves_what_was_answered():
    mail = failed_mail()
    correct_address(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert VersionIdentity.objects.get().answers["email"] == "jo@exmaple.org"


def test_correcting_leaves_a_refusal_of_reminders():
    mail = failed_mail()
    ReturnAddress.objects.create(
        submission=mail.submission, address="x@example.org", given_at=NOW, reminders_refused_at=NOW
    )
    correct_address(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert ReturnAddress.objects.get().reminders_refused_at == NOW


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("jo@", "Enter an address that mail can be sent to"),
        ("", "Enter an address that mail can be sent to"),
        ("jo@example.org\nBcc: x@example.org", "Enter an address that mail can be sent to"),
        (
            "jo@exmaple.org",
            "Enter an address that differs from the one that the mail went to",
        ),
    ],
)
def test_address_that_helps_nobody_is_refused(address, message):
    mail = failed_mail()
    with pytest.raises(ResendRefused) as refused:
        correct_address(mail, address=address, by=make_user(), at=NOW)
    assert refused.value.message == message
    assert OutboxEmail.objects.count() == 1
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("state", [OutboxState.WAITING, OutboxState.CLAIMED])
def test_mail_on_its_way_is_not_sent_twice(state):
    mail = failed_mail(state=state, claimed_at=NOW)
    for resend in (
        lambda: send_again(mail, by=make_user(), at=NOW),
        lambda: correct_address(mail, address="jo@example.org", by=make_user(), at=NOW),
    ):
        with pytest.raises(ResendRefused):
            resend()
    assert OutboxEmail.objects.count() == 1


def test_copy_on_its_way_is_not_enqueued_twice():
    mail = failed_mail()
    for resend in (
        lambda: send_again(mail, by=make_user(), at=NOW),
        lambda: correct_address(mail, address="jo@example.org", by=make_user(), at=NOW),
    ):
        again = resend()
        with pytest.raises(ResendRefused):
            resend()
        OutboxEmail.objects.filter(pk=again.pk).update(state=OutboxState.FAILED)
        assert resend().resend_of == mail


def test_mail_whose_address_was_deleted_needs_a_new_one():
    mail = failed_mail(to_address="")
    with pytest.raises(ResendRefused):
        send_again(mail, by=make_user(), at=NOW)
    again = correct_address(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert again.to_address == "jo@example.org"


def test_copy_of_a_late_pass_carries_the_pass():
    call = make_call()
    late_passes.give(
        call=call,
        address="jo@exmaple.org",
        reason="Ill.",
        expires_at=call.closes_at + timedelta(days=1),
        by=make_user(),
        at=NOW,
    )
    OutboxEmail.objects.update(state=OutboxState.FAILED)
    mail = OutboxEmail.objects.get(kind=MailKind.LATE_PASS)
    again = correct_address(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert "Use the extra time" in render(again, at=again.created_at).message.body
