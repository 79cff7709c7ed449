"""Pages in letters that are wider than usual, in lines as low as any: nothing is cut off."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.record import record
from accounts.states import AuditAction
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import drafting, late_passes, submitting
from submissions.responses.models import Submission
from tests.fonts import wide_and_low
from tests.journeys.conftest import WIDTHS
from tests.journeys.staff_pages import keep_screenshot, sign_in
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("fonts", [wide_and_low], indirect=True),
]

# How far Django's own boxes around tables scroll, and cells that a person cannot read.
CUT_OFF = """() => {
  const boxes = [...document.querySelectorAll(".results, .inline-group .module, #main")];
  return boxes.filter((box) => box.scrollWidth > box.clientWidth + 1)
    .map((box) => `${box.className || box.id} ${box.scrollWidth} > ${box.clientWidth}`);
}"""
# Tools that lie on what follows them, and a list that has to stand beside them.
TOOLS_IN_THE_WAY = """() => {
  const content = document.querySelector("#content-main");
  const tools = content.querySelector(".object-tools");
  const list = content.querySelector("#changelist");
  const bottom = Math.max(0, ...[...(tools?.children || [])].map(
    (one) => one.getBoundingClientRect().bottom));
  const next = tools?.nextElementSibling;
  return [
    next && next.getBoundingClientRect().top + 1 < bottom ? "on what follows" : "",
    list && list.clientWidth + 2 < content.clientWidth ? "beside the list" : "",
  ].filter(Boolean);
}"""
TALLEST_ROW = """() => Math.max(
  ...[...document.querySelectorAll("#result_list tbody tr")].map((row) => row.offsetHeight)
)"""
OVERLAPS = """() => {
  const [title, note] = ["#site-name", ".rehearsal-note"].map(
    (one) => document.querySelector(one).getBoundingClientRect());
  return title.bottom > note.top || title.right > innerWidth || note.right > innerWidth;
}"""


@pytest.fixture
def first_call(at, settings):
    settings.REHEARSAL = True
    call = make_first_call()
    at(while_open(call))
    roles = [role.key for role in call.roles.all()]
    make_submitted(call, roles=roles, role_other="Something else", income_band="100k_1m")
    response = make_submitted(call, roles=roles[:2], income_band="10k_25k")
    OutboxEmail.objects.filter(submission=response).update(
        state=OutboxState.FAILED, attempts=12, last_error="The server said no to that address. " * 3
    )
    user = make_user(is_staff=True, is_superuser=True, username="alexandra.someone")
    late_passes.give(
        call=call,
        submission=response,
        reason="Power cut",
        expires_at=call.closes_at.replace(day=28),
        by=user,
        at=while_open(call),
    )
    record(
        by=user,
        at=while_open(call),
        action=AuditAction.EXPORTED,
        call=call,
        submission=None,
        format="csv",
        sha256="5" * 64,
        filters={"facets": {"roles": roles}},
    )
    return call, user


def test_staff_see_every_column_and_the_whole_call(open_browser, first_call):
    call, user = first_call
    page = open_browser()

    def at_both_widths(name):
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 800})
            keep_screenshot(page, name)
            yield width

    page.goto("/admin/")
    for width in at_both_widths("staff-sign-in"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    sign_in(page, "/admin/", user)
    for _ in at_both_widths("staff-index"):
        assert page.evaluate(OVERLAPS) is False
    page.goto(reverse("admin:submissions_erasurerequest_person"))
    for width in at_both_widths("staff-find-a-person"):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for model in admin.site._registry:
        names = model._meta.app_label, model._meta.model_name
        page.goto(reverse("admin:{}_{}_changelist".format(*names)))
        for width in at_both_widths(f"staff-list-{names[1]}"):
            if page.locator("#result_list").count():
                assert (names[1], page.evaluate(TALLEST_ROW) < 130) == (names[1], True)
            if width == WIDTHS["wide"]:
                assert (names[1], page.evaluate(CUT_OFF)) == (names[1], [])
            assert (names[1], width, page.evaluate(TOOLS_IN_THE_WAY)) == (names[1], width, [])
    page.goto(reverse("admin:submissions_call_change", args=[call.pk]))
    for _ in at_both_widths("staff-call"):
        assert page.evaluate("document.documentElement.scrollHeight") < 2000
        assert page.evaluate(CUT_OFF) == []
    page.get_by_text("Questions", exact=True).click()
    page.get_by_text("about_you: roles").wait_for()
    for _ in at_both_widths("staff-call-questions"):
        assert page.evaluate(CUT_OFF) == []


def test_respondents_pages_fit(start_response, look, at):
    call = make_call()
    at(while_open(call))
    page = start_response(call, "response/about/", 320)
    look(page, "about-wide-letters")
    draft = Submission.objects.get()
    make_attachment(draft)
    answers = complete_answers(call, story="What happened here.")
    drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))

    def visit(*pages):
        for rest in pages:
            page.goto(f"/calls/{call.slug}/{rest}")
            look(page, f"{rest.strip('/').replace('/', '-') or 'call'}-wide-letters")

    visit("", "response/", "response/evidence/", "response/evidence/2/", "response/check/")
    submitting.submit(submission=draft, at=while_open(call))
    visit("", "response/submitted/", "response/withdraw/")
