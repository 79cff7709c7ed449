"""A manager reads the report of a call and confirms it; from then on data ends by itself."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import Role
from retention import carrying_out
from retention.calendar import calendar_of, due_of, waits_for_confirmation
from retention.carrying_out import carry_out
from retention.confirming import ConfirmationRefused, confirm, confirmed_classes, report_etag
from retention.endings import ENDINGS
from retention.models import RetentionConfirmation
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, default_periods
from submissions.definitions import closing_times
from submissions.responses.models import Submission
from tests.accounts.test_asking_again import gives_password
from tests.forms import form_of
from tests.makers import PASSWORD, confirm_retention, make_call, make_draft, make_user, while_open
from tests.threads import at_once

DAY = timedelta(days=1)


def page_of(call):
    return reverse("admin:retention_retentioncalendar_calendar", args=[call.pk])


def manager_of(call, name="ann"):
    person = make_user(username=name)
    Membership.objects.create(person=person, call=call, role=Role.MANAGER)
    return person


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def call(db, at):
    call = make_call()
    make_draft(call, story="Words.")
    at(call.closes_at + 90 * DAY)
    return call


def test_first_page_and_list_take_as_many_queries_for_many_confirmed_calls_as_for_one(
    client, at, db
):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    numbers = []
    for calls in (1, 3):
        for _ in range(Call.objects.count(), calls):
            confirm_retention(call := make_call())
        at(call.closes_at + 91 * DAY)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/").context["calls_to_confirm"] == []
        with CaptureQueriesContext(connection) as of_list:
            listed = client.get("/admin/retention/retentioncalendar/").content.decode()
        assert listed.count("Ends by itself") == calls
        numbers.append((len(queries), len(of_list)))
    assert numbers[0] == numbers[1]


def test_nothing_ends_before_somebody_confirms_and_then_it_does_each_day(call, client):
    now = call.closes_at + 90 * DAY
    assert carry_out(at=now) == {}
    assert waits_for_confirmation(call, at=now)
    manager = manager_of(call)
    client.force_login(manager)
    assert f'href="{page_of(call)}"' in client.get("/admin/").content.decode()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(page_of(call))
    # What there is now and what would end now: of drafts without a late pass it is the same.
    assert max(Counter(query["sql"] for query in queries).values()) == 2
    assert "Some data has passed its period and is still here" in page.content.decode()
    [drafts] = [row for row in page.context["rows"] if row.label == "Unfinished responses"]
    assert (drafts.held, drafts.due, drafts.by_itself) == (1, 1, False)
    assert drafts.ends == "midday on Tuesday 22 October 2019 (UK time)"
    answer = client.post(page_of(call), form_of(page), follow=True)
    assert "From now on the portal ends this by itself" in answer.content.decode()
    assert page_of(call) not in client.get("/admin/").content.decode()
    confirmation = RetentionConfirmation.objects.get()
    assert (confirmation.by, confirmation.at, confirmation.periods) == (
        manager,
        now,
        default_periods(),
    )
    assert confirmation.due["drafts"] == 1
    rows = client.get(page_of(call)).context["rows"]
    assert [row.label for row in rows if not row.by_itself] == []
    assert [row.label for row in rows if row.by_operators] == ["The record"]
    for_owner = calendar_of(call, at=now)
    assert [row.label for row in for_owner if row.by_operators] == []
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.call) == ("retention_confirmed", manager, call)
    assert carry_out(at=now) == {"drafts": 1}
    make_draft(call, story="More.")
    assert carry_out(at=now + DAY) == {"drafts": 1}
    assert carry_out(at=now + DAY) == {}


def test_list_leads_to_the_calendar_of_the_only_call(call, client):
    client.force_login(manager_of(call))
    listed = client.get(reverse("admin:retention_retentioncalendar_changelist"))
    assert f'href="{page_of(call)}"' in listed.content.decode()
    Submission.objects.all().delete()
    assert "Nobody has confirmed this yet." in client.get(page_of(call)).content.decode()


def test_what_ended_is_on_record_and_in_the_calendar(call, client):
    confirm_retention(call)
    carry_out(at=call.closes_at + 90 * DAY)
    event = AuditEvent.objects.filter(action="data_ended").get()
    assert (event.actor, event.call, event.detail) == (
        None,
        call,
        {"data_class": "drafts", "rule": "90 days after closing", "ended": {"drafts": 1}},
    )
    client.force_login(manager_of(call))
    [ended] = client.get(page_of(call)).context["ended"]
    assert (ended.day, ended.label, ended.rule, ended.counts) == (
        "Tuesday 22 October 2019",
        "Unfinished responses",
        "90 days after closing",
        "drafts: 1",
    )
    confirm_retention(other := make_call())
    for of, number in ((call, 2), (call, 1), (other, 1)):
        for _ in range(number):
            make_draft(of, story="More.")
        carry_out(at=call.closes_at + 91 * DAY)
    assert [(one.day, one.counts) for one in client.get(page_of(call)).context["ended"]] == [
        ("Wednesday 23 October 2019", "drafts: 3"),
        ("Tuesday 22 October 2019", "drafts: 1"),
    ]


@pytest.mark.parametrize("role", [one for one in Role if one != Role.MANAGER])
def test_nobody_but_a_manager_confirms(call, role):
    person = make_user()
    Membership.objects.create(person=person, call=call, role=role)
    client = signed_in(person)
    assert page_of(call) not in client.get("/admin/").content.decode()
    answer = client.post(page_of(call), {"seen": report_etag(call)})
    assert answer.status_code == 403
    with pytest.raises(ConfirmationRefused, match="You may not confirm"):
        confirm(call, seen=report_etag(call), due={}, by=person, at=while_open(call))
    assert not RetentionConfirmation.objects.exists()


def test_manager_of_another_call_finds_no_calendar(call):
    other = manager_of(make_call())
    client = signed_in(other)
    assert client.get(page_of(call)).status_code == 404
    assert client.post(page_of(call), {"seen": report_etag(call)}).status_code == 404
    with pytest.raises(ConfirmationRefused, match="You may not confirm"):
        confirm(call, seen=report_etag(call), due={}, by=other, at=while_open(call))
    listed = client.get(reverse("admin:retention_retentioncalendar_changelist"))
    assert call.title not in listed.content.decode()
    assert not RetentionConfirmation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_does_and_the_other_learns_of_it(call):
    people = [signed_in(manager_of(call, name)) for name in ("ann", "ben")]
    forms = [form_of(one.get(page_of(call))) for one in people]
    answers = at_once(
        [partial(one.post, page_of(call), form) for one, form in zip(people, forms, strict=True)]
    )
    assert [answer.status_code for answer in answers] == [302, 302]
    by = RetentionConfirmation.objects.get().by.username
    assert AuditEvent.objects.filter(action="retention_confirmed").count() == 1
    said = [one.get(page_of(call)).content.decode() for one in people]
    assert [f"This was confirmed already, by {by}." in text for text in said] == [
        by != "ann",
        by != "ben",
    ]


def test_change_that_ends_anything_earlier_asks_for_confirmation_again(call):
    confirm_retention(call)
    Call.objects.update(retention_revision=1)
    call.refresh_from_db()
    assert confirmed_classes(call) == set()
    assert carry_out(at=call.closes_at + 90 * DAY) == {}
    confirm_retention(call)
    assert carry_out(at=call.closes_at + 90 * DAY) == {"drafts": 1}


@pytest.mark.parametrize("change", ["periods", "closing"])
def test_report_that_is_out_of_date_is_not_confirmed(call, change):
    seen = report_etag(call)
    if change == "periods":
        Call.objects.update(retention=default_periods() | {"drafts": "1 day after closing"})
    else:
        Call.objects.update(closes_at=call.closes_at - DAY)
    with pytest.raises(ConfirmationRefused, match="have changed since this page was shown"):
        confirm(call, seen=seen, due={}, by=manager_of(call), at=while_open(call))


def test_later_closing_keeps_the_confirmation_and_moves_the_end(call):
    confirm_retention(call)
    later = closing_times.change_closing_time(
        call, to=call.closes_at + DAY, reason="Power cut", by=make_user(), at=while_open(call)
    )
    assert confirmed_classes(later) == set(DataClass)
    assert carry_out(at=call.closes_at + 90 * DAY) == {}
    assert carry_out(at=call.closes_at + 91 * DAY) == {"drafts": 1}


def test_call_that_is_extended_once_its_data_was_found_keeps_it(call, monkeypatch):
    confirm_retention(call)
    [ending] = [one for one in ENDINGS if one.data_class == DataClass.DRAFTS]

    def found_and_extended(found, *, at):
        number = ending.due(found, at=at)
        Call.objects.update(closes_at=F("closes_at") + DAY)
        return number

    monkeypatch.setattr(carrying_out, "ENDINGS", [replace(ending, due=found_and_extended)])
    assert carry_out(at=call.closes_at + 90 * DAY) == {}
    assert Submission.objects.exists()


def test_data_of_an_open_call_never_ends(call):
    confirm_retention(call)
    Call.objects.update(closes_at=call.closes_at + 900 * DAY)
    assert carry_out(at=call.closes_at + 899 * DAY) == {}
    assert Submission.objects.get().answers.exists()
    assert due_of(Call.objects.get(), at=call.closes_at + 899 * DAY)["drafts"] == 0


def test_confirmation_asks_for_the_password_again_and_then_happens(call):
    client, manager = Client(), manager_of(call)
    client.post("/steering/sign-in/", {"username": manager.username, "password": PASSWORD})
    asked = client.post(page_of(call), form_of(client.get(page_of(call))))
    assert RetentionConfirmation.objects.count() == 0
    gives_password(client, asked)
    assert RetentionConfirmation.objects.get().by == manager
