"""What the steering group gets of a confidential response: that it is there, and when it came."""

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import docx
import openpyxl
import pypdf
import pytest

from accounts.states import Role
from exports.consent import PSEUDONYMISED
from exports.filters import ExportFilter
from exports.queries import count_words
from exports.types import Dataset
from review.coding.codings import code_passage
from submissions.responses import amending
from submissions.responses.drafting import save_answers
from submissions.responses.submitting import submit
from tests.exports.exporting import NOW, SCOPES, exported, json_lines, members
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)

BARE = ("reference", "submitted_at", "timing", "publication")


def make_confidential(**overrides):
    """A call with one confidential response, full of answers, and a named one."""
    call = make_first_call()
    for field, value in overrides.items():
        setattr(call, field, value)
    call.save()
    for publication in ("confidential", "named"):
        draft = make_draft(
            call,
            **complete_answers(
                call,
                roles=["other", "commissioner"],
                role_other=f"zq01x{publication}",
                good_practice=f"zq02x{publication}",
                publication=publication,
                quote_ok="yes",
            ),
        )
        make_attachment(draft, content=b"zq03xfile")
        response = submit(submission=draft, at=while_open(call)).submission
        response.triage_status = "considered"
        response.save()
    return call, call.submissions.get(current_version__choices__publication="confidential")


@pytest.mark.django_db
def test_row_of_a_confidential_response_has_four_cells():
    call, hidden = make_confidential()
    table = list(csv.DictReader(io.StringIO(exported(call).decode(), newline="")))
    row = next(row for row in table if row["reference"] == hidden.reference)
    assert {name: value for name, value in row.items() if value} == {
        "reference": hidden.reference,
        "submitted_at": "2019-07-23T12:00:00.000000+01:00",
        "timing": "on_time",
        "publication": "confidential",
    }
    lines = {line["reference"]: line for line in json_lines(exported(call, "json"))}
    assert tuple(lines[hidden.reference]) == BARE
    sheet = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx")))["Responses"]
    head, *rows = sheet.iter_rows(values_only=True)
    (cells,) = [dict(zip(head, row, strict=True)) for row in rows if row[0] == hidden.reference]
    assert tuple(name for name, cell in cells.items() if cell is not None) == BARE


@pytest.mark.django_db
def test_reading_copy_and_case_of_a_confidential_response_say_when_it_came():
    call, hidden = make_confidential()
    copy = members(exported(call, "docx-each"))[f"{hidden.reference}.docx"]
    words = " ".join(re.findall(r"<w:t[^>]*>([^<]*)<", members(copy)["word/document.xml"].decode()))
    assert words == (
        f"{hidden.reference} Confidential: for the project team only. Do not publish or quote. "
        "Received 23 July 2019, 12:00:00pm (UK time) · On time · Publication: confidential"
    )
    project = members(exported(call, "qdpx"))
    xml = project["project.qde"].decode()
    variables = dict(re.findall(r'<Variable guid="([^"]+)" name="([^"]+)"', xml))
    case = re.search(f'<Case [^>]*name="{hidden.reference}".*?</Case>', xml, re.DOTALL)[0]
    given = [variables[guid] for guid in re.findall(r'VariableRef targetGUID="([^"]+)"', case)]
    assert given == ["submitted_at", "timing", "publication"]
    sources = [text.decode() for name, text in project.items() if name.startswith("sources/")]
    assert f"{hidden.reference}\n\n" in sources
    assert members(exported(call, "attachments"))["files.csv"].count(b"\n") == 2


def change(response, *, later):
    response.refresh_from_db()
    amending.reopen(submission=response, at=later)
    response.refresh_from_db()
    call = type(response.call).objects.get(pk=response.call_id)
    save_answers(submission=response, call=call, values={"good_practice": "Other"}, at=later)
    response.refresh_from_db()
    assert submit(submission=response, at=later).number == 2


@pytest.mark.django_db
def test_no_file_says_that_a_confidential_response_was_changed():
    call, hidden = make_confidential()
    change(hidden, later=while_open(call) + timedelta(hours=5))
    for name in ("docx-each", "qdpx", "json", "csv"):
        file = exported(call, name)
        parts = members(file) if file.startswith(b"PK") else {"": file}
        if name == "docx-each":
            parts = members(parts[f"{hidden.reference}.docx"])
        told = b"".join(parts.values()).decode(errors="replace")
        assert "5:00:00pm" not in told
        assert "T17:00:00" not in told
        assert "T16:00:00" not in told


