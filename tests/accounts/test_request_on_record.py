"""The record has the number of the request in which something was done, and the chain keeps it."""

import pytest
from django.db import connection

from accounts import chain
from accounts.models import AuditEvent
from accounts.record import record, record_each
from accounts.states import Role
from core import request_ids
from tests.accounts.test_chain import problems, sql
from tests.makers import OPENS_AT, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db


def test_each_event_of_a_request_has_its_number(client):
    call = make_call()
    response = make_submitted(call)
    client.force_login(make_user(Role.MANAGER))
    before = AuditEvent.objects.count()
    answer = client.get(f"/admin/submissions/submission/{response.pk}/change/")
    number = answer.headers[request_ids.HEADER]
    events = AuditEvent.objects.order_by("pk")[before:]
    assert [(event.action, event.request_number) for event in events] == [
        ("response_opened", number)
    ]


@pytest.mark.django_db(transaction=True)
def test_export_that_is_still_sent_after_its_request_has_its_number_to_the_end(client):
    call = make_call()
    client.force_login(make_user(Role.STEERING_MEMBER))
    answer = client.get(f"/steering/{call.slug}/export.csv")
    assert request_ids.current() == ""
    answer.getvalue()
    events = AuditEvent.objects.filter(call=call).order_by("pk")
    assert list(events.values_list("action", "request_number")) == [
        ("export_started", answer.headers[request_ids.HEADER]),
        ("exported", answer.headers[request_ids.HEADER]),
    ]


def test_event_outside_of_a_request_has_no_number():
    event = record(by=None, at=OPENS_AT, action="exported")
    response = make_submitted(make_call())
    record_each([response], by=None, at=OPENS_AT, action="response_opened")
    numbers = AuditEvent.objects.filter(pk__gte=event.pk).values_list("request_number", flat=True)
    assert set(numbers) == {""}


def test_events_are_found_by_the_number_of_their_request(client):
    call = make_call()
    for number in ("3f2a1b7c", "00000000"):
        with request_ids.within(number):
            record(by=None, at=OPENS_AT, action="exported", call=call)
    client.force_login(make_user(Role.MANAGER))
    page = client.get("/admin/accounts/auditevent/?q=3F2A1B7C").content.decode()
    assert (page.count("3f2a1b7c"), page.count("00000000")) == (1, 0)


def test_events_with_and_without_a_number_are_one_chain():
    record(by=None, at=OPENS_AT, action="exported", why="before")
    with request_ids.within("3f2a1b7c"):
        numbered = record(by=None, at=OPENS_AT, action="exported")
    chain.seal()
    assert problems() == []
    sql(f"UPDATE accounts_auditevent SET request_number = '' WHERE id = {numbered.pk}")
    assert problems() == [f"record {numbered.pk}: it was changed after it was sealed"]


def test_event_without_a_number_is_sealed_as_before_there_were_any():
    """Seals of earlier releases stand: this is their function's text of an event."""
    event = record(by=None, at=OPENS_AT, action="exported", why="“so”")
    chain.seal()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_sha256 = encode(sha256(convert_to(concat_ws(E'\\n', e.id, "
            """to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), """
            "'', e.action, '', '', e.detail), 'UTF8')), 'hex') "
            "FROM accounts_auditevent e JOIN accounts_auditseal s ON s.event_id = e.id "
            "WHERE e.id = %s",
            [event.pk],
        )
        assert cursor.fetchone() == (True,)
