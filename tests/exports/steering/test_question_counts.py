"""The page that counts every closed question."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership
from accounts.states import Action, Role
from tests.exports.counts.test_tables import make_answered
from tests.exports.steering.pages import tables
from tests.makers import make_call, make_submitted, make_user, withhold

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock_after_closing")]
PAGE = "/steering/the-call/counts/"


def test_page_has_a_table_of_each_closed_question_with_its_base(steering):
    make_answered()
    text = steering.get(f"{PAGE}?view=tables").content.decode()
    shown = tables(text)
    assert list(shown) == [
        "Which describes you?",
        "How old are you?",
        "What have you done?",
        "How fair was each of these? Split of money",
        "How fair was each of these? Split of risk",
        "May we publish your response?",
        "May we quote you?",
        "I may submit this response",
        "Do you set the terms?",
    ]
    assert shown["Do you set the terms?"] == [
        ["Option", "Responses", "Share"],
        ["Yes", "1", "33.3%"],
        ["No", "1", "33.3%"],
        ["Not answered", "1", "33.3%"],
        ["Not asked", "3", ""],
    ]
    assert "Asked: 3. Answered: 2." in text
    assert re.findall(r'<h2 class="section"[^>]*>([^<]*)<', text) == ["About you", "Your evidence"]


def test_charts_fold_and_the_address_opens_one(steering):
    make_answered()
    text = steering.get(f"{PAGE}?open=terms").content.decode()
    assert re.findall(r'id="part-([\w.]+)" open', text) == ["terms"]
    assert (text.count('role="img"'), tables(text)) == (9, {})


def test_counts_come_as_a_download_on_record(steering):
    make_answered()
    text = steering.get(PAGE).content.decode()
    assert '<input type="hidden" name="format" value="counts">' in text
    answer = steering.post("/steering/the-call/exports/", {"format": "counts"})
    assert b"".join(answer.streaming_content).startswith(b"by,row,question,value,")
    event = AuditEvent.objects.get(action="exported")
    assert (event.actor, event.detail["format"]) == (steering.user, "counts")


def test_small_counts_are_hidden(steering):
    call = make_call(slug="the-call", hides_small_counts=True)
    for _ in range(9):
        make_submitted(call, history=["bid"])
    for _ in range(2):
        make_submitted(call, history=["led"])
    text = steering.get(f"{PAGE}?view=tables").content.decode()
    assert tables(text)["What have you done?"][1:] == [
        ["Bid alone", "not shown", ""],
        ["Led a partnership", "fewer than 5", ""],
        ["None of these", "0", "0%"],
        ["Not answered", "0", "0%"],
    ]
    assert "Counts under five are shown as “fewer than 5”." in text


def test_too_few_responses_are_not_counted_at_all(steering):
    call = make_call(slug="the-call", hides_small_counts=True)
    make_submitted(call)
    text = steering.get(PAGE).content.decode()
    assert "There are too few responses to count them here" in text
    assert "<svg" not in text


def test_page_before_the_first_response_says_so(steering):
    make_call(slug="the-call")
    assert "No response has been submitted yet." in steering.get(PAGE).content.decode()


def test_member_of_another_call_finds_nothing_and_a_stranger_signs_in_first(client):
    make_answered()
    answer = client.get(PAGE)
    assert (answer.status_code, "/sign-in/" in answer.url) == (302, True)
    other = make_call(slug="elsewhere")
    stranger = make_user()
    client.force_login(stranger)
    assert client.get(PAGE).status_code == 403
    member = make_user()
    Membership.objects.create(person=member, call=other, role=Role.STEERING_MEMBER)
    client.force_login(member)
    assert client.get(PAGE).status_code == 404


def test_member_without_leave_to_see_charts_is_refused(client):
    make_answered()
    user = make_user(Role.STEERING_MEMBER)
    withhold(user, Action.SEE_STEERING)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403


def test_who_may_not_export_sees_the_counts_without_a_download(client):
    make_answered()
    user = make_user(Role.STEERING_MEMBER)
    withhold(user, Action.EXPORT)
    client.force_login(user)
    text = client.get(PAGE).content.decode()
    assert "Do you set the terms?" in text
    assert "Download the counts as CSV" not in text
    assert client.post("/steering/the-call/exports/", {"format": "counts"}).status_code == 403


def test_page_asks_as_much_for_many_responses_as_for_one(steering):
    call = make_call(slug="the-call")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_submitted(call, history=["bid"])
        with CaptureQueriesContext(connection) as queries:
            steering.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
