"""What staff corrected under release 1.0.0 leads nowhere after the upgrade."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from accounts.record import record
from accounts.states import AuditAction
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import returning
from submissions.responses.models import ReturnAddress, ReturnToken
from tests.makers import make_draft, make_submitted, make_user, mark_as_sent, while_open

pytestmark = pytest.mark.django_db
FILL = import_module("submissions.migrations.0011_fill_who_gave_an_address").Migration
MINUTE = timedelta(minutes=1)


def upgrade():
    """Fill the columns anew, as if every row came from release 1.0.0."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE submissions_outboxemail DISABLE TRIGGER USER")
        for statement in FILL.operations[0].sql:
            cursor.execute(statement)
        cursor.execute("ALTER TABLE submissions_outboxemail ENABLE TRIGGER USER")


def correct(mail, *, at):
    """What 1.0.0 did where staff corrected the address of a mail."""
    ReturnAddress.objects.update_or_create(
        submission=mail.submission, defaults={"address": "staff@example.org", "given_at": at}
    )
    again = enqueue(
        kind=mail.kind,
        call=mail.call,
        submission=mail.submission,
        version=mail.version,
        resend_of=mail,
        to_address="staff@example.org",
        at=at,
    )
    record(
        by=make_user(),
        at=at,
        action=AuditAction.ADDRESS_CORRECTED,
        call=mail.call,
        submission=mail.submission,
        mail=mail.pk,
        again=again.pk,
    )
    return again


def test_corrected_address_is_staffs_and_its_links_end():
    submission = make_submitted(email="author@example.org")
    at = while_open(submission.call)
    again = correct(submission.mails.get(), at=at)
    returning.make_link(mail=again, at=at)
    mark_as_sent(again, at=at)
    waiting = enqueue(
        kind=MailKind.AMENDED,
        call=submission.call,
        submission=submission,
        version=submission.current_version,
        to_address="Staff@example.org",
        at=at + MINUTE,
    )
    upgrade()
    assert ReturnAddress.objects.get().given_by == "staff"
    assert ReturnToken.objects.count() == 0
    givers = dict(OutboxEmail.objects.values_list("to_address", "address_given_by"))
    assert givers == {
        "author@example.org": "author",
        "staff@example.org": "staff",
        "Staff@example.org": "staff",
    }
    waiting.refresh_from_db()
    assert waiting.kind == MailKind.RECEIPT_AGAIN


def test_link_to_a_draft_on_its_way_to_a_corrected_address_is_not_sent():
    draft = make_draft()
    at = while_open(draft.call)
    returning.send_links_to(submission=draft, address="author@example.org", at=at)
    again = correct(draft.mails.get(), at=at + MINUTE)
    upgrade()
    again.refresh_from_db()
    assert (again.state, again.address_given_by) == (OutboxState.FAILED, "staff")


def test_address_that_its_author_gave_stays_and_is_confirmed_by_a_used_link():
    draft = make_draft()
    at = while_open(draft.call)
    returning.send_links_to(submission=draft, address="author@example.org", at=at)
    mail = draft.mails.get()
    token = returning.make_link(mail=mail, at=at).token
    mark_as_sent(mail, at=at)
    returning.use_link(call=draft.call, token=token, at=at + MINUTE)
    ReturnAddress.objects.update(confirmed_at=None)
    upgrade()
    kept = ReturnAddress.objects.get()
    assert (kept.given_by, kept.confirmed_at) == ("author", at + MINUTE)
    assert ReturnToken.objects.count() == 1
