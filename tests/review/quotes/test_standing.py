"""A quote says what became of it: consent, a later version, and words that are no more there."""

from copy import deepcopy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.coding.places_in_text import Passage
from review.errors import QuoteRefused
from review.models import Quote, Redaction
from review.quotes.citing import copy_quote
from review.quotes.consent import Later, standing_of_each, why_not_usable
from review.quotes.quote_words import words_of
from review.redaction.redacting import ask_back, show_again
from submissions.responses import amending
from submissions.responses.states import ErasureScope
from tests.makers import OPENS_AT, make_call, make_user, while_open
from tests.personal_data.erasures import erase
from tests.review.quotes.quoting import fresh, make_quotable, make_quote
from tests.review.redaction_makers import make_redaction
from tests.review.response_pages import amended

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db, at):
    call = deepcopy(rows)
    at(while_open(call))
    return call


@pytest.fixture
def quote(call):
    return make_quote(make_quotable(call))


def standing(quote):
    return standing_of_each([fresh(quote)])[quote.pk]


def show_again_in_latest(response, words):
    """Two people show again what was carried over to the latest version."""
    version = response.current_version
    start = version.texts["story"].index(words)
    carried = Redaction.objects.get(version=version, start=start)
    ask_back(carried, words="So", by=make_user(Role.REVIEWER), at=OPENS_AT)
    show_again(carried, by=make_user(Role.REVIEWER), at=OPENS_AT)


def test_quote_that_may_be_used_has_no_reason_and_nothing_later(quote):
    found = standing(quote)
    assert (found.why_not, found.later) == (None, None)


def test_words_that_the_later_version_has_are_told_with_their_place(quote):
    amended(quote.version.submission, story="In short: Pay is late. They do.")
    found = standing(quote)
    assert (found.why_not, found.later) == (None, Later(2, True, Passage(10, 22)))


def test_words_that_nobody_can_tell_apart_are_still_there(quote):
    amended(quote.version.submission, story="Pay is late. Pay is late.")
    found = standing(quote)
    assert (found.why_not, found.later) == (None, Later(2, True, None))


def test_words_that_its_author_took_out_are_not_used(quote):
    amended(quote.version.submission, story="Nothing to say.")
    assert standing(quote).later == Later(2, False, None)
    assert why_not_usable(fresh(quote)) == (
        "Its author has taken these words out: version 2 has them no more"
    )


def test_words_that_the_later_version_hides_are_not_used(call):
    response = make_quotable(call, story="Pay is late. They owe Jo.")
    paid, named = make_quote(response), make_quote(response, "They owe Jo.")
    make_redaction(response, "Jo")
    amended(response, story="It is bad: Pay is late. They owe Jo.")
    assert standing(paid).why_not is standing(named).why_not is None
    assert words_of(fresh(named)) == "They owe ██."
    response.refresh_from_db()
    make_redaction(response, "bad: Pay is late.")
    assert standing(paid).why_not == "Readers outside the team do not see all of it in version 2"
    assert standing(named).why_not is None
    # Words that are shown in version 2 again stay hidden in a quote of version 1.
    show_again_in_latest(response, "Jo")
    assert standing(named).why_not is None
    assert words_of(fresh(named)) == "They owe ██."


def test_words_that_stand_more_often_later_and_are_hidden_there_are_not_used(quote):
    response = quote.version.submission
    amended(response, story="Pay is late. Pay is late. It is.")
    response.refresh_from_db()
    make_redaction(response, "Pay is late. Pay is late.")
    assert standing(quote).later == Later(2, True, None)
    assert why_not_usable(fresh(quote)) == (
        "Readers outside the team do not see all of it in version 2"
    )


def test_consent_of_the_later_version_counts(quote):
    amended(quote.version.submission, quote_ok="no")
    assert why_not_usable(fresh(quote)) == "Its author does not want to be quoted"


def test_withdrawn_response_is_not_used(quote, call):
    amending.withdraw(submission=quote.version.submission, at=while_open(call))
    assert why_not_usable(fresh(quote)) == "Its author has withdrawn this response"


def test_quote_ends_with_its_response(quote, call):
    erase(quote.version.submission, at=while_open(call), scope=ErasureScope.RESPONSE)
    assert not Quote.objects.exists()


def test_copy_has_its_place_and_goes_on_record(quote, call):
    by = make_user(Role.CODER)
    citation = copy_quote(quote, by=by, at=while_open(call))
    reference = quote.version.submission.reference
    assert str(citation) == (
        "“Pay is late.”\n"
        f"(I provide services, {reference}, version 1, answer to “What happened?”, "
        "characters 0 to 12)"
    )
    event = AuditEvent.objects.get(action=AuditAction.QUOTE_COPIED)
    assert (event.actor, event.submission, event.detail) == (
        by,
        quote.version.submission,
        {"quote": str(quote.guid), "version": 1, "question": "story", "passage": [0, 12]},
    )


def test_copy_is_refused_where_consent_has_gone_since(quote, call):
    amended(quote.version.submission, publication="confidential")
    said = "This cannot be quoted. Confidential: for the project team only"
    with pytest.raises(QuoteRefused, match=said):
        copy_quote(quote, by=make_user(Role.CODER), at=while_open(call))
    assert not AuditEvent.objects.filter(action=AuditAction.QUOTE_COPIED).exists()


def test_many_quotes_are_judged_in_as_many_queries_as_one(call):
    quotes = []
    numbers = []
    for _ in range(3):
        quote = make_quote(make_quotable(call))
        amended(quote.version.submission, story="Pay is late. More.")
        quotes.append(fresh(quote))
        with CaptureQueriesContext(connection) as queries:
            standing_of_each(quotes)
        numbers.append(len(queries))
    assert numbers[0] == numbers[2]
