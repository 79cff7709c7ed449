"""The steering group's charts and exports in a browser."""

import pytest
from playwright.sync_api import expect

from accounts.states import Role
from exports import asked_for, worker
from exports.recording import export_chunks
from exports.types import Dataset
from tests.exports.runs import make_run
from tests.journeys.conftest import WIDTHS
from tests.makers import make_first_call, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
# How many lines the hints of the formats have that are in sight.
LINES_OF_HINTS = """[...document.querySelectorAll(".formats .hint")]
  .filter((one) => one.checkVisibility()).map((one) => Math.round(
    one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)))"""
SECTIONS = {"capacity": "on_behalf_of_org", "age": "18_or_over"}


@pytest.fixture
def call(at):
    call = make_first_call()
    at(while_open(call))
    for number in range(3):
        band = ("lt_10k", "100k_1m")[number % 2]
        make_submitted(call, roles=["small_org"], income_band=band, **SECTIONS)
    return call


TEXTS_OF_CHARTS_CUT_OFF = """[...document.querySelectorAll('svg.chart text')]
  .map((one) => one.getBoundingClientRect())
  .filter((box) => box.left < -1 || box.right > innerWidth + 1).length"""


# A number of the scale stands on the first column, and has to be read there.
EDGE_IS_THE_GROUND = """(tick) => {
  const { paintOrder, stroke } = getComputedStyle(tick);
  return paintOrder === 'stroke' && stroke === getComputedStyle(document.body).backgroundColor;
}"""


def test_charts_fit_the_screen_and_say_what_they_show(open_signed_in, look, call):
    page = open_signed_in(make_user(Role.STEERING_MEMBER), reduced_motion="reduce")
    page.goto("/steering/")
    look(page, "steering")
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollHeight") < 3_000
    page.get_by_role("link", name="Income band").click()
    expect(page.locator("#part-income_band[open]")).to_have_count(1)
    expect(page.locator("#part-roles")).to_have_count(1)
    assert page.locator("#part-roles[open]").count() == 0
    page.get_by_role("link", name="Open all").click()
    chart = page.get_by_role("img", name="Responses by role")
    expect(chart).to_have_count(1)
    for width, scheme in zip(WIDTHS.values(), ("light", "dark"), strict=True):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        look(page, f"steering-charts-{scheme}", [width])
        assert page.evaluate(TEXTS_OF_CHARTS_CUT_OFF) == 0
        bars = page.locator("[aria-labelledby^='facet-income_band-title'] .chart-bar")
        assert page.locator(".chart-tick").first.evaluate(EDGE_IS_THE_GROUND)
        widths = [bar.bounding_box()["width"] for bar in bars.all()]
        assert widths[0] / widths[1] == pytest.approx(2, rel=0.02)
    page.get_by_role("link", name="Answers to every closed question").click()
    page.get_by_role("link", name="Tables", exact=True).click()
    page.get_by_role("link", name="Open all").click()
    look(page, "steering-questions-tables")


def focused(page):
    """The words of what has the focus: of a field, its label."""
    return page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText")


def columns_out_of_sight(page):
    """The cells of tables that stand outside of the screen, by their words."""
    return page.evaluate(
        "[...document.querySelectorAll('table:not(.stacks) th, td')]"
        ".filter(cell => cell.checkVisibility())"
        ".filter(cell => cell.getBoundingClientRect().right > innerWidth + 1 ||"
        " cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.innerText)"
    )


def test_tables_show_every_column_at_320_pixels_without_a_script(open_signed_in, call):
    for_record = {"by": None, "at": while_open(call), "through": "command line"}
    list(export_chunks(Dataset(call), "csv", **for_record))
    page = open_signed_in(make_user(Role.STEERING_MEMBER), 320, java_script_enabled=False)
    page.goto("/steering/")
    page.get_by_role("link", name="Tables", exact=True).click()
    page.get_by_role("link", name="Open all").click()
    expect(page.get_by_role("table")).to_have_count(11)
    page.get_by_role("heading", name="Exports on record").click()
    expect(page.get_by_role("cell", name="command line")).to_be_visible()
    # “23 Jul 2019, 10:03, command line”: the comma begins the second cell, right at the first.
    assert (
        page.locator(".record td:first-child").evaluate(
            "cell => getComputedStyle(cell).paddingInlineEnd"
        )
        == "0px"
    )
    assert columns_out_of_sight(page) == []
    page.get_by_text("SHA-256:").click()
    assert page.locator("details[open] > code").inner_text().count("") == 65
    page.get_by_role("link", name="Answers to every closed question").click()
    page.get_by_role("link", name="Tables", exact=True).click()
    page.get_by_role("link", name="Open all").click()
    expect(page.get_by_role("table").nth(10)).to_be_visible()
    assert columns_out_of_sight(page) == []


