"""Staff narrow their list, export it, and open the file."""

import csv
import io
import json
import zipfile

import openpyxl
import pytest
from playwright.sync_api import expect

from accounts.states import Action, Role
from tests.makers import allow, make_first_call, make_submitted, make_user, while_open

pytestmark = pytest.mark.django_db(transaction=True)
ABOUT = {"capacity": "on_behalf_of_org", "age": "18_or_over"}


@pytest.fixture
def call(at):
    call = make_first_call()
    at(while_open(call))
    return call


@pytest.fixture
def small(call):
    """The references of the responses of one income band; three have another."""
    bands = ["lt_10k", "100k_1m", "lt_10k", "100k_1m", "100k_1m"]
    made = [make_submitted(call, income_band=band, **ABOUT) for band in bands]
    return {one.reference for one, band in zip(made, bands, strict=True) if band == "lt_10k"}


def taken(page, name):
    page.get_by_role("radio", name=name, exact=True).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_staff_narrow_their_list_and_find_only_its_rows_in_the_files(open_signed_in, small):
    user = make_user(Role.REVIEWER, username="ann", is_staff=True)
    allow(user, Action.EXPORT)
    page = open_signed_in(user, 320, java_script_enabled=False)
    page.goto("/admin/submissions/submission/")
    narrow(page)
    shown = set(page.locator("#result_list tbody th a").all_inner_texts())
    page.get_by_role("link", name="Export these").click()
    page.get_by_text("Income band: Less than £10,000").wait_for()
    expect(page.locator("#content strong").first).to_have_text("2 responses")
    name, data = taken(page, "Excel")
    assert name.endswith("-excel.xlsx")
    rows = openpyxl.load_workbook(io.BytesIO(data))["Responses"].iter_rows(values_only=True)
    head, _labels, *lines = rows
    references = {line[head.index("reference")] for line in lines}
    assert references == small
    assert shown == small
    # One of the folded formats, and one that is a ZIP.
    page.locator("summary", has_text="For programs").click()
    name, data = taken(page, "JSON lines")
    assert name.endswith("-json-lines.jsonl")
    assert {json.loads(line)["reference"] for line in data.splitlines()} == small
    page.locator("summary", has_text="For statistics programs").click()
    name, data = taken(page, "CSV with a script for R")
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        text = files.read("responses.csv").decode()
    assert {row["reference"] for row in csv.DictReader(io.StringIO(text, newline=""))} == small
    assert name.endswith("-csv-with-a-script-for-r.zip")


def narrow(page):
    """Unfold what hides the filter by income band, and choose the smallest."""
    for legend in ("Answers", "Income band"):
        folded = page.locator("#changelist-filter summary", has_text=legend)
        folded.first.click()
    page.locator("#changelist-filter").get_by_role("link", name="Less than £10,000").click()
    page.get_by_role("heading", name="Filter (in use)").wait_for()
    page.wait_for_load_state()