WITHHELD = [
    {"facets": {"roles": ("other",)}},
    {"facets": {"roles": ("commissioner", "other")}},
    {"words": "zq02xconfidential"},
    {"words": "-zq02xnamed"},
    {"statuses": ("considered",)},
    {"codes": ("Stories",)},
    {"quote_ok": ("yes", "no")},
    {"org_name_listed": ("yes", "no")},
    {"quotable": True},
]
SHOWN = [
    {},
    {"timings": ("on_time",)},
    {"since": date(2019, 7, 23), "until": date(2019, 7, 23)},
    {"publications": ("confidential",)},
    {"order": "newest"},
]


@pytest.mark.django_db
def test_only_filters_by_what_the_row_shows_find_a_confidential_response():
    call, hidden = make_confidential()
    code_passage(
        code=make_code(call=call, name="Stories"),
        version=hidden.current_version,
        question=call.questions_by_key["good_practice"],
        start=0,
        end=4,
        by=make_user(Role.CODER),
        at=NOW,
    )

    def found(fields, scope=PSEUDONYMISED):
        lines = json_lines(
            exported(call, "json", scope=scope, export_filter=ExportFilter(**fields))
        )
        return hidden.reference in {line["reference"] for line in lines}

    read, whole = (
        count_words(Dataset(call, confidential=all_of_it)) for all_of_it in (False, True)
    )
    assert (read, whole) == (whole - hidden.current_version.words, whole)
    asking = [fields for fields in WITHHELD if ExportFilter(**fields).asks_beyond_the_bare_row]
    assert asking == WITHHELD  # whatever else would keep the response from being found
    assert [fields for fields in WITHHELD if found(fields)] == []
    assert [fields for fields in SHOWN if not found(fields)] == []
    everything = [
        fields for fields in WITHHELD if {"facets", "statuses", "codes", "words"} & set(fields)
    ]
    assert [fields for fields in WITHHELD if found(fields, SCOPES["confidential"])] == everything


@pytest.mark.django_db
def test_filter_by_days_finds_it_by_the_day_that_its_row_shows():
    call, hidden = make_confidential()
    change(hidden, later=while_open(call) + timedelta(hours=20))
    found = {"pseudonymised": [], "confidential": []}
    for name, day in product(found, (date(2019, 7, 23), date(2019, 7, 24))):
        chosen = ExportFilter(since=day, until=day)
        lines = json_lines(exported(call, "json", scope=SCOPES[name], export_filter=chosen))
        found[name] += [day.day for line in lines if line["reference"] == hidden.reference]
    assert found == {"pseudonymised": [23], "confidential": [24]}


@pytest.mark.django_db
def test_counts_in_the_workbook_leave_confidential_answers_out():
    call, _hidden = make_confidential()
    sheet = openpyxl.load_workbook(io.BytesIO(exported(call, "xlsx")))["Counts"]
    lines = sheet.iter_rows(values_only=True)
    counts = {(line[0], line[3] or ""): line[5] for line in lines}
    assert (counts["responses", ""], counts["timing", "on_time"]) == (2, 2)
    assert (counts["roles", "other"], counts["roles", "commissioner"]) == (1, 1)


@pytest.mark.django_db
def test_response_that_left_publication_open_is_treated_as_confidential():
    call = make_call(
        evidence_questions=[
            {"key": "place", "kind": "short", "label": "Where?"},
            {"key": "story", "kind": "long", "label": "What?"},
            {
                "key": "publication",
                "kind": "radio",
                "label": "May we publish?",
                "options": [{"key": "named", "label": "Yes"}],
            },
        ]
    )
    make_submitted(call, place="By the sea", story="Words")
    chosen = ExportFilter(publications=("confidential",)).checked(call)  # which the call offers not
    (line,) = json_lines(exported(call, "json", export_filter=chosen))
    assert (tuple(line), line["publication"]) == (BARE, "confidential")
    (line,) = json_lines(exported(call, "json", scope=SCOPES["confidential"]))
    assert (line["confidential"], line["answers"]["story"]) == (True, "Words")


@pytest.mark.django_db
def test_contents_say_which_response_is_confidential():
    call, hidden = make_confidential()
    for confidential in (False, True):
        head = f"1. {hidden.reference} · Confidential"
        if confidential:
            head += " · commissioner"
        scope = replace(PSEUDONYMISED, confidential=confidential)
        document = docx.Document(io.BytesIO(exported(call, "docx", scope=scope)))
        entries = [p.text for p in document.paragraphs if p.style.name == "toc 1"]
        (entry,) = [entry for entry in entries if hidden.reference in entry]
        assert entry.startswith(head)
        assert ("; other experience" in entry) is confidential
        assert ["Confidential" in entry for entry in entries] == [True, False]
        reader = pypdf.PdfReader(io.BytesIO(exported(call, "pdf", scope=scope)))
        contents = " ".join(reader.pages[0].extract_text().split())
        assert contents.count(head) == contents.count(" · Confidential") == 1
