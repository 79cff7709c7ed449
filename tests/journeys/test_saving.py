"""What is typed is saved by itself, and what cannot be is not lost, seen in a browser."""

import re

import pytest
from playwright.sync_api import expect

from submissions.responses import drafting
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers
from tests.journeys.waiting import stay_when_asked, wait_for
from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)
# Milliseconds after what is typed, and after what failed.
PAUSE, TRIES_AGAIN = 3000, 5000


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def page(start_response, call):
    """A page with the long question `story`, at the narrow width; a test moves its clock on."""
    page = start_response(call, "response/evidence/", 320)
    page.clock.install()
    return page


def stored(call):
    return working_answers(Submission.objects.get(), call)


def saved(page):
    return page.locator("[data-saved]").filter(has_text="Saved at 12:00pm")


def warned(page, words):
    return page.locator("[data-unsaved]").filter(has_text=words)


def wait_until_stored(page, call, answers):
    for _ in range(100):
        if stored(call) == answers:
            return
        page.wait_for_timeout(100)
    assert stored(call) == answers


def type_and_leave(page, text):
    page.get_by_label("What happened?").fill(text)
    page.get_by_label("What happened?").blur()


def test_typing_is_saved_after_some_seconds_without_leaving_the_field(page, call):
    assert page.locator("[data-saved]").inner_text() == "Nothing is saved yet"
    page.get_by_label("What happened?").press_sequentially("As I type")
    page.clock.fast_forward(PAUSE)
    saved(page).wait_for()
    assert stored(call)["story"] == "As I type"
    page.get_by_label("What happened?").fill("First and second")
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Your evidence").wait_for()
    page.wait_for_url("**/evidence/2/")
    assert stored(call)["story"] == "First and second"


def test_choices_are_saved_as_they_are_made(page, call):
    page.get_by_label("Bid alone").check()
    saved(page).wait_for()
    page.locator("[name=fairness_money][value=poor]").check()
    page.get_by_label("Bid alone").uncheck()
    page.clock.fast_forward(PAUSE)
    page.get_by_label("Led a partnership").check()
    page.clock.fast_forward(PAUSE)
    wait_until_stored(page, call, {"history": ["led"], "fairness": {"money": "poor"}})
    page.reload()
    assert page.get_by_label("Led a partnership").is_checked()
    assert not page.get_by_label("Bid alone").is_checked()
    assert page.locator("[name=fairness_money][value=poor]").is_checked()
    page.get_by_label("None of these").check()  # takes the other back
    wait_until_stored(page, call, {"history": ["none"], "fairness": {"money": "poor"}})
    page.get_by_label("None of these").uncheck()
    page.clock.fast_forward(PAUSE)
    wait_until_stored(page, call, {"fairness": {"money": "poor"}})
    assert page.locator("[data-unsaved]").inner_text() == ""


def test_leaving_the_page_saves_what_was_just_typed(page, call):
    page.get_by_label("What happened?").press_sequentially("Just before leaving")
    page.goto("/cookies/")
    page.wait_for_load_state("networkidle")
    assert stored(call)["story"] == "Just before leaving"


def test_button_pressed_while_a_save_is_on_its_way_meets_nobody(page, call):
    held_back = []
    page.route("**/response/save/", lambda route: held_back.append(route))
    type_and_leave(page, "On its way")
    wait_for(page, lambda: held_back, "nothing was saved")
    assert len(held_back) == 1
    drafting.save_answers(  # it arrived, and its answer did not
        submission=Submission.objects.get(),
        call=call,
        values={"story": "On its way"},
        at=while_open(call),
    )
    page.get_by_label("What happened?").fill("On its way, and more")
    page.unroute("**/response/save/")
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/evidence/2/")
    assert stored(call)["story"] == "On its way, and more"


def lose_the_answer(page):
    """The next save is stored, and its answer never comes."""

    def drop(route):
        route.fetch()
        route.abort()

    page.route("**/response/save/", drop, times=1)


def test_going_on_after_an_answer_was_lost_meets_nobody(page, call):
    lose_the_answer(page)
    type_and_leave(page, "Stored")
    warned(page, "the connection failed").wait_for()
    assert stored(call)["story"] == "Stored"
    page.get_by_label("What happened?").fill("Stored, and more")
    page.clock.fast_forward(TRIES_AGAIN)
    saved(page).wait_for()
    assert stored(call)["story"] == "Stored, and more"
    assert page.locator("[data-unsaved]").inner_text() == ""


