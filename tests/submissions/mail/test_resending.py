"""A finished mail is sent again as a copy; the first one stays on record as it was."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.mail.errors import ResendRefused
from submissions.mail.rendering import render
from submissions.mail.resending import may_go_elsewhere, send_again, send_to_corrected
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import amending, late_passes, returning
from submissions.responses.models import (
    IdentityAnswer,
    ReturnAddress,
    ReturnToken,
    VersionIdentity,
)
from tests.makers import (
    OPENS_AT,
    enqueue_link_mail,
    make_call,
    make_draft,
    make_submitted,
    make_user,
)

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


def told(mail):
    return [
        (one.kind, one.to_address, one.address_given_by)
        for one in OutboxEmail.objects.exclude(pk=mail.pk).order_by("pk")
    ]


def test_corrected_address_gets_the_receipt_and_the_authors_own_are_told():
    mail = failed_mail()
    before = as_it_stands(mail)
    staff = make_user()
    again = send_to_corrected(mail, address=" jo@example.org ", by=staff, at=NOW + MINUTE)
    assert told(mail) == [
        ("receipt_elsewhere", "jo@exmaple.org", "author"),
        ("receipt_again", "jo@example.org", "staff"),
    ]
    assert (again.resend_of, again.version, again.created_at) == (mail, mail.version, NOW + MINUTE)
    assert as_it_stands(mail) == before
    event = AuditEvent.objects.get(action=AuditAction.ADDRESS_CORRECTED)
    assert (event.actor, event.detail) == (staff, {"mail": mail.pk, "again": again.pk})


def test_corrected_address_is_where_no_link_and_no_later_mail_goes():
    mail = failed_mail()
    send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert ReturnAddress.objects.count() == 0
    assert returning.enqueue_links(call=mail.call, address="jo@example.org", at=NOW) == 0
    amending.withdraw(submission=mail.submission, at=NOW)
    assert OutboxEmail.objects.get(kind="withdrawn").to_address == "jo@exmaple.org"


def test_receipt_at_a_corrected_address_has_neither_link_nor_answers():
    mail = make_submitted(at=NOW, email="jo@exmaple.org", story="Our story.").mails.get()
    OutboxEmail.objects.update(state=OutboxState.FAILED)
    mail.refresh_from_db()
    again = send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    body = render(again, at=NOW).message.body
    assert mail.submission.reference in body
    assert mail.version.receipt_digest in body
    assert "Our story." not in body
    links = re.findall(r"^https?://\S+$", body, flags=re.MULTILINE)
    assert links == [f"http://testserver/calls/{mail.call.slug}/return/address/"]
    assert ReturnToken.objects.count() == 0


@pytest.mark.parametrize("kind", ["return_link", "reminder", "closed_with_draft"])
def test_link_to_a_draft_goes_to_no_address_that_staff_enter(kind):
    draft = make_draft(at=NOW, email="jo@exmaple.org")
    mail = enqueue_link_mail(draft, at=NOW)
    OutboxEmail.objects.update(kind=kind, state=OutboxState.FAILED)
    mail.refresh_from_db()
    with pytest.raises(ResendRefused) as refused:
        send_to_corrected(mail, address="staff@example.org", by=make_user(), at=NOW)
    assert refused.value.message.startswith("This response is not submitted.")
    assert OutboxEmail.objects.count() == 1


def test_link_is_not_sent_again_to_an_address_that_the_author_replaced():
    submission = make_submitted(at=NOW, email="jo@example.org")
    mail = submission.mails.get()
    OutboxEmail.objects.update(state=OutboxState.SENT, sent_at=NOW)
    returning.remember_address(submission=submission, address="new@example.org", at=NOW)
    IdentityAnswer.objects.update(value="new@example.org")
    mail.refresh_from_db()
    again = send_again(mail, by=make_user(), at=NOW)
    assert (again.kind, again.to_address) == ("receipt_again", "jo@example.org")


def test_database_makes_no_link_for_an_address_that_staff_gave():
    mail = failed_mail()
    again = send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        returning.make_link(mail=again, at=NOW)
    name = refused.value.__cause__.diag.constraint_name
    assert name == "submissions_returntoken_for_the_author"
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxEmail.objects.filter(pk=again.pk).update(address_given_by="author")


def test_correcting_leaves_what_was_answered():
    mail = failed_mail()
    send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert VersionIdentity.objects.get().answers["email"] == "jo@exmaple.org"


NO_ADDRESS = "Enter an email address in the correct format, like name@example.com"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("jo@", NO_ADDRESS),
        ("", NO_ADDRESS),
        ("jo@example.org\nBcc: x@example.org", NO_ADDRESS),
        (
            "Jo@exmaple.org",
            "Enter an address that differs from the one that the mail went to",
        ),
    ],
)
def test_address_that_helps_nobody_is_refused(address, message):
    mail = failed_mail()
    with pytest.raises(ResendRefused) as refused:
        send_to_corrected(mail, address=address, by=make_user(), at=NOW)
    assert refused.value.message == message
    assert OutboxEmail.objects.count() == 1
    assert AuditEvent.objects.count() == 0


@pytest.mark.parametrize("state", [OutboxState.WAITING, OutboxState.CLAIMED])
def test_mail_on_its_way_is_not_sent_twice(state):
    mail = failed_mail(state=state, claimed_at=NOW)
    for resend in (
        lambda: send_again(mail, by=make_user(), at=NOW),
        lambda: send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW),
    ):
        with pytest.raises(ResendRefused):
            resend()
    assert OutboxEmail.objects.count() == 1


def test_copy_on_its_way_is_not_enqueued_twice():
    mail = failed_mail()
    for resend in (
        lambda: send_again(mail, by=make_user(), at=NOW),
        lambda: send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW),
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
    again = send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert again.to_address == "jo@example.org"


def test_copy_of_a_late_pass_for_an_address_carries_the_pass():
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
    assert may_go_elsewhere(mail)
    again = send_to_corrected(mail, address="jo@example.org", by=make_user(), at=NOW)
    assert "Use the extra time" in render(again, at=again.created_at).message.body
