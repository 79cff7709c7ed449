"""The pages of a call, and starting a response."""

from datetime import timedelta

import pytest

from submissions.responses.models import Submission
from tests.makers import make_call, make_first_call, press_submit, while_open
from tests.submissions.respondent.answering import MICROSECOND, address, start, start_with, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def test_home_with_one_call_leads_to_it(client, call):
    assert client.get("/")["Location"] == address(call)


def test_home_with_two_calls_lists_them_by_state(client, call, at):
    make_call(title="Earlier call", closes_at=call.opens_at + timedelta(days=1))
    text = text_of(client.get("/"))
    assert text.index("Open now") < text.index(call.title)
    assert text.index("Closed") < text.index("Earlier call")


def test_call_page_says_what_who_and_when(client, call):
    text = text_of(client.get(address(call)))
    assert "midday on Wednesday 24 July 2019 (UK time)" in text
    assert all(role.label in text for role in call.roles.all())
    assert call.what_happens_next in text


def test_call_page_says_what_to_know_before_starting_until_the_call_closes(client, call, at):
    at(call.closes_at - MICROSECOND)
    assert "Before you start It takes about 5 minutes: 2 sections. You do not" in text_of(
        client.get(address(call))
    )
    at(call.closes_at)
    text = text_of(client.get(address(call)))
    assert "Before you start" not in text
    assert "I commission services Something else Read all the questions What happens next" in text


def test_call_page_gives_the_minutes_of_the_shortest_and_the_longest_route(client, at):
    call = make_first_call()
    at(while_open(call))
    text = text_of(client.get(address(call)))
    assert "It takes about 10 to 25 minutes: 7 sections at most." in text


def test_questions_page_shows_every_question_without_a_draft(client, call):
    text = text_of(client.get(address(call, "questions/")))
    assert [q.label for q in call.questions_in_order if q.label not in text] == []
    assert Submission.objects.count() == 0


def test_start_twice_goes_on_with_the_same_draft(client, call):
    start(client, call)
    assert client.post(address(call, "start/"))["Location"] == address(call, "response/")
    assert Submission.objects.count() == 1


def test_start_after_closing_is_refused_in_words(client, call, at):
    at(call.closes_at)
    response = client.post(address(call, "start/"))
    assert response.status_code == 403
    assert "This call closed at midday on Wednesday 24 July 2019 (UK time)." in text_of(response)
    assert Submission.objects.count() == 0


def test_second_response_is_a_new_one(client, call):
    first = start_with(client, call)
    press_submit(client, call)
    assert client.post(address(call, "start/"))["Location"] == address(call, "response/submitted/")
    client.post(address(call, "start/"), {"another": "1"})
    assert Submission.objects.latest("pk") != first
    assert client.get(address(call, "response/")).status_code == 200
