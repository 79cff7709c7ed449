"""What static/js/portal.js adds to pages that work without it, seen in a browser."""

import pytest

from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def open_section(start_response, call):
    """Start a response and open one of its sections: `open_section("about")`."""

    return lambda section, **options: start_response(call, f"response/{section}/", **options)


def test_revealed_question_comes_and_goes_and_a_second_press_sends_nothing_more(open_section):
    page = open_section("about")
    follow_up = page.get_by_label("Describe your role")
    assert follow_up.is_hidden()
    page.get_by_label("Something else").check()
    assert follow_up.is_visible()
    follow_up.fill("A bystander")
    page.get_by_label("Something else").uncheck()
    assert follow_up.is_hidden()
    assert follow_up.input_value() == "A bystander"
    held_back = page.evaluate(
        """() => {
            const seen = [];
            addEventListener("submit", (event) => {
                seen.push(event.defaultPrevented);
                event.preventDefault();
            });
            const button = document.querySelector("button[value=continue]");
            button.click();
            button.click();
            return seen;
        }"""
    )
    assert held_back == [False, True]


def test_negated_condition_hides_until_another_choice_is_made(open_section):
    page = open_section("evidence/2")
    question = page.locator("#question-quote_ok")
    assert question.is_hidden()
    page.get_by_label("Publish with a name").check()
    assert question.is_visible()
    page.get_by_label("Do not publish").check()
    assert question.is_hidden()
    # A condition of another page hides nothing.
    assert page.get_by_label("What do you see as a commissioner?").is_visible()
    # The Enter key saves and goes on.
    page.get_by_label("Do not publish").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="There is a problem").wait_for()


def test_without_the_script_every_question_is_there_in_words(open_section):
    page = open_section("about", java_script_enabled=False)
    assert page.get_by_label("Describe your role").is_visible()
    assert page.get_by_text("Answer this only if you ticked “Something else”.").is_visible()


def test_exclusive_option_rules_others_out_and_words_are_counted_and_said(open_section):
    page = open_section("evidence")
    alone, other = page.get_by_label("None of these"), page.get_by_label("Bid alone")
    other.check()
    alone.check()
    assert not other.is_checked()
    other.check()
    assert not alone.is_checked()
    page.clock.install()
    block = page.locator("#question-story")
    area = page.get_by_label("What happened?")
    running = block.locator("[aria-hidden=true]")
    spoken = block.locator("[aria-live=polite]")
    assert running.inner_text() == "1,000 words left"
    for text, words in (
        ("one two\u00a0three", "997 words left"),
        ("word " * 999, "1 word left"),
        ("word " * 1002, "2 words too many"),
    ):
        area.fill(text)
        before = spoken.text_content()
        page.clock.fast_forward(300)
        assert (running.inner_text(), spoken.text_content()) == (words, before)
        page.clock.fast_forward(1500)
        assert spoken.text_content() == words
    assert area.input_value() == "word " * 1002


def test_pages_are_sound_by_night(open_section, look):
    page = open_section("about", color_scheme="dark")
    page.get_by_role("button", name="Save and continue").click()
    look(page, "about-errors-night")
