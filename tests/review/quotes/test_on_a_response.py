"""Marking passages as quotable on the page of a response, with and without JavaScript."""

import pytest
from django.urls import reverse

from review.models import Coding, Quote
from review.quotes.quote_words import words_of
from tests.makers import make_call, make_code, while_open
from tests.review.coding_pages import STORY, address, coder, of_words, page, part, signed_in
from tests.review.quotes.quoting import make_quotable, make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def response(at):
    call = make_call()
    at(while_open(call))
    return make_quotable(call, story=STORY)


@pytest.fixture
def client(response):
    return signed_in(coder(response.call))


def mark(client, response, **given):
    return client.post(address(response), {"version": "1", "mark": "chosen"} | given)


def marked():
    return [words_of(quote) for quote in Quote.objects.order_by("pk")]


def test_ticked_passages_are_marked_without_a_code(client, response):
    answer = mark(client, response, passage=[part("Fair pay 😎."), part("They do.")])
    assert answer.url == f"/admin/submissions/submission/{response.pk}/change/#answer-story"
    assert marked() == ["Fair pay 😎.", "They do."]
    assert not Coding.objects.exists()
    assert "2 passages are in the quote bank." in client.get(answer.url).content.decode()


def test_selection_of_a_browser_is_marked_and_the_answer_is_drawn_anew(client, response):
    answer = mark(client, response, **of_words("😎. Rivals"))
    assert marked() == ["😎. Rivals"]
    assert "1 passage in the quote bank" in answer.content.decode()
    assert '<p id="coding-said">It is in the quote bank.</p>' in answer.content.decode()


def test_passage_of_a_coding_is_marked_by_its_button(client, response):
    make_code(call=response.call, name="Pay")
    client.post(address(response), {"version": "1", "code": "Pay", "passage": part("They do.")})
    button = f'name="mark" value="{part("They do.")}" formaction="{address(response)}"'
    assert button in page(client, response)
    mark(client, response, mark=part("They do."))
    assert marked() == ["They do."]


def test_refused_mark_says_what_is_wrong(client, response):
    for given, said in (
        ({}, "Tick what it is about"),
        ({"passage": ["0-9999"]}, "The passage is not within the answer"),
        ({"mark": "0-9999"}, "The passage is not within the answer"),
        ({"version": "7", "passage": ["0-4"]}, "its author submitted version 1"),
        (of_words("Fair") | {"quote": "Foul"}, "choose them again"),
    ):
        answer = mark(client, response, **given)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), given
    assert not Quote.objects.exists()


def test_quote_that_is_forbidden_is_marked_and_says_why_it_has_no_copy(client, response):
    other = make_quotable(response.call, quote_ok="no")
    answer = client.post(
        address(other), {"version": "1", "mark": "0-4", "fragment": "1"}
    ).content.decode()
    reason = "Its author does not want to be quoted"
    assert f"The bank gives no copy of it: {reason}." in answer
    assert f"It cannot be quoted: {reason}" in page(client, other)


def test_quote_is_taken_out_on_the_page_of_the_response(client, response):
    quote = make_quote(response, "They do.")
    away = reverse("admin:submissions_submission_uncode", args=[response.pk, "story"])
    assert f'name="quote_key" value="{quote.pk}"' in page(client, response)
    answer = client.post(away, {"quote_key": quote.pk, "fragment": "1"}).content.decode()
    assert "The passage is not in the quote bank any more." in answer
    assert not Quote.objects.exists()
    again = client.post(away, {"quote_key": quote.pk, "fragment": "1"}).content.decode()
    assert "This quote is gone already." in again
    assert client.post(away, {"quote_key": "x" * 50}).status_code == 302
