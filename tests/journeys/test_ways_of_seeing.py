"""Forced colours, less motion, text at twice the size, right-to-left answers, live regions."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin

from core.templatetags.breadcrumbs import names_apart
from review.findings.report_files import PAGE, STYLE
from submissions.responses import amending, drafting, submitting
from submissions.responses.models import Submission
from tests.journeys.conftest import WIDTHS
from tests.makers import complete_answers, make_call, while_open

pytestmark = pytest.mark.django_db(transaction=True)
ARABIC = "كنا مذكورين في العرض"
# Whether the first letter of `one` stands to the right of the last.
IS_FROM_RIGHT = """(one) => {
    const text = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
    const left = (place) => {
        const range = document.createRange();
        range.setStart(text, place);
        range.setEnd(text, place + 1);
        return range.getBoundingClientRect().left;
    };
    return left(0) > left(text.length - 1);
}"""


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def open_section(start_response, call):
    def open_page(rest="about/", width=320, **options):
        return start_response(call, f"response/{rest}", width, **options)

    return open_page


def test_edges_and_focus_stay_with_forced_colours(open_section, look):
    page = open_section(forced_colors="active")
    look(page, "about-forced")
    button = page.get_by_role("button", name="Save and continue")
    assert button.evaluate("(one) => getComputedStyle(one).borderTopStyle") == "solid"
    page.get_by_label("Email address").focus()
    page.keyboard.press("Tab")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"


def test_nothing_moves_where_less_motion_is_asked_for(open_section):
    page = open_section(reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((one) =>
            parseFloat(getComputedStyle(one).transitionDuration) > 0).length"""
    )
    assert moving == 0
    assert page.evaluate("document.getAnimations().length") == 0


def test_page_fits_with_text_at_twice_the_size(open_section, call):
    page = open_section(width=640)
    for rest in ("", "about/", "evidence/", "evidence/2/", "check/"):
        page.goto(f"/calls/{call.slug}/response/{rest}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (320, 400, 640):
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert (rest, wide) == (rest, width)
        cut = page.evaluate(
            """[...document.querySelectorAll("button, .tag, h1, label, legend")].filter((one) =>
                one.checkVisibility() && !one.closest(".visually-hidden, .enter-key") &&
                one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline"
            ).map((one) => one.textContent.trim())"""
        )
        assert (rest, cut) == (rest, [])


def test_answer_from_right_to_left_is_set_so_wherever_it_is_shown(open_section, call):
    page = open_section("evidence/")
    live = page.evaluate(
        """[...document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")]
            .map((one) => one.getAttribute("aria-live") || one.getAttribute("role"))"""
    )
    assert set(live) == {"polite", "status"}
    area = page.get_by_label("What happened?")
    area.fill(ARABIC)
    assert area.evaluate("(one) => one.matches(':dir(rtl)')")
    page.get_by_role("button", name="Save and continue").click()
    page.goto(f"/calls/{call.slug}/response/check/")
    answer = page.locator("#answer-story dd").first
    assert answer.inner_text() == ARABIC
    assert answer.evaluate("(one) => one.matches(':dir(rtl)')")
    # A short one stands below its question all the same, and not at the other edge.
    draft = Submission.objects.get()
    drafting.save_answers(
        submission=draft,
        call=call,
        values={"roles": ["other"], "role_other": ARABIC},
        at=while_open(call),
    )
    page.goto(f"/calls/{call.slug}/response/check/")
    side = "(one) => getComputedStyle(one).textAlign"
    assert page.locator("#answer-role_other dd").evaluate(side) == "left"


# Of each button, and the links and buttons that are not in it, how near the nearest one comes.
NEAREST = """() => {
  const all = [...document.querySelectorAll("main a[href], main button")]
    .filter((one) => one.checkVisibility()).map((one) => [one, one.getBoundingClientRect()]);
  const apart = (a, b) =>
    Math.max(b.left - a.right, a.left - b.right, b.top - a.bottom, a.top - b.bottom);
  return all.filter(([one]) => one.matches(".button")).map(([one, box]) => [
    one.textContent,
    Math.min(...all.filter(([other]) => other !== one).map(([, other]) => apart(box, other))),
  ]);
}"""


def test_links_and_buttons_keep_their_distance_from_a_button(open_browser, call):
    page = open_browser()
    near = []

    def measure(rest=""):
        page.goto(f"/calls/{call.slug}/{rest}")
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 800})
            near.append(page.evaluate(NEAREST))

    measure()
    page.get_by_role("button", name="Start now").first.click()
    draft = Submission.objects.get()
    answers = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))
    measure("response/leave/")
    submitting.submit(submission=draft, at=while_open(call))
    measure("response/submitted/")
    measure()
    assert [len(buttons) > 0 for buttons in near] == [True] * 8
    assert [(words, px) for buttons in near for words, px in buttons if px < 10] == []


