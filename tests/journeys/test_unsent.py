"""What staff typed or coded and the portal does not have yet, when they go to another page."""

from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from review.models import Code, Coding
from submissions.responses.models import Submission
from tests.journeys.waiting import wait_for
from tests.makers import make_call, make_code, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)


def code_two_sentences(page):
    for _ in range(2):
        page.keyboard.press("]")
        page.keyboard.press("f")
        page.keyboard.type("Money")
        page.keyboard.press("Enter")


def hold_first(page, held):
    """Keep the first coding on its way; those after it go through."""

    def handle(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(lambda address: "/codings/" in address, handle)


@pytest.fixture
def first_of_two(open_signed_in, at):
    """The page of the newest of two responses for somebody of this role: `first_of_two(role)`."""

    def opened(role):
        call = make_call()
        start = while_open(call)
        at(start + timedelta(minutes=30))
        responses = [
            make_submitted(call, at=start + timedelta(minutes=minute), story="One is. Two is.")
            for minute in range(2)
        ]
        user = make_user(role, username="ann")
        make_code(call=call, name="Money", by=user)
        page = open_signed_in(user)
        page.goto(f"/admin/submissions/submission/{responses[1].pk}/change/")
        return page, responses

    return opened


def stay(page, press):
    """Press what leads elsewhere; whoever is asked stays."""
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    press()
    wait_for(page, lambda: asked, "nobody was asked on leaving")
    assert asked == ["beforeunload"]


def test_a_note_that_is_typed_is_not_lost_by_another_key(first_of_two):
    page, responses = first_of_two(Role.REVIEWER)
    page.clock.install()
    page.locator("#write-note").click()
    field = page.locator("#note_text")
    field.press_sequentially("Ask which council this was.")
    page.locator("h1").click()
    for _ in range(2):  # the key counts again once somebody has stayed
        stay(page, lambda: page.keyboard.press("c"))
        page.clock.fast_forward(500)
    expect(page.locator("h1")).to_have_text(str(responses[1]))
    assert set(Submission.objects.values_list("triage_status", flat=True)) == {"unread"}
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with page.expect_navigation():
        page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("Ask which council this was.")).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("c")
    assert asked == []


def test_a_memo_that_came_back_with_an_error_is_not_lost_by_a_link(first_of_two):
    page, responses = first_of_two(Role.REVIEWER)
    page.goto(f"/admin/review/memo/write/{responses[1].call_id}/")
    page.get_by_label("Title").fill("On councils")
    with page.expect_navigation():
        page.get_by_role("button", name="Keep").click()
    expect(page.locator(".errorlist")).to_have_text("Enter what you think.")
    page.locator("h1").click()  # a browser asks of a page that was used
    stay(page, page.get_by_role("link", name="Memos", exact=True).first.click)
    expect(page.get_by_label("Title")).to_have_value("On councils")


def test_going_back_to_a_form_overwrites_nobody(first_of_two):
    page, responses = first_of_two(Role.MANAGER)
    with page.expect_navigation():
        page.get_by_role("button", name="Considered, and next").first.click()
    page.go_back()
    page.get_by_label("Change the status to").select_option("in_review")
    with page.expect_navigation():
        page.get_by_role("button", name="Save the status").click()
    responses[1].refresh_from_db()
    assert responses[1].triage_status == "in_review"  # nobody else changed it
    code = Code.objects.get()
    page.goto(f"/admin/review/code/{code.pk}/change/")
    name = page.get_by_label("Name")
    save = page.get_by_role("button", name="Save", exact=True)
    name.fill("Mine")
    with page.expect_navigation():
        save.click()
    Code.objects.update(name="Theirs")
    page.go_back()
    expect(name).to_have_value("Mine")  # as the browser fills it in
    for stored in ("Theirs", "Mine"):  # whoever is told may put theirs in its place
        with page.expect_navigation():
            save.click()
        assert Code.objects.get().name == stored
    page.goto(f"/admin/review/code/{code.pk}/change/")
    Code.objects.update(name="Theirs")
    # Firefox fills in what was typed where a page is loaded anew, too.
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
            document.querySelector("[name=name]").value = "Mine again";
        })"""
    )
    page.reload()
    with page.expect_navigation():
        save.click()
    assert Code.objects.get().name == "Theirs"


def leave_while_coding(page, key):
    """Code two sentences, of which the first stays on its way, and press a key that leads away."""
    held = []
    hold_first(page, held)
    code_two_sentences(page)
    page.keyboard.press(key)
    wait_for(page, lambda: held, "nothing was sent")
    return held[0]


@pytest.mark.parametrize("key", ["j", "c"])
def test_a_page_waits_for_what_is_being_coded_before_it_is_left(first_of_two, key):
    page, responses = first_of_two(Role.MANAGER)
    first = leave_while_coding(page, key)
    page.wait_for_timeout(300)
    expect(page.locator("h1")).to_have_text(str(responses[1]))
    expect(page.locator("#coding-status")).to_have_text("Saving…")
    stay(page, lambda: page.evaluate("location.reload()"))
    first.continue_()
    expect(page.locator("h1")).to_have_text(str(responses[0]))
    assert Coding.objects.filter(version__submission=responses[1]).count() == 2


def test_a_page_is_not_left_where_a_coding_is_refused(first_of_two):
    page, responses = first_of_two(Role.CODER)
    first = leave_while_coding(page, "j")
    first.abort()
    expect(page.locator("#coding-status")).to_have_text(
        "Not saved: the portal cannot be reached. Try again. After that: Under “Money”: Two is."
    )
    expect(page.locator("h1")).to_have_text(str(responses[1]))
    assert parse_qs(first.request.post_data)["quote"] == ["One is."]
    with page.expect_navigation():
        page.keyboard.press("j")
    expect(page.locator("h1")).to_have_text(str(responses[0]))
    assert Coding.objects.count() == 1
