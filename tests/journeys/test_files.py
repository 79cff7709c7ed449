"""Files one at a time: chosen, dropped, replaced, removed and refused, seen in a browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from submissions.responses.models import Attachment
from tests.journeys.waiting import stay_when_asked, wait_for
from tests.makers import EVIDENCE, YES_NO, make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(start_response, at):
    """A page with the question `documents`, a minute after its author began."""
    call = make_call()
    at(while_open(call))
    page = start_response(call, "cookies/", 320)
    at(while_open(call) + timedelta(minutes=1))
    page.goto(f"/calls/{call.slug}/response/evidence/2/")
    return page


def text_file(name, content=b"Minutes"):
    return {"name": name, "mimeType": "text/plain", "buffer": content}


def large_file(page):
    """A file that the page takes for too large; 10 MB would take long to hand to the browser."""
    area = page.locator("[data-files]")
    area.evaluate("area => { area.dataset.mostBytes /= 10 * 1024; }")
    assert area.get_attribute("data-most-bytes") == "1024"
    return text_file("large.txt", b"a" * 1025)


def said(page, words):
    page.locator("p[role=status].visually-hidden").filter(has_text=words).wait_for(state="attached")


def names():
    return list(Attachment.objects.order_by("pk").values_list("name", flat=True))


def test_file_goes_up_is_replaced_and_removed_without_leaving_the_page(page):
    page.get_by_label("What do you see as a commissioner?").fill("Half a sent")
    page.locator("#id_documents").set_input_files(text_file("notes.txt"))
    said(page, "notes.txt is added")
    assert page.get_by_label("What do you see as a commissioner?").input_value() == "Half a sent"
    assert page.get_by_role("link", name="notes.txt").is_visible()
    assert page.evaluate("document.activeElement.id") == "id_documents"
    assert names() == ["notes.txt"]
    # The page saves what is typed by itself, too, and then says so in its own words.
    saved = page.locator("[data-saved]").inner_text().removeprefix("Last ")
    assert saved.capitalize() == "Saved at 12:01pm"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Replace notes.txt").click()
    chooser.value.set_files(text_file("new.txt", b"New minutes"))
    said(page, "new.txt is added")
    assert names() == ["new.txt"]
    # Older browsers do not tell that nothing was chosen.
    with page.expect_file_chooser():
        page.get_by_role("button", name="Replace new.txt").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#id_documents").click()
    chooser.value.set_files(text_file("more.txt", b"More minutes"))
    said(page, "more.txt is added")
    assert names() == ["new.txt", "more.txt"]
    for name in ("new.txt", "more.txt"):
        page.get_by_role("button", name=f"Remove {name}").click()
        said(page, f"{name} is removed")
    assert names() == []


def test_question_for_files_comes_and_goes_with_the_choice_before_it_after_an_upload(
    start_response, at
):
    choice = {"key": "has_files", "kind": "radio", "label": "Have you files?", "options": YES_NO}
    files = {**EVIDENCE[4], "show_if": "has_files = yes"}
    story = {"key": "story", "kind": "long", "label": "Story"}
    call = make_call(evidence_questions=[choice, files, story])
    at(while_open(call))
    page = start_response(call, "response/evidence/")
    page.route("**/response/save/", lambda route: route.abort())
    page.get_by_label("Yes").check()
    page.locator("#id_documents").set_input_files(text_file("notes.txt"))
    said(page, "notes.txt is added")
    expect(page.locator("#question-documents")).to_be_visible()
    page.get_by_label("No").check()
    expect(page.locator("#question-documents")).to_be_hidden()
    page.get_by_label("Yes").check()
    expect(page.get_by_role("link", name="notes.txt")).to_be_visible()


def test_dropped_file_goes_up_with_its_name_as_its_author_wrote_it(page):
    name = 'He said "go", نامه\u200cای.txt'
    page.evaluate(
        """(name) => {
            const data = new DataTransfer();
            data.items.add(new File(["Dropped"], name, { type: "text/plain" }));
            document.querySelector("[data-files]").dispatchEvent(
              new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        name,
    )
    page.locator(".file-name a").wait_for()
    assert page.locator(".file-name a").text_content() == name
    assert names() == [name]


def test_each_refusal_is_said_in_its_place_and_each_name_stands_apart(page):
    def refuse(file, words):
        page.locator("#id_documents").set_input_files(file)
        said(page, words)
        expect(page.locator("#question-documents .error")).to_have_text([re.compile(words)])

    refuse(text_file("picture.png", b"\x89PNG"), "the file must be one of")
    large = large_file(page)  # the browser alone refuses it
    for _ in range(2):
        refuse(large, "must be 10 MB or smaller")
    assert names() == []
    # As on the page of a call in Arabic.
    page.locator("[data-files]").evaluate(
        "area => { area.dataset.added = '\u2068{name}\u2069 ok'; }"
    )
    choose = page.locator("#id_documents").set_input_files
    choose([text_file("2.txt", b"2"), text_file("3.txt", b"3")])
    said(page, "\u20682.txt\u2069, \u20683.txt\u2069 ok")
    large = large_file(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Replace 2.txt").click()
    chooser.value.set_files([large, text_file("4.txt", b"4")])
    said(page, "large.txt” was not added: the file must be 10 MB or smaller")
    assert names() == ["2.txt", "3.txt", "4.txt"]
    choose([text_file("5.txt", b""), text_file("6.txt", b"")])
    said(page, "5.txt” was not added: the file is empty Error: “6.txt” was not added")


def test_lost_connection_is_said_and_the_file_can_be_chosen_again(page):
    page.context.set_offline(True)
    page.locator("#id_documents").set_input_files(text_file("notes.txt"))
    said(page, "The file was not added. Try again.")
    page.context.set_offline(False)
    page.locator("#id_documents").set_input_files(text_file("notes.txt"))
    said(page, "notes.txt is added")
    page.context.set_offline(True)
    page.get_by_role("button", name="Remove notes.txt").click()
    said(page, "The file was not removed. Try again.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Remove notes.txt").click()
    said(page, "notes.txt is removed")


def test_large_file_shows_its_progress(page):
    shown = []

    def look_and_go_on(route):
        if route.request.method == "POST":
            page.get_by_role("progressbar", name="Uploading").wait_for()
            shown.append("a bar")
        route.continue_()

    page.route("**/evidence/2/", look_and_go_on)
    page.locator("#id_documents").set_input_files(text_file("large.txt", b"word " * 200_000))
    said(page, "large.txt is added")
    assert shown == ["a bar"]
    assert page.locator("progress").count() == 0


@pytest.fixture
def on_its_way(page):
    """Choose a file; its upload is held up until the returned route is told to go on."""
    held = []

    def hold_the_first(route):
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    def choose():
        page.route("**/evidence/2/", hold_the_first)
        # A browser asks only on a page that was touched.
        page.locator("h1").click()
        page.locator("#id_documents").set_input_files(text_file("notes.txt"))
        page.get_by_role("progressbar", name="Uploading").wait_for()
        wait_for(page, lambda: held, "no file was sent")
        return held[0]

    return choose


def leave(page):
    """Leave the page, which asks nothing."""
    page.evaluate("location.assign('/cookies/')")
    page.wait_for_url("**/cookies/")


def test_while_a_file_is_on_its_way_another_follows_it_and_leaving_is_asked_about(page, on_its_way):
    upload = on_its_way()
    stay_when_asked(page)
    page.locator("#id_documents").set_input_files(text_file("costs $& fees.txt", b"Costs"))
    upload.continue_()
    said(page, "costs $& fees.txt is added")
    assert names() == ["notes.txt", "costs $& fees.txt"]
    for name in names():
        assert page.get_by_role("link", name=name).is_visible()
    leave(page)


def test_whoever_goes_on_while_a_file_is_on_its_way_waits_for_it(page, on_its_way):
    upload = on_its_way()
    page.get_by_label("Do not publish").check()
    page.get_by_label("I may submit this response").check()
    page.get_by_role("button", name="Save and continue").click()
    page.locator("[data-saved]", has_text="Waiting for notes.txt").wait_for()
    assert page.url.endswith("/evidence/2/")
    upload.continue_()
    page.wait_for_url("**/check/")
    assert names() == ["notes.txt"]


def test_save_that_is_answered_meanwhile_does_not_hide_what_is_waited_for(page, on_its_way):
    upload = on_its_way()
    saves = []
    page.route("**/save/", lambda route: saves.append(route))
    page.get_by_label("Do not publish").check()
    page.get_by_role("button", name="Save and continue").click()
    shown = page.locator("[data-saved]")
    shown.filter(has_text="Waiting for notes.txt").wait_for()
    wait_for(page, lambda: saves, "nothing was saved")
    with page.expect_response("**/save/"):
        saves[0].continue_()
    page.wait_for_timeout(300)
    assert shown.inner_text() == "Waiting for notes.txt"
    upload.abort()
    said(page, "The file was not added. Try again.")
    assert shown.inner_text().startswith("Saved")


def test_upload_says_its_name_and_how_far_it_is_and_can_be_cancelled(page, on_its_way):
    on_its_way()
    assert page.locator(".uploading p").inner_text().startswith("Uploading notes.txt ")
    page.get_by_role("button", name="Cancel").click()
    said(page, "notes.txt was not added")
    assert page.evaluate("document.activeElement.id") == "id_documents"
    assert names() == []


def test_whoever_goes_on_while_a_file_does_not_arrive_stays_to_read_so(page, on_its_way):
    upload = on_its_way()
    page.get_by_role("button", name="Save and continue").click()
    upload.abort()
    said(page, "The file was not added. Try again.")
    page.wait_for_timeout(300)
    assert page.url.endswith("/evidence/2/")
    assert page.locator(".error-summary").count() == 0
    leave(page)
