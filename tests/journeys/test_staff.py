"""Project staff's admin in a browser; `test_every_admin_page.py` looks at each of its pages."""

import pytest

from accounts.states import Role
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses.submitting import submit
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

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def response(at):
    call = make_call(slug="the-call", title="Rebalancing the Relationship: call for evidence")
    at(while_open(call))
    draft = make_draft(
        call,
        **complete_answers(
            call,
            roles=["commissioner", "provider"],
            fairness={"money": "poor", "risk": "good"},
            story="We were named in the bid.\n\nNo work reached us. " * 12,
        ),
    )
    make_attachment(draft, name="minutes.txt")
    response = submit(submission=draft, at=while_open(call)).submission
    OutboxEmail.objects.update(
        state=OutboxState.SENT,
        sent_at=response.submitted_at,
        attempts=1,
        subject=f"Received: {response.reference}",
        body="Thank you. We have your response.\n" * 5,
    )
    make_submitted(call, roles=["other"], publication="confidential")
    return response


def test_staff_read_a_response_and_its_mail(open_signed_in, response):
    page = open_signed_in(make_user(Role.MANAGER, is_staff=True, username="pat"), 320)
    page.goto("/admin/submissions/submission/")
    keep_screenshot(page, "admin-responses")
    page.locator("#searchbar").fill(response.reference.lower().replace("-", " "))
    page.locator("#searchbar").press("Enter")
    page.get_by_role("link", name=response.reference).click()
    page.get_by_label("Change the status to").select_option("Considered")
    page.get_by_role("button", name="Save the status").click()
    page.get_by_text(f"{response.reference} is now: Considered.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="minutes.txt").click()
    assert download.value.suggested_filename == "minutes.txt"
    page.get_by_role("link", name="Confirmation of a submission").click()
    page.get_by_role("button", name="Send again", exact=True).click()
    page.get_by_text("A copy of the mail waits to be sent").wait_for()
    page.goto(f"/admin/submissions/call/{response.call_id}/change/")
    keep_screenshot(page, "admin-call")
    page.get_by_role("link", name="Change the closing time").click()
    page.get_by_label("Day").fill("2019-07-26")
    page.get_by_label("Reason").fill("The post was late")
    page.get_by_role("button", name="Save the closing time").click()
    page.get_by_text("The call now closes at midday on Friday 26 July 2019 (UK time).").wait_for()


SMALL = """() => [...document.querySelectorAll("#changelist-filter a, #changelist-filter summary")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
  .map((one) => one.textContent)"""


def test_staff_share_responses_out_from_the_first_page_on(open_signed_in, look, response):
    """By keyboard: what to do now, many at once, filters under a name."""
    page = open_signed_in(make_user(Role.MANAGER, is_staff=True, username="pat"))
    page.goto("/admin/")
    page.get_by_role("link", name="To do and assigned to nobody: 2 responses").press("Enter")
    page.get_by_role("heading", name="Responses", level=1).wait_for()
    page.get_by_text("Received", exact=True).first.press("Enter")
    page.get_by_text("Answers to the call’s questions").press("Enter")
    assert page.evaluate(SMALL) == []
    look(page, "admin-inbox-filters")
    page.get_by_role("link", name="Save these filters").press("Enter")
    page.get_by_label("Name").fill("Nobody’s")
    page.get_by_label("For everybody who may read the call’s responses").press("Space")
    look(page, "admin-saving-filters")
    page.get_by_label("Name").press("Enter")
    page.get_by_text("“Nobody’s” is saved.").wait_for()
    assert page.get_by_role("link", name="Nobody’s").get_attribute("aria-current") == "true"
    page.goto("/admin/submissions/submission/saved-filters/")
    page.get_by_role("link", name="Nobody’s").press("Enter")
    page.locator("input.action-select").nth(1).wait_for()
    for box in page.locator("input.action-select").all():
        box.press("Space")
    page.get_by_label("Action:").select_option("Spread evenly…")
    page.get_by_role("button", name="Go").press("Enter")
    page.get_by_label("pat").press("Space")
    look(page, "admin-spreading")
    page.get_by_role("button", name="Spread responses evenly").press("Enter")
    page.get_by_text("2 responses changed.").wait_for()
