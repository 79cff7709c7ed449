"""Reviewing by keyboard in a browser: three responses, and somebody else at the same ones."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import AuditEvent
from accounts.states import Role
from core.clock import wall_now
from review.searching.entries import write_due
from review.texts.reading_due_files import read_due
from submissions.responses import replying
from submissions.responses.models import Attachment, Submission
from submissions.responses.submitting import submit
from tests.asking import make_asking_call, put_question
from tests.core.pictures import picture
from tests.forms import form_of
from tests.journeys.conftest import faults_found_by_axe, faults_not_yet_seen_by_axe
from tests.journeys.staff_pages import keep_screenshot
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.review.response_pages import amended

pytestmark = pytest.mark.django_db(transaction=True)


class Keyboard:
    """Counts what is pressed; each key is followed by the page that it leads to."""

    def __init__(self, page):
        self.page = page
        self.pressed = 0

    def press(self, key):
        self.pressed += 1
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        self.page.wait_for_load_state()


def test_three_responses_are_reviewed_in_five_keys_and_nothing_of_anybody_is_lost(
    open_signed_in, at
):
    call = make_call()
    start = while_open(call)
    at(start + timedelta(minutes=30))
    for minute in range(3):
        make_submitted(call, at=start + timedelta(minutes=minute))
    other = Client()
    other.force_login(make_user(Role.REVIEWER, username="bea"))
    page = open_signed_in(make_user(Role.REVIEWER, username="ann"), 1280)
    page.goto("/admin/submissions/submission/?triage_status__exact=unread")
    keyboard = Keyboard(page)
    keyboard.press("j")
    in_order = list(Submission.objects.order_by("-submitted_at"))
    for number, response in enumerate(in_order, start=1):
        assert page.locator("h1").inner_text() == str(response)
        # Those before it are considered by now, and in the list no more.
        place = f"1 of {4 - number}"
        expect(page.locator(".reading-bar").get_by_role("link", name=place)).to_have_count(1)
        if number == 2:
            address = reverse("admin:submissions_submission_change", args=[response.pk])
            seen = form_of(other.get(address))
            status = reverse("admin:submissions_submission_status", args=[response.pk])
            other.post(status, {"base_etag": seen["base_etag"], "status": "in_review"})
            keyboard.press("c")
            assert (
                "bea changed the status to “In review”"
                in page.locator(".errornote, .messagelist").inner_text()
            )
            assert faults_found_by_axe(page) == []
        keyboard.press("c")
    page.get_by_text("It was the last.").wait_for()
    assert page.url.endswith("/admin/submissions/submission/?triage_status__exact=unread")
    assert set(Submission.objects.values_list("triage_status", flat=True)) == {"considered"}
    changes = AuditEvent.objects.filter(action="status_changed").order_by("pk")
    said = [(event.actor.username, event.detail["after"]) for event in changes]
    assert said == [
        ("ann", "considered"),
        ("bea", "in_review"),
        ("ann", "considered"),
        ("ann", "considered"),
    ]
    assert keyboard.pressed == 5


def test_keys_are_listed_stay_silent_while_somebody_types_and_can_be_turned_off(open_signed_in, at):
    call = make_call()
    at(while_open(call))
    for _ in range(2):
        make_submitted(call)
    page = open_signed_in(make_user(Role.REVIEWER), 320)
    page.goto("/admin/submissions/submission/")
    page.locator("#searchbar").press_sequentially("jc?")
    assert page.locator("#searchbar").input_value() == "jc?"
    page.locator("h1").click()
    page.keyboard.press("j")
    page.wait_for_url("**/change/**")
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Keys")
    shown.wait_for()
    assert faults_found_by_axe(page) == []
    page.keyboard.press("c")  # nothing, while the list of keys is open
    page.keyboard.press("Escape")
    shown.wait_for(state="hidden")
    page.keyboard.press("?")
    shown.get_by_role("link", name="Turn the keys off").click()
    page.get_by_role("button", name="Turn the keys off").click()
    page.get_by_role("button", name="Turn the keys on").wait_for()
    page.goto("/admin/submissions/submission/")
    assert page.locator("script[src*='/staff.']").count() == 0
    assert set(Submission.objects.values_list("triage_status", flat=True)) == {"unread"}


def test_pages_for_reading_have_no_faults_and_fit_their_widths(open_signed_in, at):
    call = make_asking_call()
    at(while_open(call))
    draft = make_draft(call, **complete_answers(call, story="We bid alone and lost. " * 30))
    file = make_attachment(draft, name="notice.png", content=picture("PNG"))
    Attachment.objects.filter(pk=file.pk).update(file_type="png")
    minutes = b"Minutes of the board: we bid too late, and without a partner. " * 20
    make_attachment(draft, name="minutes.txt", content=minutes)
    make_attachment(draft, name="empty.csv", content=b"\n")
    response = submit(submission=draft, at=while_open(call)).submission
    asked, token = put_question(response)
    for text in ("Lots 3 and 4. " * 30, "Lot 3."):
        replying.answer(call=call, token=token, text=text, at=asked.asked_at)
    amended(response, story="We bid with others and won. " * 30, roles=["commissioner"])
    make_submitted(call, publication="confidential")
    assert read_due(now=wall_now, until=lambda: False) == 2
    write_due(until=lambda: False)
    page = open_signed_in(make_user(Role.MANAGER), 1280)
    first = f"/admin/submissions/submission/{response.pk}/change/"
    addresses = {
        "reading": f"{first}?pictures=1&texts=1",
        "search": "/admin/submissions/submission/?q=bid+OR+partner*+-merger",
        "reading-changes": f"{first}?version=2&since=1",
    }
    for name, address in addresses.items():
        page.goto(address)
        look_at_widths(page, name)
    page.goto(f"/admin/submissions/submission/{response.pk}/ask/")
    page.get_by_role("button", name="Read it as it will go out").click()
    look_at_widths(page, "ask-empty")
    page.get_by_label("Question").fill("Which lots?")
    page.get_by_role("button", name="Read it as it will go out").click()
    page.get_by_role("button", name="Send the question").wait_for()
    look_at_widths(page, "ask-preview")


def look_at_widths(page, name):
    page.wait_for_load_state()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        keep_screenshot(page, f"admin-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        if width == 320:
            assert faults_found_by_axe(page, looks_again=True) == []
        elif width == 1280:
            assert faults_not_yet_seen_by_axe(page) == []
