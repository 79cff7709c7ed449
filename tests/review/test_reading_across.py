"""Reading across: all answers to one question, under the filters of the list."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.memberships import give
from accounts.models import AuditEvent
from accounts.states import Role
from review.admin import across
from submissions.responses.amending import withdraw
from tests.makers import make_call, make_draft, make_submitted, make_user, while_open
from tests.review.response_pages import consider_of, made, page_of


@pytest.fixture
def staff(client):
    client.user = make_user(Role.MANAGER)
    client.force_login(client.user)
    return client


def across_of(call, key="story", query=""):
    question = call.questions.get(key=key)
    return reverse("admin:submissions_submission_question", args=[question.pk]) + query


def shown(page):
    """The references of a page, and the text of each answer."""
    found = re.findall(
        r'<h2 id="reference-\d+"><a href="[^"]*">([^<]*)</a></h2>'
        r'.*?<div class="given" dir="auto">(.*?)</div>',
        page.content.decode(),
        flags=re.DOTALL,
    )
    return [(reference, html.unescape(text)) for reference, text in found]


@pytest.mark.django_db
def test_question_has_all_its_answers_with_whose_and_what_they_allow(staff):
    call = make_call()
    start = while_open(call)
    first = make_submitted(
        call, at=start, roles=["provider", "commissioner"], story="A <b>story</b>", email="a@b.org"
    )
    last = make_submitted(
        call,
        at=start + timedelta(minutes=1),
        roles=["commissioner"],
        story="Another\nof two lines",
        publication="confidential",
    )
    withdraw(submission=make_submitted(call, story="Withdrawn"), at=start)
    make_draft(call, story="A draft")
    make_submitted(make_call(), story="In another call")
    page = staff.get(across_of(call))
    assert shown(page) == [(str(last), "Another\nof two lines"), (str(first), "A <b>story</b>")]
    text = html.unescape(page.content.decode())
    assert "2 responses answer this question." in text
    assert re.findall(r'<p class="consent[^"]*"><strong>([^<]*)', text) == [
        "Do not publish: project team only.",
        "Publish with the name of the person.",  # the call asks for no organisation's
    ]
    assert re.findall(r"(Role: [^.]*\. Received [^(]*)", text) == [
        "Role: commissioner. Received 23 July 2019, 12:01:00 ",
        "Role: provider, commissioner. Received 23 July 2019, 12:00:00 ",
    ]
    assert "a@b.org" not in text


@pytest.mark.django_db
def test_closed_question_has_the_answers_of_who_answered_it_by_their_labels(staff):
    history, fairness = ["bid", "led"], {"risk": "poor"}
    call = make_call()
    make_submitted(call)  # with what must be answered, and nothing else
    response = make_submitted(
        call, roles=["provider"], history=history, fairness=fairness, quote_ok="no"
    )
    for key, said, others in (
        ("roles", "- I provide services", 1),
        ("history", "- Bid alone\n- Led a partnership", 0),
        ("fairness", "- Split of risk: Poor", 0),
        ("quote_ok", "No", 1),
        ("declaration", "Yes", 1),
    ):
        answers = shown(staff.get(across_of(call, key)))
        assert ((str(response), said) in answers, len(answers)) == (True, 1 + others), key


@pytest.mark.django_db
def test_who_answered_and_files_are_not_read_across(staff):
    call = make_call()
    make_submitted(call, email="someone@example.org")
    questions = staff.get(reverse("admin:submissions_submission_questions")).content.decode()
    for key in ("email", "documents"):
        assert staff.get(across_of(call, key)).status_code == 404
        assert across_of(call, key) not in questions
    assert across_of(call) in questions


@pytest.mark.django_db
def test_answers_keep_to_the_filters_of_the_list_and_lead_to_their_place_and_back(
    staff, monkeypatch
):
    monkeypatch.setattr(across, "ANSWERS_A_PAGE", 2)
    call = make_call()
    every = made(call, 5, story="A story", roles=["provider"])
    make_submitted(call, story="Elsewhere", roles=["commissioner"])
    filters = "facet_roles=provider"
    kept = "_changelist_filters=facet_roles%3Dprovider"
    page = staff.get(across_of(call, query=f"?{kept}&page=2"))
    assert [reference for reference, _ in shown(page)] == [str(every[2]), str(every[3])]
    address = html.unescape(
        re.search(r'<h2 id="reference-\d+"><a href="([^"]*)"', page.content.decode())[1]
    )
    assert address == f"{page_of(every[2], filters)}&question=story#answer-story"
    opened = staff.get(address.partition("#")[0]).context
    listed = opened["listed"]
    assert (listed.place, listed.total) == (3, 5)
    assert listed.next == f"{page_of(every[3], filters)}&question=story#answer-story"
    back, _, place = listed.back.partition("#")
    assert place == f"response-{every[2].pk}"
    assert shown(staff.get(back)) == shown(page)
    considered = staff.post(
        f"{consider_of(every[2], filters)}&question=story",
        {"base_etag": opened["base_etag"]},
    )
    assert considered["Location"] == listed.next


@pytest.mark.django_db
def test_what_a_page_of_answers_shows_is_on_record_once(staff, monkeypatch):
    monkeypatch.setattr(across, "ANSWERS_A_PAGE", 2)
    call = make_call()
    every = made(call, 3, story="A story")
    for number in (1, 2):
        staff.get(across_of(call, query=f"?page={number}"))
    events = AuditEvent.objects.filter(action="question_read").order_by("pk")
    assert [(event.actor, event.call, event.submission, event.detail) for event in events] == [
        (staff.user, call, None, {"question": "story", "shown": [str(r) for r in every[:2]]}),
        (staff.user, call, None, {"question": "story", "shown": [str(every[2])]}),
    ]
    text = staff.get(page_of(every[0])).content.decode()
    assert text.count("<td>answers to one question</td>") == 1
    found = staff.get("/admin/accounts/auditevent/", {"q": str(every[0]).lower()}).content.decode()
    assert found.count('<td class="field-action">Read the answers to a question</td>') == 1


@pytest.mark.django_db
def test_page_of_answers_takes_as_many_queries_for_many_as_for_one(staff):
    call = make_call()
    make_submitted(call, story="A story")

    def queries():
        with CaptureQueriesContext(connection) as taken:
            staff.get(across_of(call))
        return len(taken)

    staff.get(across_of(call))
    alone = queries()
    made(call, 4, story="A story")
    assert queries() == alone


@pytest.mark.django_db
def test_answers_are_for_people_who_may_read_the_responses_of_the_call():
    call = make_call()
    make_submitted(call, story="A story")
    other = make_call()
    person = make_user(username="of-the-other-call")
    give(person=person, call=other, role=Role.MANAGER, by=None, at=while_open(other))
    for who, code in ((person, 404), (make_user(Role.STEERING_MEMBER), 403)):
        client = Client()
        client.force_login(who)
        assert client.get(across_of(call)).status_code == code
    assert not AuditEvent.objects.filter(action="question_read").exists()
