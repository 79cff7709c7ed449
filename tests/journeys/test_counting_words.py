"""The browser's count of words while somebody types: the server's, or said to be an estimate."""

import json
import re

import pytest
from playwright.sync_api import expect

from core.words import count_words
from tests.makers import make_call, while_open
from tests.unspaced import UNSPACED

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 500
SPACED = ["", "well-kept  and\ntrue.", "Cafe\u0301 – 한국어 문장", "one\u3000two"]
# Which words these have, no dictionary decides.
MIXED = ["e-mailの", "(2019/20)年", "www.example.orgの", "COVID-19的", "A/B的"]
PAUSE = 300  # milliseconds, after which the page counts
STORY = {"key": "story", "kind": "long", "label": "What happened?", "max_words": LIMIT}


@pytest.fixture
def page(start_response, at):
    call = make_call(evidence_questions=[STORY])
    at(while_open(call))
    page = start_response(call, "response/evidence/")
    page.clock.install()
    return page


def write(page, text):
    page.locator("[name=story]").fill(text)
    page.clock.fast_forward(PAUSE)


def count(page):
    return page.locator("p.count:not(.visually-hidden)")


def test_count_beside_the_field_is_the_servers_or_near_it_and_says_so(page):
    shown = counts(page, [*SPACED, *MIXED, *(text for text, _words in UNSPACED)])
    for text in SPACED:
        assert shown[text] == f"{LIMIT - count_words(text)} words left"
    for text in MIXED:
        assert shown[text].startswith(f"{LIMIT - count_words(text)} words left"), text
    for text, words in UNSPACED:
        left, estimate = re.fullmatch(r"(\d+) words left( .*)", shown[text]).groups()
        assert estimate == " (an estimate: we count again when you save)"
        # Browsers bring dictionaries of their own; of Khmer and Lao they know fewer words.
        assert abs(LIMIT - int(left) - words) <= words // 3, text


def counts(page, texts):
    """What is said beside the field, for each text."""
    shown = {}
    for text in texts:
        write(page, text)
        shown[text] = count(page).inner_text()
    return shown


def test_browser_that_cannot_tell_words_apart_shows_no_count(page):
    page.add_init_script("delete Intl.Segmenter")
    page.reload()
    write(page, "two words")
    expect(count(page)).to_have_text(f"{LIMIT - 2} words left")
    write(page, "我们的组织没有得到资助")
    expect(count(page)).to_be_hidden()
    write(page, "one")
    expect(count(page)).to_have_text(f"{LIMIT - 1} words left")


def test_count_takes_the_form_that_the_page_gives_for_its_number(page):
    write(page, "word " * (LIMIT - 1))
    expect(count(page)).to_have_text("1 word left")
    write(page, "word " * (LIMIT + 1))
    expect(count(page)).to_have_text("1 word too many")
    given = json.dumps([["{n} other", "{n} of 102"], "0" * 102 + "1"])
    page.locator("[data-words-left]").evaluate(
        "(e, given) => { e.dataset.wordsLeft = given }", given
    )
    for left, shown in (
        (2, "2 other"),
        (102, "102 of 102"),
        (302, "302 of 102"),
        (301, "301 other"),
    ):
        write(page, "word " * (LIMIT - left))
        expect(count(page)).to_have_text(shown)