@pytest.mark.parametrize("scripts", [True, False])
def test_export_is_chosen_made_by_the_worker_and_taken(
    open_signed_in, look, call, monkeypatch, scripts
):
    monkeypatch.setitem(asked_for.AT_ONCE, "csv", 0)
    monkeypatch.setattr(asked_for, "nudge_exports", lambda: None)
    page = open_signed_in(make_user(Role.STEERING_MEMBER), 320, java_script_enabled=scripts)
    page.goto("/steering/")
    page.get_by_role("link", name="Choose what to export").click()
    page.get_by_text("Choose only some of them").click()
    page.get_by_text("Income band", exact=True).first.click()
    page.get_by_label("Less than £10,000").check()
    page.get_by_role("button", name="Count them").click()
    assert page.locator(".closing strong").inner_text() == "2 responses"
    if scripts:
        look(page, "steering-choose", [320])
    page.get_by_role("button", name="Export").click()
    page.get_by_text("Waiting for the exports before it.").wait_for()
    if scripts:
        look(page, "steering-export", [320])
    worker.make_next(now=lambda: while_open(call), wall_now=lambda: while_open(call))
    if not scripts:
        page.get_by_role("link", name="Look again").click()
    page.get_by_text("It is ready, with 2 responses.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert len(download.value.path().read_text().splitlines()) == 3


def test_format_is_chosen_by_keyboard_from_a_short_page(open_signed_in, look, call):
    for _ in range(5):
        list(export_chunks(Dataset(call), "csv", by=None, at=while_open(call), through="test"))
    user = make_user(Role.STEERING_MEMBER)
    page = open_signed_in(user)
    for _ in range(5):
        make_run(call, by=user, file_format="docx-each")
    page.goto("/steering/")
    page.get_by_role("link", name="Choose what to export").click()
    page.get_by_role("link", name="Exports being made and kept").click()
    page.get_by_role("heading", name="Exports being made and kept: 5").click()
    expect(page.get_by_role("link", name="Word, one per response")).to_have_count(5)
    page.wait_for_load_state()
    page.get_by_role("heading", name="Exports being made and kept: 5").click()
    for width in WIDTHS.values():
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollHeight") < 2_500
        assert page.evaluate(LINES_OF_HINTS) == [1] * 6
    formats = page.get_by_role("group", name="Format")
    usual = ["CSV", "Excel", "Word, all in one", "PDF, all in one", "Everything"]
    usual.append("Everything but single documents")
    assert [one for one in formats.locator("label").all_inner_texts() if one] == usual
    # Tab leads to the chosen format and to each group, the arrows to every format in sight.
    page.get_by_role("radio", name="CSV", exact=True).focus()
    for legend in ("More tables", "A document per response", "For statistics programs"):
        page.keyboard.press("Tab")
        assert focused(page).startswith(legend)
    page.keyboard.press("Enter")
    look(page, "steering-formats")
    for _ in range(3):
        page.keyboard.press("Shift+Tab")
    assert focused(page) == "CSV"
    passed = []
    for _ in range(7):
        page.keyboard.press("ArrowDown")
        passed.append(page.get_by_role("radio", checked=True).get_attribute("value"))
    assert passed == ["xlsx", "docx", "pdf", "bundle", "bundle-quick", "r", "sav"]
    for name in ("r", "csv"):
        page.locator(f"[name=format][value={name}]").check()
        with page.expect_download():
            page.get_by_role("button", name="Export").click()
