"""The number of rows equals the number of submissions, in every file, always."""

import csv
import io
import re

import docx
import openpyxl
import pypdf
import pytest
from lxml import etree

from core.safe_cells import neutralise
from exports.consent import Scope
from submissions.responses.amending import reopen, withdraw
from submissions.responses.drafting import save_answers
from submissions.responses.models import Submission
from submissions.responses.submitting import submit
from tests.exports.exporting import exported, json_lines, make_nasty, members
from tests.makers import make_call, make_draft, make_submitted, while_open


def references_in(call):
    """By format, the references of the responses in it, each as often as it stands there."""
    project = etree.fromstring(members(exported(call, "qdpx"))["project.qde"])
    one = docx.Document(io.BytesIO(exported(call, "docx")))
    reader = pypdf.PdfReader(io.BytesIO(exported(call, "pdf")))
    sheet = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx")))["Responses"]
    table = csv.DictReader(io.StringIO(exported(call).decode(), newline=""))
    return {
        "csv": [row["reference"] for row in table],
        "xlsx": [cell.value for cell in sheet["A"][2:]],
        "json": [line["reference"] for line in json_lines(exported(call, "json"))],
        "cases": [case.get("name") for case in project.iter("{*}Case")],
        "sources": [source.get("name") for source in project.iter("{*}TextSource")],
        "docx": numbered(p.text for p in one.paragraphs if p.style.name == "Heading 2"),
        "docx-each": [name.removesuffix(".docx") for name in members(exported(call, "docx-each"))],
        "pdf": numbered(titles(reader.outline)),
        "pdf-each": [name.removesuffix(".pdf") for name in members(exported(call, "pdf-each"))],
    }


def numbered(headings):
    """The references in headings such as "2. TST-AAAA-AAAA · A role", which count from 1."""
    found = [re.match(r"(\d+)\. (TST-\w+-\w+)", heading) for heading in headings]
    found = [one.groups() for one in found if one]
    assert [number for number, _ in found] == [str(n) for n in range(1, len(found) + 1)]
    return [reference for _, reference in found]


def titles(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from titles(entry)
        else:
            yield entry.title


@pytest.mark.django_db
def test_every_file_has_each_submitted_response_once_and_no_other():
    call = make_call()
    plain = make_submitted(call, story="Plain")
    amended = make_submitted(call, story="Before")
    reopen(submission=amended, at=while_open(call))
    amended = Submission.objects.get(pk=amended.pk)
    save_answers(submission=amended, call=call, values={"story": "After"}, at=while_open(call))
    submit(submission=amended, at=while_open(call))
    being_amended = make_submitted(call, story="Stands", publication="confidential")
    reopen(submission=being_amended, at=while_open(call))
    make_draft(call, story="A draft")
    withdraw(submission=make_submitted(call, story="Withdrawn"), at=while_open(call))
    make_submitted(make_call(), story="Elsewhere")
    expected = [plain.reference, amended.reference, being_amended.reference]
    assert references_in(call) == dict.fromkeys(references_in(call), expected)
    whole = exported(call, "json", scope=Scope(confidential=True))
    stories = [line["answers"]["story"] for line in json_lines(whole)]
    assert stories == ["Plain", "After", "Stands"]


@pytest.mark.django_db
def test_nasty_answers_come_back_from_the_csv_but_for_the_apostrophe():
    call, stored = make_nasty()
    before = csv.field_size_limit(1_000_000)
    try:
        rows = csv.DictReader(io.StringIO(exported(call).decode(), newline=""))
        read = {row["reference"]: row["story"] for row in rows}
    finally:
        csv.field_size_limit(before)
    assert read == {ref: neutralise(text) for ref, text in stored.items()}
    assert sum(text.startswith("'") for text in read.values()) == 4
