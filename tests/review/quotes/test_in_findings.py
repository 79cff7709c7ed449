"""Quotes and the findings that use them: the filter of the bank, and one-sided findings."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from review.coding.samples import draw_sample
from review.findings.passages import put_passage
from review.models import Quote
from review.quotes.marking import unmark_quote
from review.states import Stance
from tests.review.coding_pages import signed_in
from tests.review.findings.made import Evidence
from tests.review.quotes.quoting import make_quote

pytestmark = pytest.mark.django_db
BANK = "/admin/review/quote/"


@pytest.fixture
def made(at):
    made = Evidence()
    at(made.at)
    return made


def listed(client, used):
    return [row.pk for row in client.get(BANK, {"used": used}).context["cl"].result_list]


def test_bank_is_narrowed_by_use_and_a_quote_names_its_findings(made):
    used, unused = (make_quote(one, "They paid us late.") for one in made.responses[:2])
    finding = made.find()
    put_passage(finding, used, stance=Stance.SUPPORTS, by=made.ann, at=made.at)
    client = signed_in(made.ann)
    assert (listed(client, "yes"), listed(client, "no")) == ([used.pk], [unused.pk])
    link = f'{reverse("admin:review_finding_change", args=[finding.pk])}">{finding.title}</a>'
    pages = [
        client.get(reverse("admin:review_quote_change", args=[one.pk])).content.decode()
        for one in (used, unused)
    ]
    assert [link in page for page in pages] == [True, False]
    said = [
        client.post(reverse("admin:review_quote_take_out", args=[one.pk]), follow=True)
        .content.decode()
        .count(f"It stays in “{finding.title}” as a place: no report prints its words.")
        for one in (used, unused)
    ]
    assert said == [1, 0]


def test_who_codes_blind_is_not_told_into_which_finding_others_put_their_quote(made):
    quote = make_quote(made.responses[0], "They paid us late.", by=made.ben)
    put_passage(made.find(), quote, stance=Stance.SUPPORTS, by=made.ann, at=made.at)
    draw_sample(
        call=made.call,
        size=3,
        coders=[made.ann, made.ben],
        facet="",
        is_blind=True,
        by=made.ann,
        at=made.at,
    )
    assert unmark_quote(quote, by=made.ben, at=made.at) == []
    assert not Quote.objects.exists()


def test_page_of_a_finding_says_what_is_one_sided_about_its_quotes(made):
    finding, response = made.find(), made.responses[0]
    made.respond(roles=["commissioner"])
    for words in ("They paid us late.", "The prime kept half."):
        quote = make_quote(response, words)
        put_passage(finding, quote, stance=Stance.SUPPORTS, by=made.ann, at=made.at)
    page = signed_in(made.ann).get(reverse("admin:review_finding_change", args=[finding.pk]))
    shown = page.content.decode()
    assert f"Too many from one respondent: 2 of 2 quotes are from {response.reference}." in shown
    only = "One side only, by role: all are from “I provide services”"
    assert escape(only) in shown
