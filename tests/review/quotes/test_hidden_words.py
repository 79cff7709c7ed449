"""Words that are hidden from readers outside the team leave in no quote."""

import pytest

from accounts.states import Role
from review.errors import QuoteRefused
from review.quotes.bank_file import export_bank
from review.quotes.citing import copy_quote
from review.redaction.proposing import propose
from review.redaction.redacting import approve
from review.states import RedactionReason
from tests.makers import make_call, make_user, while_open
from tests.review.quotes.quoting import fresh, make_quotable, make_quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote():
    return make_quote(make_quotable(make_call()))


def hide(quote, start, end):
    at = while_open(quote.call)
    redaction = propose(
        version=quote.version,
        question=quote.question,
        start=start,
        end=end,
        reason=RedactionReason.AUTHOR,
        by=make_user(Role.MANAGER),
        at=at,
    )
    approve(redaction, by=make_user(Role.MANAGER), at=at)


def exported(quote):
    made = export_bank(quote.call, by=make_user(Role.CODER), at=while_open(quote.call))
    return made.decode("utf-8-sig")


def test_hidden_words_are_hidden_in_copies_and_in_the_file(quote):
    hide(quote, 0, 3)
    by, at = make_user(Role.CODER), while_open(quote.call)
    assert copy_quote(fresh(quote), by=by, at=at).words == "███ is late."
    assert ("███ is late." in exported(quote), "Pay" in exported(quote)) == (True, False)


def test_quote_whose_words_are_all_hidden_does_not_leave(quote):
    hide(quote, 0, 12)
    with pytest.raises(QuoteRefused, match="All of its words are hidden"):
        copy_quote(fresh(quote), by=make_user(Role.CODER), at=while_open(quote.call))
    assert str(quote.guid) not in exported(quote)


def test_bank_says_that_all_words_are_hidden_and_offers_no_copy(client, quote):
    hide(quote, 0, 12)
    client.force_login(make_user(Role.MANAGER))
    listed = client.get("/admin/review/quote/").content.decode()
    assert "Cannot be quoted: All of its words are hidden" in listed
    assert f"/admin/review/quote/{quote.pk}/copy/" not in listed
    assert client.get("/admin/review/quote/?quoting=yes").context["cl"].result_count == 0


def test_digest_of_a_version_with_hidden_words_does_not_leave(quote):
    assert quote.version.sha256 in exported(quote)
    hide(quote, 0, 3)
    assert quote.version.sha256 not in exported(quote)
