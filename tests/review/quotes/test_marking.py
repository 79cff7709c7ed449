"""Passages go into the quote bank and out of it, and never leave the answer."""

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from review.errors import QuoteRefused
from review.models import Quote
from review.quotes.marking import mark_quote, unmark_quote
from review.quotes.quote_words import words_of
from submissions.responses.states import SubmissionState
from tests.makers import make_call, make_submitted, make_user, make_user_who_may, while_open

pytestmark = pytest.mark.django_db
STORY = "Pay is late 😎. They do."


@pytest.fixture
def response():
    return make_submitted(make_call(), story=STORY)


def mark(response, words="Pay is late 😎.", *, by=None, key="story"):
    start = STORY.index(words)
    return mark_quote(
        version=response.current_version,
        question=response.call.questions.get(key=key),
        start=start,
        end=start + len(words),
        by=by or make_user(Role.CODER),
        at=while_open(response.call),
    )


def test_quote_has_the_words_of_its_version(response):
    assert words_of(Quote.objects.get(pk=mark(response).pk)) == "Pay is late 😎."


def test_passage_is_marked_once_whoever_marks_it_again(response):
    first = mark(response)
    assert mark(response).pk == first.pk
    assert Quote.objects.get().by == first.by


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 3), (-1, 3), (0, len(STORY) + 1)])
def test_passage_outside_the_answer_is_refused(response, start, end):
    with pytest.raises(QuoteRefused, match="The passage is not within the answer"):
        mark_quote(
            version=response.current_version,
            question=response.call.questions.get(key="story"),
            start=start,
            end=end,
            by=make_user(Role.CODER),
            at=while_open(response.call),
        )


def test_who_may_not_code_marks_nothing_and_takes_nothing_out(response):
    reader = make_user_who_may(Action.READ_RESPONSES)
    with pytest.raises(QuoteRefused, match="You may not mark quotes in this call"):
        mark(response, by=reader)
    quote = mark(response)
    with pytest.raises(QuoteRefused, match="You may not take quotes out of the bank"):
        unmark_quote(quote, by=reader, at=while_open(response.call))
    assert Quote.objects.get() == quote


def test_withdrawn_response_takes_no_mark(response):
    response.state, response.withdrawn_at = SubmissionState.WITHDRAWN, while_open(response.call)
    response.save()
    with pytest.raises(QuoteRefused, match="not among those that count"):
        mark(response)


def test_question_of_another_call_is_refused(response):
    other = make_call().questions.get(key="story")
    with pytest.raises(QuoteRefused, match="belong to one call"):
        mark_quote(
            version=response.current_version,
            question=other,
            start=0,
            end=3,
            by=make_user(Role.CODER),
            at=while_open(response.call),
        )


def test_taking_a_quote_out_is_on_record_without_its_words(response):
    quote, by = mark(response), make_user(Role.CODER)
    unmark_quote(quote, by=by, at=while_open(response.call))
    unmark_quote(quote, by=by, at=while_open(response.call))
    event = AuditEvent.objects.get(action=AuditAction.QUOTE_UNMARKED)
    assert (event.actor, event.detail) == (
        by,
        {
            "quote": str(quote.guid),
            "marked_by": quote.by_id,
            "version": 1,
            "question": "story",
            "passage": [0, 14],
        },
    )
    assert not Quote.objects.exists()
