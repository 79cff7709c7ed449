"""The Excel file, read back with openpyxl."""

import csv
import io
import json
import re
import zipfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from core.text_sheets import EXCEL_UNITS, TextWorkbook
from exports.export_context import UnsupportedByFormat
from exports.types import Dataset
from exports.writers import workbook, workbook_process
from exports.writers.apart import EndedOtherwise
from exports.writers.workbook_process import cell_parts
from submissions.calls.models import Call
from submissions.definitions.loading import load, parse
from tests.exports.exporting import exported, make_nasty
from tests.makers import OPENS_AT, SMALL, make_call, make_first_call, make_submitted


def sheets(call, **more):
    return openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx", **more)))


def table(sheet):
    """The sheet's rows by the names in its first row; those of responses have labels below it."""
    head, *rows = sheet.iter_rows(values_only=True)
    rows = rows[1:] if sheet.title == "Responses" else rows
    return [dict(zip(head, row, strict=True)) for row in rows]


def as_excel_reads(text):
    """Undo the escapes of ECMA-376's ST_Xstring, which openpyxl leaves in inline strings."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda escape: chr(int(escape[1], 16)), text)


PICTURES = str.maketrans(
    {n: 0x2400 + n for n in range(32) if n not in (9, 10, 13)} | {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
)


@pytest.mark.django_db
def test_nasty_answers_come_back_as_strings_and_nothing_is_cut():
    call, stored = make_nasty()
    rows = table(sheets(call)["Responses"])
    names = [name for name in rows[0] if name.startswith("story")]
    assert names == ["story", "story (continued 2)", "story (continued 3)"] + [
        f"story (continued {n})" for n in range(4, len(names) + 1)
    ]
    read = {
        row["reference"]: as_excel_reads("".join(row[name] or "" for name in names)) for row in rows
    }
    assert read == {ref: text.translate(PICTURES) for ref, text in stored.items()}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("_x0041__x0042_", "_x005F_x0041__x005F_x0042_"),
        ("_x005F_x000d_", "_x005F_x005F_x005F_x000d_"),
        ("_X0041_ _x041_ x0041_", "_X0041_ _x041_ x0041_"),
        ("<r>&</r>", "&lt;r&gt;&amp;&lt;/r&gt;"),
    ],
)
def test_text_that_looks_like_an_escape_is_escaped_wherever_one_begins(tmp_path, text, written):
    path = tmp_path / "one.xlsx"
    with TextWorkbook(str(path), str(tmp_path)) as book:
        assert book.add_worksheet().write_string(0, 0, text) == 0
    with ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert f"<is><t>{written}</t></is>" in sheet
    assert openpyxl.load_workbook(path).active["A1"].data_type == "s"
    assert as_excel_reads(openpyxl.load_workbook(path).active["A1"].value) == text


@pytest.mark.django_db
def test_every_answer_is_a_string_cell_and_no_formula_is_in_the_file():
    call = make_call()
    make_submitted(call, story="=1+1")
    data = exported(call, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Responses"]
    story = next(c for c in sheet[3] if sheet.cell(1, c.column).value == "story")
    assert (story.data_type, story.value, story.number_format) == ("inlineStr", "=1+1", "@") or (
        story.data_type,
        story.value,
        story.number_format,
    ) == ("s", "=1+1", "@")
    with ZipFile(io.BytesIO(data)) as archive:
        written = b"".join(archive.read(n) for n in archive.namelist() if "worksheets" in n)
    assert b"<f>" not in written
    assert b"hyperlink" not in written


@pytest.mark.django_db
def test_cells_equal_those_of_the_csv():
    call = make_call()
    make_submitted(call, roles=["other", "provider"], role_other="Volunteer", story="Plain")
    make_submitted(call, fairness={"money": "poor"}, publication="confidential")
    read = table(sheets(call)["Responses"])
    written = list(csv.DictReader(io.StringIO(exported(call).decode(), newline="")))
    assert [row["reference"] for row in read] == [row["reference"] for row in written]
    for excel, plain in zip(read, written, strict=True):
        for name in ("submitted_at", "received_at"):
            del excel[name], plain[name]
        assert {k: "" if v is None else str(v) for k, v in excel.items()} == plain


@pytest.mark.django_db
def test_time_is_a_date_that_never_rounds_up_to_the_deadline():
    call = make_call()
    make_submitted(call, at=datetime(2019, 7, 24, 10, 59, 59, 999999, tzinfo=UTC))
    sheet = sheets(call)["Responses"]
    cell = next(c for c in sheet[3] if sheet.cell(1, c.column).value == "submitted_at")
    assert cell.is_date
    assert cell.value == datetime(2019, 7, 24, 11, 59, 59, 999000)  # noqa: DTZ001 - as Excel has it
    assert cell.number_format == "yyyy-mm-dd hh:mm:ss.000"


@pytest.mark.django_db
def test_head_is_frozen_filtered_and_wrapped():
    call = make_call()
    make_submitted(call, story="Words")
    make_submitted(call)
    sheet = sheets(call)["Responses"]
    assert sheet.freeze_panes == "B3"
    assert sheet.auto_filter.ref == f"A2:{sheet.cell(4, sheet.max_column).coordinate}"
    story = next(c for c in sheet[3] if sheet.cell(1, c.column).value == "story")
    assert story.alignment.wrap_text
    assert str(sheet.page_setup.paperSize) == sheet.PAPERSIZE_A4
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$2")
    assert sheet.print_title_cols == "$A:$A"


@pytest.mark.django_db
def test_second_row_has_the_label_of_each_key_and_the_height_for_it():
    call = make_call()
    make_submitted(call, story="x" * (EXCEL_UNITS + 1))
    sheet = sheets(call)["Responses"]
    said = {key.value: label for key, label in zip(sheet[1], sheet[2], strict=True)}
    meanings = {column.name: column.meaning for column in Dataset(call).as_table().columns}
    assert {name: cell.value for name, cell in said.items()} == {
        **meanings,
        "story (continued 2)": "What happened? (goes on)",
    }
    assert all(cell.alignment.wrap_text and cell.font.bold for cell in said.values())
    widest = max(meanings.values(), key=len)
    assert sheet.row_dimensions[2].height >= 15 * (len(widest) // 60)


@pytest.mark.django_db
def test_row_is_as_high_as_its_longest_answer_and_no_higher_than_a_screen():
    call = make_call()
    lines = {"Short": 1, "One\nTwo\nThree": 3, "word " * 59: 5, "word " * 900: 20}
    for story in lines:
        make_submitted(call, story=story)
    rows = sheets(call)["Responses"].row_dimensions
    # The usual height is not written.
    heights = [rows[place].height or 15 for place, _story in enumerate(lines, start=3)]
    assert heights == [15 * number for number in lines.values()]


@pytest.mark.django_db
def test_every_name_of_a_column_fits_its_column():
    sheet = sheets(make_first_call())["Responses"]
    widths = {}
    for dimension in sheet.column_dimensions.values():
        widths |= dict.fromkeys(range(dimension.min, dimension.max + 1), dimension.width)
    assert [c.value for c in sheet[1] if len(c.value) + 2 > widths[c.column]] == []


@pytest.mark.django_db
def test_dictionary_names_every_column_of_the_first_sheet():
    call = make_call()
    make_submitted(call, story="x" * (EXCEL_UNITS + 1))
    book = sheets(call)
    head = [cell.value for cell in book["Responses"][1]]
    kinds = {"withheld", "rule", "files"}
    described = [r["column"] for r in table(book["Dictionary"]) if r["type"] not in kinds]
    assert "story (continued 2)" in head
    assert described == head
    more = next(r for r in table(book["Dictionary"]) if r["column"] == "story (continued 2)")
    assert (more["meaning"], more["notes"]) == ("story goes on here.", "Read it after story.")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("hides", "provider", "commissioner", "on_tuesday", "on_monday"),
    [(False, 8, 1, 8, 1), (True, "not shown", "fewer than 5", "not shown", "fewer than 5")],
)
def test_counts_are_those_of_the_file(hides, provider, commissioner, on_tuesday, on_monday):
    call = make_call(hides_small_counts=hides)
    for _ in range(8):
        make_submitted(call, roles=["provider"])
    make_submitted(call, roles=["commissioner"], at=datetime(2019, 7, 22, 9, tzinfo=UTC))
    counts = {(r["by"], r["value"]): r["responses"] for r in table(sheets(call)["Counts"])}
    assert counts["responses", ""] == 9
    assert counts["roles", "provider"] == provider
    assert counts["roles", "commissioner"] == commissioner
    assert counts["roles", "other"] == 0
    assert counts["day", "2019-07-23"] == on_tuesday
    assert counts["day", "2019-07-22"] == on_monday


@pytest.mark.django_db
def test_group_of_bands_does_not_tell_of_a_hidden_one():
    call = make_first_call()
    Call.objects.update(hides_small_counts=True)
    for band, number in (("25k_100k", 5), ("100k_1m", 4), ("1m_10m", 3), ("10m_100m", 4)):
        for _ in range(number):
            make_submitted(call, roles=["small_org"], capacity="on_behalf_of_org", income_band=band)
    counts = {(r["by"], r["value"]): r["responses"] for r in table(sheets(call)["Counts"])}
    assert counts["responses", ""] == 16
    assert counts["income_band", "25k_100k"] == 5
    few = [("income_band", "100k_1m"), ("ncvo_band", "medium"), ("ncvo_band", "large")]
    assert [counts[line] for line in few] == ["fewer than 5"] * 3
    assert counts["ncvo_band", "small"] == 5
    groups = [counts["small_and_medium", key] for key in ("yes", "no", "not_sure")]
    assert groups == ["not shown", "not shown", 0]


@pytest.mark.django_db
def test_counts_are_of_the_calls_own_facets():
    text = SMALL.read_text(encoding="utf-8")
    call = load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call
    make_submitted(call, roles=["provider"], size="none")
    make_submitted(call, roles=["provider"])
    rows = [(r["by"], r["value"], r["responses"]) for r in table(sheets(call)["Counts"])]
    wanted = {"responses", "roles", "size", "half"}
    assert [row for row in rows if row[0] in wanted] == [
        ("responses", "", 2),
        ("roles", "provider", 2),
        ("roles", "other", 0),
        ("roles", "(not answered)", 0),
        ("size", "large", 0),
        ("size", "small", 0),
        ("size", "none", 1),
        ("size", "(not answered)", 1),
        ("half", "upper", 0),
        ("half", "lower", 1),
        ("half", "(not answered)", 1),
    ]


@pytest.mark.django_db
def test_no_response_makes_an_empty_file_that_opens():
    assert table(sheets(make_call())["Responses"]) == []


@pytest.mark.django_db
def test_more_responses_than_rows_are_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    call = make_call()
    make_submitted(call)
    assert len(table(sheets(call)["Responses"])) == 1
    make_submitted(call)
    with pytest.raises(UnsupportedByFormat, match="An Excel sheet holds 1 responses"):
        exported(call, "xlsx")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("MOST_COLUMNS", 10, "An Excel sheet holds 10 columns, and this one would have"),
        ("EXCEL_UNITS", 150, "An Excel cell holds 150 characters, and what the dictionary says of"),
    ],
)
def test_more_than_a_sheet_or_a_cell_holds_is_refused(monkeypatch, limit, most, said):
    monkeypatch.setattr(workbook, limit, most)
    with pytest.raises(UnsupportedByFormat, match=said):
        exported(make_call(), "xlsx")


@pytest.mark.django_db
def test_same_data_make_the_same_bytes():
    call = make_call()
    make_submitted(call, story="Words")
    assert exported(call, "xlsx") == exported(call, "xlsx")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * EXCEL_UNITS,
        "a" * (EXCEL_UNITS + 1),
        "\U0001f600" * EXCEL_UNITS,
        "a\U0001f600" * 30_000,
    ],
)
def test_parts_fit_into_cells_and_make_the_text(text):
    parts = list(cell_parts(text))
    assert "".join(parts) == text
    assert all(len(part.encode("utf-16-le")) // 2 <= EXCEL_UNITS for part in parts)


@pytest.mark.django_db
def test_file_of_more_than_4_gb_is_refused_with_what_to_do(monkeypatch):
    call = make_call()
    make_submitted(call)
    statuses = []

    def finish_here(folder, *_told, **_rows):
        """Run the program in the folder of the other, with a smaller ZIP."""
        with monkeypatch.context() as here:
            here.chdir(folder)
            with pytest.raises(SystemExit) as ended:
                workbook_process.main()
        statuses.append(ended.value.code)
        raise EndedOtherwise("workbook_process", ended.value.code)

    def start_here(_command, folder, told):
        Path(folder, "told.json").write_text(json.dumps(told), encoding="utf-8")
        return nullcontext(folder)

    monkeypatch.setattr(workbook, "start", start_here)
    monkeypatch.setattr(workbook, "finish", finish_here)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    with pytest.raises(UnsupportedByFormat, match=r"holds 4 GB.* Choose fewer, or take the CSV\."):
        exported(call, "xlsx")
    assert statuses == [workbook_process.TOO_LARGE]
