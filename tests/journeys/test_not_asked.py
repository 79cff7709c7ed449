"""Conditions in a chain: the script follows them at once, the page without it when it is saved."""

import pytest
from playwright.sync_api import expect

from submissions.responses.models import Submission
from tests.makers import make_call, while_open
from tests.submissions.calls.test_cascade import CHAIN, A, B

pytestmark = pytest.mark.django_db(transaction=True)
SAY = {"key": "say", "kind": "long", "label": "Anything to say?"}


@pytest.fixture
def one_page(at):
    call = make_call(about_questions=[*CHAIN, SAY], evidence_questions=[], facets=[])
    at(while_open(call))
    return call


@pytest.fixture
def two_pages(at):
    call = make_call(about_questions=[A, B], evidence_questions=[SAY, CHAIN[2]], facets=[])
    at(while_open(call))
    return call


@pytest.fixture
def open_about(start_response):
    return lambda call, **options: start_response(call, "response/about/", **options)


def choose(page, key, value):
    page.locator(f"[name={key}][value={value}]").check()


def is_shown(page):
    return [key for key in "abcfd" if page.locator(f"#question-{key}").is_visible()]


def go_on(page):
    page.get_by_role("button", name="Save and continue").click()


def test_script_hides_the_whole_chain_at_once_and_brings_it_back(one_page, open_about):
    page = open_about(one_page)
    assert is_shown(page) == ["a", "d"]
    choose(page, "a", "yes")
    assert is_shown(page) == ["a", "b", "d"]
    choose(page, "b", "yes")
    assert is_shown(page) == ["a", "b", "c", "f", "d"]
    page.get_by_label("C?").fill("Of c")
    choose(page, "a", "no")
    assert is_shown(page) == ["a", "d"]
    page.get_by_label("Anything to say?").fill("Words")
    go_on(page)
    page.get_by_role("heading", name="Check your answers").wait_for()
    expect(page.get_by_role("heading", name="Not part of your response")).to_be_visible()
    # The page is drawn as the script left it.
    page.goto(f"/calls/{one_page.slug}/response/about/")
    assert is_shown(page) == ["a", "d"]
    choose(page, "a", "yes")
    assert is_shown(page) == ["a", "b", "c", "f", "d"]
    choose(page, "a", "no")
    go_on(page)
    page.get_by_role("button", name="Submit your response").click()
    page.get_by_text("Of c").wait_for(state="detached")
    page.get_by_role("heading", level=1).wait_for()
    version = Submission.objects.get().submitted_version
    assert (version.choices, version.texts) == ({"a": "no"}, {"say": "Words"})


def test_over_two_pages_the_second_follows_the_first_without_the_script(two_pages, open_about):
    page = open_about(two_pages, java_script_enabled=False)
    choose(page, "a", "yes")
    choose(page, "b", "yes")
    go_on(page)
    page.get_by_label("C?").fill("Of c")
    page.get_by_label("Anything to say?").fill("Words")
    go_on(page)
    page.goto(f"/calls/{two_pages.slug}/response/about/")
    choose(page, "a", "no")
    go_on(page)
    assert is_shown(page) == []
    assert page.get_by_label("Anything to say?").input_value() == "Words"
    go_on(page)
    page.get_by_role("button", name="Submit your response").click()
    page.get_by_role("link", name="Download your receipt").first.wait_for()
    version = Submission.objects.get().submitted_version
    assert (version.choices, version.texts) == ({"a": "no"}, {"say": "Words"})


def test_without_the_script_each_link_of_the_chain_is_in_words_and_nothing_is_demanded(
    one_page, open_about
):
    page = open_about(one_page, java_script_enabled=False)
    assert is_shown(page) == ["a", "b", "c", "f", "d"]
    assert page.get_by_text("Answer this only if you chose “Yes”.").is_visible()
    assert page.get_by_text("Answer this only if your answer to “B?” is “Yes”.").count() == 2
    choose(page, "a", "no")
    choose(page, "b", "yes")
    page.get_by_label("Anything to say?").fill("Words")
    go_on(page)
    page.get_by_role("heading", name="Check your answers").wait_for()