def test_receipt_is_printed_without_what_is_for_the_screen_and_its_reference_fits(
    open_section, call
):
    page = open_section()
    draft = Submission.objects.get()
    answers = complete_answers(call)
    drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))
    submitting.submit(submission=draft, at=while_open(call))
    page.goto(f"/calls/{call.slug}/response/submitted/")
    assert page.get_by_role("button", name="Print this page").is_visible()
    page.emulate_media(media="print")
    headings = [one.inner_text() for one in page.locator("main h2").all() if one.is_visible()]
    assert headings == [
        "What happens next",
        "If you have a question",
        "If you change your mind",
    ]
    shown = page.locator("main").inner_text()
    for words in ("Closes in", "Print this page", "Give another response", "computer"):
        assert words not in shown
    # The list of sections has the reference then.
    page.emulate_media(media="screen")
    amending.reopen(submission=draft, at=while_open(call))
    page.goto(f"/calls/{call.slug}/response/")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_help_is_in_the_same_place_on_every_page(client, call):
    client.post(f"/calls/{call.slug}/start/")
    for rest in ("", "questions/", "response/", "response/about/", "response/check/", "return/"):
        shown = client.get(f"/calls/{call.slug}/{rest}").content.decode()
        assert len(re.findall(r"<aside[^>]*\bhelp\b", shown)) == 1, rest
        assert re.search(r"</main>\s*<aside[^>]*\bhelp\b", shown), rest
        assert re.search(r'<html[^>]* lang="en-gb"', shown), rest


def test_layout_does_not_shift_when_the_script_begins(open_section):
    page = open_section()
    page.goto(page.url.replace("about/", "evidence/2/"))
    shift = page.evaluate(
        """() => new Promise((resolve) => {
            let total = 0;
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) total += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => resolve(total), 500);
        })"""
    )
    assert shift == 0


def test_bar_for_coding_is_hidden_until_its_script_shows_it(open_browser):
    page = open_browser(320)
    css = Path(settings.BASE_DIR, "static/css/staff.css").read_text()
    page.set_content(f"<style>{css}</style><form class='coding-bar' hidden><button>Code it</form>")
    assert page.get_by_text("Code it").count() == 1
    assert page.get_by_text("Code it").is_hidden()


def test_list_of_staff_is_printed_with_every_column_and_without_its_filters(open_browser):
    page = open_browser(718)
    django = Path(admin.__file__).parent / "static/admin/css"
    sheets = [django / "base.css", django / "changelists.css", django / "responsive.css"]
    css = "".join(
        one.read_text() for one in [*sheets, Path(settings.BASE_DIR, "static/css/staff.css")]
    )
    cells = "".join(f"<td>Column number {number}</td>" for number in range(9))
    page.set_content(
        f"""<style>{css}</style><div id="changelist"><div id="toolbar">Search</div>
        <form id="changelist-form"><div class="actions">Go</div><div class="results">
        <table id="result_list"><tbody><tr>{cells}</table></div></form>
        <nav id="changelist-filter">Filter</nav></div>"""
    )
    results = page.locator(".results")
    overflow = "(list) => getComputedStyle(list).overflowX"
    assert results.evaluate(overflow) == "auto"
    page.emulate_media(media="print")
    assert results.evaluate(overflow) == "visible"
    cell = page.get_by_text("Column number 0")
    assert cell.evaluate("(cell) => getComputedStyle(cell).whiteSpace") == "normal"
    for words in ("Search", "Go", "Filter"):
        assert page.get_by_text(words).is_hidden(), words


def test_words_on_staffs_pages_and_in_reports_are_read_from_their_own_side(open_browser):
    page = open_browser(1280)
    css = Path(settings.BASE_DIR, "static/css/staff.css").read_text()
    page.set_content(
        f"""<html dir="ltr"><style>{css}</style><div id="content">
        <p dir="auto" class="given"><b data-said="[hidden: another]">{ARABIC}, BBC!</b></p>
        <h2>{ARABIC} BBC!</h2><table><tr><td>{ARABIC} BBC!</table><label>{ARABIC} BBC!</label>
        <h1>{ARABIC} BBC!</h1><p>{names_apart(f"&rsaquo; {ARABIC} BBC! <br>")}</p>
        <p dir="auto" class="given"><a href="#">{ARABIC} BBC.txt</a> (txt, <i>9 bytes</i>)"""
    )
    names = page.locator(":is(b, h1, h2, td, label, a, bdi)").all()
    assert [name.evaluate(IS_FROM_RIGHT) for name in names] == [True] * 7
    assert not page.locator("i").evaluate(IS_FROM_RIGHT)
    assert page.locator("a").bounding_box()["x"] < page.locator("i").bounding_box()["x"]
    words = f"{ARABIC} BBC!"
    body = f"<p>{words}</p><table><caption>{words}</caption><tr><th>{words}<td>{words}</table>"
    page.set_content(PAGE.format("", STYLE, words, body))
    found = page.locator(":is(h1, p, caption, th, td)").all()
    assert [one.evaluate(IS_FROM_RIGHT) for one in found] == [True] * 5
