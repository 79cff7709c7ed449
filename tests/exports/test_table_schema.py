"""The data package, judged by the frictionless package against the CSV that it describes."""

import csv
import io
import json

import frictionless
import pytest

from core.safe_cells import neutralise
from exports.filters import ExportFilter
from tests.exports.exporting import exported, make_nasty
from tests.makers import make_call, make_first_call, make_submitted


def report_on(call, folder, *, spoil=lambda data: data, **options):
    (folder / "responses.csv").write_bytes(spoil(exported(call, **options)))
    (folder / "datapackage.json").write_bytes(exported(call, "datapackage", **options))
    with frictionless.system.use_context(trusted=True):
        return frictionless.Package(str(folder / "datapackage.json")).validate()


def faults(report):
    return report.flatten(["rowNumber", "fieldName", "type"])


@pytest.mark.django_db
def test_csv_of_nasty_answers_is_what_the_schema_says(tmp_path):
    call, stored = make_nasty()
    report = report_on(call, tmp_path)
    assert faults(report) == []
    assert report.tasks[0].stats["rows"] == len(stored)
    with frictionless.system.use_context(trusted=True):
        (resource,) = frictionless.Package(str(tmp_path / "datapackage.json")).resources
        read = {row["reference"]: row["story"] for row in resource.read_rows()}
    assert read == {reference: neutralise(text) for reference, text in stored.items()}


@pytest.mark.django_db
def test_csv_of_the_first_call_is_what_the_schema_says(tmp_path):
    call = make_first_call()
    make_submitted(call, capacity="on_behalf_of_org", org_type="charity", income_band="25k_100k")
    make_submitted(call, publication="confidential")
    assert faults(report_on(call, tmp_path)) == []


QUESTIONS = [
    {"key": "story", "kind": "long", "label": "What?"},
    {
        "key": "pay",
        "kind": "radio",
        "label": "What became of your pay?",
        "options": [{"key": "more", "label": "+ more"}, {"key": "less", "label": "- less"}],
    },
    {
        "key": "publication",
        "kind": "radio",
        "label": "May we publish?",
        "options": [{"key": "named", "label": "Yes"}],
    },
]


@pytest.mark.django_db
@pytest.mark.parametrize("choices", ["keys", "labels"])
def test_csv_with_signs_in_labels_and_publication_left_open_is_what_the_schema_says(
    tmp_path, choices
):
    call = make_call(evidence_questions=QUESTIONS)
    make_submitted(call, story="Words", pay="less", publication="named")
    make_submitted(call, story="Words")
    shape = ExportFilter(choices=choices)
    assert faults(report_on(call, tmp_path, export_filter=shape)) == []
    rows = csv.DictReader(io.StringIO(exported(call, export_filter=shape).decode(), newline=""))
    assert [row["publication"] for row in rows] == {
        "keys": ["named", "confidential"],
        "labels": ["Yes", "Do not publish"],
    }[choices]


@pytest.mark.django_db
def test_value_outside_the_schema_is_found(tmp_path):
    call = make_call()
    make_submitted(call)
    report = report_on(call, tmp_path, spoil=lambda data: data.replace(b",on_time,", b",soon,"))
    assert faults(report) == [[2, "timing", "constraint-error"]]


@pytest.mark.django_db
def test_package_says_the_questions_the_options_and_what_is_withheld():
    call = make_call()
    package = json.loads(exported(call, "datapackage"))
    fields = {field["name"]: field for field in package["resources"][0]["schema"]["fields"]}
    assert fields["age"]["title"] == "How old are you?"
    assert fields["age"]["categories"][0] == {"value": "adult", "label": "18 or over"}
    assert fields["submitted_at"]["type"] == "datetime"
    assert fields["words"]["type"] == "integer"
    assert [withheld["name"] for withheld in package["withheld"]] == ["email"]
