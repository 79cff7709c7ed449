"""Who read a response, on its page, for those who may read the record."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.memberships import give
from accounts.models import AuditEvent
from accounts.record import record
from accounts.states import Action, AuditAction, Role
from review.admin import response_page
from tests.makers import make_call, make_submitted, make_user, while_open, withhold
from tests.threads import at_once


@pytest.fixture
def response(db):
    return make_submitted()


def signed_in(role, name, **fields):
    client = Client()
    client.force_login(make_user(role, username=name, **fields))
    return client


def page_of(response):
    return reverse("admin:submissions_submission_change", args=[response.pk])


def readings(client, response):
    """The rows of the table, as cells; None if the page has no such section."""
    text = client.get(page_of(response)).content.decode()
    if "Who read it" not in text:
        return None
    _, _, section = text.partition('id="readings"')
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", section)
    return [tuple(html.unescape(cell) for cell in row) for row in rows]


def test_page_says_who_read_it_when_and_what(response, at):
    at(while_open(response.call))
    ann = signed_in(Role.MANAGER, "ann")
    bea = signed_in(Role.REVIEWER, "bea")
    assert readings(ann, response) == []
    assert (
        "Nobody before you."
        in signed_in(Role.MANAGER, "cy")
        .get(page_of(make_submitted(response.call)))
        .content.decode()
    )
    bea.get(page_of(response))
    mail = response.mails.get()
    ann.get(reverse("admin:submissions_outboxemail_change", args=[mail.pk]))
    when = "23 July 2019, 12:00:00"
    shown = readings(ann, response)
    assert [row[1:] for row in shown] == [
        ("ann", "a mail about it"),
        ("bea", "version 1"),
        ("ann", "version 1, with who answered"),
    ]
    assert {row[0] for row in shown} == {when}


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["codings", "redactions", "similar"])
def test_page_of_one_answer_goes_on_record(page):
    response = make_submitted(story="Paid late.")
    bea = signed_in(Role.REVIEWER, "bea")
    answer = bea.get(f"/admin/submissions/submission/{response.pk}/{page}/story/")
    assert "Paid late." in answer.content.decode()
    shown = readings(signed_in(Role.MANAGER, "ann"), response)
    assert [row[1:] for row in shown] == [("bea", "answers to one question")]


def test_who_may_not_read_the_record_is_not_told(response):
    signed_in(Role.MANAGER, "ann").get(page_of(response))
    assert readings(signed_in(Role.REVIEWER, "bea"), response) is None
    cy = make_user(Role.MANAGER, username="cy")
    withhold(cy, Action.READ_RECORD)
    client = Client()
    client.force_login(cy)
    assert readings(client, response) is None


def test_manager_of_another_call_finds_neither_the_page_nor_who_read_it(response):
    other = make_call()
    person = make_user(username="of-the-other-call")
    give(person=person, call=other, role=Role.MANAGER, by=None, at=while_open(other))
    client = Client()
    client.force_login(person)
    answer = client.get(page_of(response))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert not AuditEvent.objects.filter(submission=response).exists()


def test_latest_readings_are_shown_and_the_others_counted(response, monkeypatch):
    ann = make_user(Role.MANAGER, username="ann")
    client = Client()
    client.force_login(ann)

    def read(times):
        for _ in range(times):
            record(
                by=ann,
                at=while_open(response.call),
                action=AuditAction.RESPONSE_OPENED,
                call=response.call,
                submission=response,
                version=1,
            )

    monkeypatch.setattr(response_page, "READINGS_SHOWN", 3)
    read(1)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert len(readings(client, response)) == 1
    read(3)
    with CaptureQueriesContext(connection) as several:
        text = client.get(page_of(response)).content.decode()
    assert "It was read 2 times before these." in text
    assert f"/admin/accounts/auditevent/?q={response.reference}" in text
    assert len(several) == len(one) + 1  # the others are counted


@pytest.mark.django_db(transaction=True)
def test_two_who_open_it_at_once_are_both_on_record():
    response = make_submitted()
    people = [signed_in(Role.MANAGER, name) for name in ("ann", "bea")]
    answers = at_once([lambda p=person: p.get(page_of(response)) for person in people])
    assert [answer.status_code for answer in answers] == [200, 200]
    readers = AuditEvent.objects.filter(submission=response).values_list(
        "actor__username", flat=True
    )
    assert sorted(readers) == ["ann", "bea"]