def test_choosing_on_after_an_answer_was_lost_meets_nobody(page, call):
    lose_the_answer(page)
    page.get_by_label("Bid alone").check()
    warned(page, "the connection failed").wait_for()
    lose_the_answer(page)
    page.locator("[name=fairness_money][value=poor]").check()
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_until_stored(page, call, {"history": ["bid"], "fairness": {"money": "poor"}})
    page.get_by_label("Led a partnership").check()
    page.locator("[name=fairness_risk][value=good]").check()
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**/evidence/2/")
    assert stored(call) == {
        "history": ["bid", "led"],
        "fairness": {"money": "poor", "risk": "good"},
    }


def test_answer_that_was_not_kept_without_a_word_is_said_and_sent_again(page, call):
    page.route(
        "**/response/save/",
        lambda route: route.fulfill(json={"saved": "", "base_etags": {}, "warning": ""}),
        times=1,
    )
    type_and_leave(page, "Twice")
    warned(page, "something went wrong on our side").wait_for()
    page.clock.fast_forward(TRIES_AGAIN)
    saved(page).wait_for()
    assert stored(call)["story"] == "Twice"


def test_lost_connection_is_said_and_made_good(page, call, look):
    page.context.set_offline(True)
    type_and_leave(page, "Typed in a tunnel")
    warned(page, "What you typed is not saved: the connection failed.").wait_for()
    look(page, "not-saved")
    stay_when_asked(page)
    page.context.set_offline(False)
    saved(page).wait_for()
    assert page.locator("[data-unsaved]").inner_text() == ""
    assert stored(call)["story"] == "Typed in a tunnel"


def test_button_pressed_without_a_connection_leaves_the_text_where_it_is(page, call):
    field = page.get_by_label("What happened?")
    page.context.set_offline(True)
    field.fill("Typed in a tunnel")
    page.get_by_role("button", name="Save and come back later").click()
    warned(page, "What you typed is not saved: the connection failed.").wait_for()
    assert field.input_value() == "Typed in a tunnel"
    page.context.set_offline(False)
    saved(page).wait_for()
    assert stored(call)["story"] == "Typed in a tunnel"
    with page.expect_navigation():
        page.get_by_role("button", name="Save and come back later").click()
    assert "/leave/" in page.url


def test_saving_after_the_call_closed_says_that_it_cannot_count(page, call, at):
    at(call.closes_at)
    type_and_leave(page, "Just too late")
    warned(page, "you cannot submit it").wait_for()
    assert stored(call)["story"] == "Just too late"


def test_session_that_ended_is_said_with_what_to_do(page, call):
    csrf = [one for one in page.context.cookies() if one["name"] == "csrf"]
    page.context.clear_cookies()
    page.context.add_cookies(csrf)
    type_and_leave(page, "Nobody holds this")
    warned(page, "no longer has your response open").wait_for()


def test_warning_that_comes_while_a_button_is_pressed_does_not_push_it_away(page, call):
    button = page.get_by_role("button", name="Save and continue")
    button.scroll_into_view_if_needed()
    page.get_by_label("What happened?").fill("All these words")
    page.context.clear_cookies(name="csrf")
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 6)
    with page.expect_response("**/response/save/"):
        page.mouse.down()
    warned(page, "Press “Save and continue”").wait_for()
    page.mouse.up()
    page.get_by_role("heading", name="Your page had expired. Copy your text").wait_for()
    assert page.get_by_role("textbox").input_value() == "All these words"


def test_text_that_another_changed_is_not_overwritten_by_itself(page, call):
    drafting.save_answers(
        submission=Submission.objects.get(),
        call=call,
        values={"story": "Theirs"},
        at=while_open(call),
    )
    type_and_leave(page, "Mine")
    warned(page, "was saved by someone else, or in another tab").wait_for()
    page.get_by_label("Bid alone").check()
    saved(page).wait_for()
    expect(page.locator("[data-unsaved]")).to_contain_text("was saved by someone else")
    assert stored(call) == {"story": "Theirs", "history": ["bid"]}
    page.get_by_role("button", name="Save and continue").click()
    page.get_by_role("heading", name="Choose which answer to keep").wait_for()


def test_going_back_to_what_was_typed_before_overwrites_nobody(page, call):
    go_on = page.get_by_role("button", name="Save and continue")
    type_and_leave(page, "Mine\u0301")  # is stored in one letter less
    go_on.click()
    page.wait_for_url("**/evidence/2/")
    page.go_back()
    assert page.get_by_label("What happened?").input_value() == "Mine\u0301"
    type_and_leave(page, "Mine")
    for values in ({}, {"story": "Theirs", "history": ["bid"]}):
        go_on.click()
        page.wait_for_url("**/evidence/2/")
        drafting.save_answers(
            submission=Submission.objects.get(), call=call, values=values, at=while_open(call)
        )
        page.go_back()
        assert page.get_by_label("What happened?").input_value() == "Mine"
    go_on.click()
    page.get_by_role("heading", name="Choose which answer to keep").wait_for()
    expect(page.locator(".version p")).to_have_text(
        ["- Bid alone", "Not provided", "Theirs", "Mine"]
    )
    assert stored(call) == {"story": "Theirs", "history": ["bid"]}


