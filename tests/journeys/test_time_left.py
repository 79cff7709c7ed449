"""An open page hears from the server's clock how much time is left."""

from datetime import timedelta

import pytest

from submissions.definitions import closing_times
from submissions.responses import drafting
from submissions.responses.models import Submission
from tests.makers import complete_answers, make_call, make_user

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def look_again(page):
    """What happens when somebody comes back to the tab."""
    with page.expect_response("**/time-left/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def shown(page, text):
    page.locator(".time-left", has_text=text).wait_for()


def said(page):
    return page.locator(".time-left + [role=status]").inner_text()


def in_sight(page):
    """What stands in the viewport wherever the page is scrolled to, "" for nothing."""
    strip = page.locator("[data-strip]")
    if not strip.is_visible():
        return ""
    for place in ("0", "document.body.scrollHeight / 2"):
        page.evaluate(f"scrollTo(0, {place})")
        box = strip.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= page.viewport_size["height"]
    return strip.inner_text()


def test_open_page_counts_down_says_so_thrice_and_closes_by_itself(start_response, look, at):
    call = make_call()
    at(call.closes_at - 90 * MINUTE)
    page = start_response(call, "cookies/", 320)
    draft = Submission.objects.get()
    answers = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=answers, at=draft.started_at)
    page.goto(f"/calls/{call.slug}/response/check/")
    shown(page, "Closes in 1 hour")
    look_again(page)
    assert in_sight(page) == ""
    for left, words in ((50, "50 minutes"), (30, ""), (9, "9 minutes"), (1, "1 minute")):
        at(call.closes_at - left * MINUTE)
        look_again(page)
        shown(page, f"Closes in {left} minute")
        assert in_sight(page).startswith(f"Closes in {left} minute")
        if words:
            assert said(page) == f"Closes in {words}"
        else:
            assert said(page) == "Closes in 50 minutes"
    at(call.closes_at)
    look_again(page)
    closed = (
        "The call has now closed, at midday on Wednesday 24 July 2019 (UK time). We keep what you "
        "saved. You can still save your answers, but you cannot submit them."
    )
    shown(page, closed)
    assert said(page) == closed
    assert in_sight(page) == "The call has closed. We keep what you save, but you cannot submit it."
    assert not page.get_by_role("button", name="Submit your response").is_visible()
    look(page, "check-closed-while-open")


def test_open_page_learns_that_the_closing_time_moved(open_browser, at):
    call = make_call()
    at(call.closes_at - 5 * MINUTE)
    page = open_browser(320)
    page.goto(f"/calls/{call.slug}/")
    look_again(page)
    closing_times.change_closing_time(
        call,
        to=call.closes_at + 60 * MINUTE,
        reason="The website was down",
        by=make_user(),
        at=call.closes_at - 4 * MINUTE,
    )
    at(call.closes_at)
    look_again(page)
    shown(page, "It is now 1pm on Wednesday 24 July 2019 (UK time).")
    assert page.get_by_role("button", name="Start now").first.is_visible()
    page.reload()
    words = page.locator(".closing").inner_text()
    assert (
        "The closing time has changed. It was midday on Wednesday 24 July 2019 (UK time)." in words
    )
