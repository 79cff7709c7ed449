"""Whom release 1.0.0 sent no more reminders has mail sent to the address that they correct."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from submissions.mail import reminding
from submissions.responses import returning
from submissions.responses.addresses import present_address
from submissions.responses.models import ReturnAddress
from tests.makers import make_call, make_draft, while_open

pytestmark = pytest.mark.django_db
MIGRATION = import_module("submissions.migrations.0039_addresses_kept_by_refusals")


def refused(call, at, **changes):
    """A draft whose author stopped reminders under 1.0.0, and has corrected the address since."""
    draft = make_draft(call, email="jo@example.org")
    fields = {"address": "slip@example.org", "given_at": at, "reminders_refused_at": at}
    ReturnAddress.objects.create(submission=draft, **fields | changes)
    return draft


def test_address_that_a_refusal_kept_is_let_go_and_one_that_was_given_stays():
    call = make_call()
    at = while_open(call)
    kept = refused(call, at)
    given = refused(call, at, given_at=at - timedelta(hours=1))
    confirmed = refused(call, at, confirmed_at=at)
    asked_for = refused(call, at)
    returning.enqueue_link(submission=asked_for, address="slip@example.org", at=at)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(MIGRATION.KEPT_BY_REFUSALS)
    assert [present_address(one, call) for one in (kept, given, confirmed, asked_for)] == [
        "jo@example.org",
        "slip@example.org",
        "slip@example.org",
        "slip@example.org",
    ]
    assert reminding.addresses_of(call, [kept.pk]) == {}
