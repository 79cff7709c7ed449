"""Choices as the analyst wants them: keys or labels, several joined or a column each."""

import csv
import io
import json

import openpyxl
import pytest

from exports.filters import ExportFilter
from tests.exports.exporting import exported, json_lines
from tests.makers import make_call, make_first_call, make_submitted

LABELS = ExportFilter(choices="labels")
APART = ExportFilter(several="apart")


def rows_of(call, export_filter):
    data = exported(call, export_filter=export_filter).decode()
    return list(csv.DictReader(io.StringIO(data, newline="")))


def make_answered():
    call = make_call()
    question = call.questions_by_key["history"]
    question.options[0]["label"] = "=We bid; and 100% lost"
    question.save()
    make_submitted(
        call, roles=["provider", "other"], history=["bid", "led"], fairness={"money": "poor"}
    )
    make_submitted(call, roles=["provider"], publication="confidential")
    make_submitted(call, roles=["provider"])
    return call


@pytest.mark.django_db
def test_labels_stand_where_keys_stood():
    call = make_answered()
    labels = {key: q.option_labels for key, q in call.questions_by_key.items()}
    first, hidden, last = rows_of(call, LABELS)
    assert first["roles"] == f"{labels['roles']['provider']}; {labels['roles']['other']}"
    assert first["history"] == f"'=We bid; and 100% lost; {labels['history']['led']}"
    assert first["fairness_money"] == labels["fairness"]["poor"]
    assert (first["timing"], first["channel"], first["status"]) == (
        "On time",
        "This website",
        "New",
    )
    assert first["quote_ok"] == labels["quote_ok"]["yes"]
    assert first["declaration"] == "Ticked"
    assert last["history"] == ""
    assert {name for name, cell in hidden.items() if cell} == {
        "reference",
        "submitted_at",
        "timing",
        "publication",
    }


@pytest.mark.django_db
def test_each_option_has_a_column_of_yes_and_no_beside_the_joined_one():
    call = make_answered()
    first, hidden, last = rows_of(call, APART)
    names = list(first)
    place = names.index("history")
    assert names[place : place + 4] == ["history", "history_bid", "history_led", "history_none"]
    assert [first[name] for name in names[place : place + 4]] == ["bid; led", "yes", "yes", "no"]
    assert {hidden[name] for name in names[place : place + 4]} == {""}
    assert {last[name] for name in names[place : place + 4]} == {""}
    assert first["roles_other"] == "yes"
    assert last["roles_other"] == "no"


@pytest.mark.django_db
def test_excel_dictionary_and_data_package_say_what_the_cells_hold():
    call = make_answered()
    call.questions.filter(key="age").update(label="=1+1")
    call.refresh_from_db()
    both = ExportFilter(choices="labels", several="apart")
    written = rows_of(call, both)
    book = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx", export_filter=both)))
    head, _labels, *lines = book["Responses"].iter_rows(values_only=True)
    assert list(head) == list(written[0])
    excel = dict(zip(head, lines[0], strict=True))
    assert excel["history"] == written[0]["history"].removeprefix("'")
    counts = {(row[0], row[3]): row[5] for row in book["Counts"].iter_rows(values_only=True)}
    assert counts["timing", "on_time"] == 3
    described = csv.DictReader(
        io.StringIO(exported(call, "dictionary", export_filter=both).decode(), newline="")
    )
    notes = {row["column"]: row for row in described}
    assert notes["age"]["meaning"] == "'=1+1"
    assert notes["history_bid"]["values"] == "yes = Chosen\nno = Not chosen"
    assert notes["timing"]["notes"] == "The cells have the labels, not the keys."
    package = json.loads(exported(call, "datapackage", export_filter=both))
    fields = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}
    assert "On time" in fields["timing"]["constraints"]["enum"]
    assert fields["history_bid"]["constraints"]["enum"] == ["yes", "no"]


@pytest.mark.django_db
def test_formats_that_are_no_tables_keep_their_keys():
    call = make_answered()
    both = ExportFilter(choices="labels", several="apart")
    assert json_lines(exported(call, "json", export_filter=both)) == json_lines(
        exported(call, "json")
    )
    for name in ("docx", "qdpx"):
        assert exported(call, name, export_filter=both) == exported(call, name)


@pytest.mark.django_db
def test_every_band_and_row_of_the_first_call_has_its_label():
    call = make_first_call()
    make_submitted(call, income_band="lt_10k", capacity="on_behalf_of_org")
    (row,) = rows_of(call, LABELS)
    bands = {band["key"]: band["label"] for band in call.derived[0]["bands"]}
    assert row["ncvo_band"] in bands.values()
    band = next(one for one in call.derived[0]["bands"] if one["label"] == row["ncvo_band"])
    band["label"] = "-10 to 10"
    call.save()
    assert rows_of(call, LABELS)[0]["ncvo_band"] == "'-10 to 10"