def test_going_back_without_the_script_shows_what_was_saved_since(start_response, call):
    page = start_response(call, "response/evidence/", 320, java_script_enabled=False)
    story = page.get_by_label("What happened?")
    story.fill("First")
    for typed in ("First", "First, mended"):
        page.get_by_role("button", name="Save and continue").last.click()
        page.wait_for_url("**/evidence/2/")
        page.go_back()
        assert story.input_value() == typed
        story.fill("First, mended")
    assert stored(call) == {"story": "First, mended"}
    for left_with, since, shown in (
        ("Not sent", {"history": []}, "Not sent"),
        ("First, mended", {"story": "Saved since"}, "Saved since"),
    ):
        story.fill(left_with)
        page.get_by_role("link", name="Privacy", exact=True).click()
        page.wait_for_url("**/privacy/*")
        drafting.save_answers(
            submission=Submission.objects.get(), call=call, values=since, at=while_open(call)
        )
        page.go_back()
        assert story.input_value() == shown
    page.get_by_role("button", name="Save and continue").last.click()
    page.wait_for_url("**/evidence/2/")
    assert stored(call) == {"story": "Saved since"}


def test_what_is_typed_before_the_script_is_there_meets_nobody(start_response, call):
    page = start_response(call, "response/evidence/", 320)
    address, held = page.url, []
    page.goto(f"/calls/{call.slug}/privacy/")
    page.route("**/portal*.js", lambda route: held.append(route))
    page.goto(address, wait_until="commit")
    page.get_by_label("What happened?").fill("Early")
    held[0].continue_()
    page.wait_for_load_state()
    page.get_by_label("What happened?").press_sequentially(" and late")
    page.get_by_label("What happened?").blur()
    saved(page).wait_for()
    assert stored(call)["story"] == "Early and late"


def test_tab_that_is_opened_again_overwrites_nobody(start_response, call):
    page = start_response(call, "response/evidence/", 320)
    drafting.save_answers(
        submission=Submission.objects.get(),
        call=call,
        values={"story": "Theirs"},
        at=while_open(call),
    )
    page.get_by_role("link", name="Privacy", exact=True).click()
    page.wait_for_url("**/privacy/*")
    # Firefox fills in what was typed before once the page is there, and says that it was typed.
    page.add_init_script(
        """addEventListener("load", () => setTimeout(() => {
            const area = document.querySelector("[name=story]");
            area.value = "Mine";
            for (const name of ["input", "change"]) {
                area.dispatchEvent(new Event(name, { bubbles: true }));
            }
        }))"""
    )
    page.go_back()
    warned(page, "This answer was saved by someone else").wait_for()
    assert stored(call) == {"story": "Theirs"}


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_second_to_save_sees_both_texts_and_chooses(open_browser, start_response, call, javascript):
    first = start_response(call, "response/evidence/", 320, java_script_enabled=javascript)
    second = open_browser(1280, java_script_enabled=javascript)
    second.context.add_cookies(first.context.cookies())
    second.goto(f"/calls/{call.slug}/response/evidence/")
    if javascript:
        second.route("**/response/save/", lambda route: route.abort())
    first.get_by_label("What happened?").fill("Written by Ada")
    first.get_by_role("button", name="Save and continue").click()
    first.wait_for_url("**/evidence/2/")
    second.get_by_label("What happened?").fill("Written by Ben")
    second.get_by_label("Bid alone").check()
    second.get_by_role("button", name="Save and continue").click()
    second.get_by_role("heading", level=1, name="Choose which answer to keep").wait_for()
    expect(second.locator(".version p")).to_have_text(["Written by Ada", "Written by Ben"])
    assert stored(call) == {"story": "Written by Ada", "history": ["bid"]}
    second.get_by_role("button", name="Save and continue").click()
    expect(second).to_have_title(re.compile("^Error: "))
    second.get_by_label("Keep both, in one text").check()
    second.get_by_role("textbox").fill("Written by Ada and Ben")
    second.get_by_role("button", name="Save and continue").click()
    second.wait_for_url(re.compile("/evidence/2/$"))
    assert stored(call)["story"] == "Written by Ada and Ben"
