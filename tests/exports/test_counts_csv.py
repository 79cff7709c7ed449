"""The counts as CSV, and the same in the Excel file."""

import csv
import io

import openpyxl
import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from exports.filters import ExportFilter
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from tests.exports.counts.test_tables import make_answered
from tests.exports.exporting import exported
from tests.makers import OPENS_AT, SMALL, YES_NO, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db


def rows_of(call, **more):
    data = exported(call, "counts", **more).decode()
    assert data.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(data, newline="")))


def excel_rows(call):
    sheet = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx")))["Counts"]
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_csv_has_a_line_for_each_option_with_its_share_and_base():
    rows = rows_of(make_answered())
    assert list(rows[0]) == [
        "by",
        "row",
        "question",
        "value",
        "meaning",
        "responses",
        "share",
        "asked",
        "answered",
    ]
    assert [tuple(row.values()) for row in rows if row["by"] in {"responses", "terms"}] == [
        ("responses", "", "", "", "All that were chosen", "7", "", "", ""),
        (
            "responses",
            "",
            "",
            "confidential",
            "Of these, confidential ones: counted by day, timing and publication alone",
            "1",
            "",
            "",
            "",
        ),
        ("terms", "", "Do you set the terms?", "yes", "Yes", "1", "0.3333", "3", "2"),
        ("terms", "", "Do you set the terms?", "no", "No", "1", "0.3333", "3", "2"),
        (
            "terms",
            "",
            "Do you set the terms?",
            "(not answered)",
            "Not answered",
            "1",
            "0.3333",
            "3",
            "2",
        ),
        ("terms", "", "Do you set the terms?", "(not asked)", "Not asked", "3", "", "3", "2"),
    ]
    money = [row for row in rows if (row["by"], row["row"]) == ("fairness", "money")]
    assert [(row["question"], row["value"], row["responses"]) for row in money] == [
        ("How fair was each of these? Split of money", "poor", "2"),
        ("How fair was each of these? Split of money", "good", "0"),
        ("How fair was each of these? Split of money", "(not answered)", "4"),
    ]


def test_bands_follow_the_questions():
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    make_submitted(call, roles=["provider"], size="none")
    make_submitted(call, roles=["provider"])
    half = [row for row in rows_of(call) if row["by"] == "half"]
    assert [(row["value"], row["responses"], row["share"]) for row in half] == [
        ("upper", "0", "0.0000"),
        ("lower", "1", "0.5000"),
        ("(not answered)", "1", "0.5000"),
    ]


def test_bands_of_a_table_that_is_hidden_whole_say_no_more_than_it():
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    call.hides_small_counts = True
    call.save()
    for size in ("large", "none"):
        for _ in range(4):
            make_submitted(call, roles=["provider"], size=size)
    half = {row["responses"] for row in rows_of(call) if row["by"] in {"size", "half"}}
    assert half == {"not shown"}


def test_excel_file_has_the_same_lines():
    call = make_answered()
    found = excel_rows(call)
    assert list(found[0]) == list(rows_of(call)[0])
    said = [
        {
            name: "" if value is None else str(value)
            for name, value in row.items()
            if name != "share"
        }
        for row in found
        if row["by"] not in {"day", "timing"} and (row["by"], row["value"]) != ("responses", "")
    ]
    expected = [{k: v for k, v in row.items() if k != "share"} for row in rows_of(call)[1:]]
    assert said == expected
    shares = [row["share"] for row in found if row["by"] == "terms"]
    assert shares == [pytest.approx(0.333)] * 3 + [None]


def test_share_is_rounded_down_in_each_file_as_on_the_page(client):
    asked = {"key": "asked", "kind": "radio", "label": "Did you?", "options": YES_NO}
    call = make_call(evidence_questions=[asked], facets=[])
    for answer in ("yes", "yes", "no"):
        make_submitted(call, asked=answer)
    csv_row, excel_row = (
        next(row for row in rows if (row["by"], row["value"]) == ("asked", "yes"))
        for rows in (rows_of(call), excel_rows(call))
    )
    client.force_login(make_user(Role.STEERING_MEMBER))
    page = client.get(f"/steering/{call.slug}/counts/?view=tables&open=all").content.decode()
    assert "66.6%" in page
    assert csv_row["share"] == "0.6666"
    # 0.0% of Excel rounds to the nearest.
    assert f"{excel_row['share']:.1%}" == "66.6%"


def test_small_counts_stand_as_words_where_the_call_hides_them():
    call = make_call(hides_small_counts=True)
    for _ in range(8):
        make_submitted(call, history=["bid"])
    for _ in range(2):
        make_submitted(call, history=["led"])
    rows = {(row["by"], row["value"]): row["responses"] for row in rows_of(call)}
    assert (rows["responses", ""], rows["history", "bid"], rows["history", "led"]) == (
        "10",
        "not shown",
        "fewer than 5",
    )
    few = rows_of(call, export_filter=ExportFilter(words="zyzzyva"))
    assert few[0]["responses"] == "0"
    for _ in range(3):
        make_submitted(call, publication="confidential")
    assert [row["responses"] for row in rows_of(call)[:2]] == ["13", "fewer than 5"]


def test_fewer_than_five_are_not_counted_where_the_call_hides_them():
    call = make_call(hides_small_counts=True)
    for _ in range(3):
        make_submitted(call, history=["bid"])
    rows = rows_of(Call.objects.get(pk=call.pk))
    assert rows[0]["responses"] == "fewer than 5"
    assert {row["responses"] for row in rows[1:]} == {"not shown"}


def test_label_that_a_spreadsheet_would_run_is_made_harmless():
    evil = {
        "key": "evil",
        "kind": "radio",
        "label": "=1+1",
        "options": [{"key": "a", "label": "@SUM(A1)"}],
    }
    call = make_call(evidence_questions=[evil])
    make_submitted(call, evil="a")
    row = next(row for row in rows_of(call) if row["value"] == "a")
    assert (row["question"], row["meaning"]) == ("'=1+1", "'@SUM(A1)")


def test_record_says_what_was_counted():
    call = make_answered()
    exported(call, "counts")
    event = AuditEvent.objects.get(action="exported")
    assert (event.detail["format"], event.detail["rows"]) == ("counts", 7)


def test_call_without_closed_questions_has_its_total():
    call = make_call(
        about_questions=[], evidence_questions=[{"key": "story", "kind": "long", "label": "Story"}]
    )
    make_submitted(call)
    assert [row["responses"] for row in rows_of(call)] == ["1"]
