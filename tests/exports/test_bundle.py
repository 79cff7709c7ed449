"""The bundle of every format with its manifest, and what it says of files that cannot be made."""

import hashlib
import json
import subprocess

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import Role
from core import typesetters
from core.release import VERSION
from core.typesetters import TypesettingFailed
from exports import queries, response_sql
from exports.filters import ExportFilter
from exports.formats import FORMATS
from exports.types import Dataset
from exports.writers import apart, bundle, parquet_file, reading_docx, reading_pdf, workbook
from submissions.responses.submitting import submit
from tests.authored_files import WITH_AUTHOR
from tests.exports.exporting import (
    NOW,
    SCOPES,
    exported,
    json_lines,
    make_with_files,
    members,
    put_under,
    rows_of,
    submit_elsewhere,
)
from tests.exports.what_files_hold import cells_of_statistics
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_code,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.review.redaction_makers import make_redaction

FIXED = {
    "README.txt",
    "responses.csv",
    "dictionary.csv",
    "datapackage.json",
    "responses.xlsx",
    "responses.jsonl",
    "answers.csv",
    "load.R",
    "codings.csv",
    "responses.qdpx",
    "codebook.qdc",
    "counts.csv",
    "responses-for-excel.zip",
    "spss.zip",
    "stata.zip",
    "parquet.zip",
    "all.docx",
    "all.pdf",
    "pdfs.zip",
    "attachments/files.csv",
    "manifest.json",
}


@pytest.mark.django_db
def test_bundle_has_every_file_and_the_manifest_their_digests():
    call = make_call()
    first = make_with_files(call, b"Minutes", b"Accounts", story="One")
    second = make_submitted(call, story="Two")
    files = members(exported(call, "bundle"))
    assert set(files) == FIXED | {
        f"reading/{first.reference}.docx",
        f"reading/{second.reference}.docx",
        f"attachments/{first.reference}/{first.reference}-1.txt",
        f"attachments/{first.reference}/{first.reference}-2.txt",
    }
    manifest = json.loads(files.pop("manifest.json"))
    assert {entry["file"]: entry["sha256"] for entry in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    assert {entry["file"]: entry["bytes"] for entry in manifest["files"]} == {
        name: len(data) for name, data in files.items()
    }
    rows = {entry["file"]: entry["rows"] for entry in manifest["files"] if "rows" in entry}
    assert {name: n for name, n in rows.items() if name.startswith("responses.")} == {
        "responses.csv": 2,
        "responses.xlsx": 2,
        "responses.jsonl": 2,
        "responses.qdpx": 2,
    }
    for name in ("responses.csv", "answers.csv", "counts.csv"):
        assert (name, rows[name]) == (name, len(rows_of(files[name])))
    assert rows["answers.csv"] > 2


@pytest.mark.django_db
def test_manifest_says_what_who_when_and_by_which_software():
    call = make_call()
    make_submitted(call, roles=["provider"])
    make_submitted(call, roles=["commissioner"])
    export_filter = ExportFilter(facets={"roles": ("provider",)})
    by = make_user(username="ada", is_superuser=True)
    data = exported(call, "bundle-quick", export_filter=export_filter, by=by)
    manifest = json.loads(members(data)["manifest.json"])
    del manifest["files"]
    assert manifest == {
        "call": call.slug,
        "title": call.title,
        "dataset": "pseudonymised",
        "filters": {"facets": {"roles": ["provider"]}},
        "responses": 1,
        "missing_or_damaged_files": 0,
        "erased": [],
        "made_by": "ada",
        "made_at": NOW.isoformat(),
        "software": "Evidence portal",
        "software_version": VERSION,
    }


WHOLE = {
    "csv": "responses.csv",
    "xlsx": "responses.xlsx",
    "json": "responses.jsonl",
    "qdpx": "responses.qdpx",
    "qdc": "codebook.qdc",
    "dictionary": "dictionary.csv",
    "datapackage": "datapackage.json",
    "codings": "codings.csv",
    "counts": "counts.csv",
    "docx": "all.docx",
    "pdf": "all.pdf",
}
PACKED = {
    "csv-excel": "responses-for-excel.zip",
    "sav": "spss.zip",
    "dta": "stata.zip",
    "parquet": "parquet.zip",
    "pdf-each": "pdfs.zip",
}
# Of these, what stands in the bundle by itself.
UNPACKED = {"long": "", "r": "", "docx-each": "reading/", "attachments": "attachments/"}


@pytest.mark.django_db
def test_everything_asks_for_its_rows_once_and_apart_for_statistics(monkeypatch):
    monkeypatch.setattr(queries, "FETCHED_AT_ONCE", 2)
    call = make_call()
    references = [make_submitted(call).reference for _ in range(3)]
    with CaptureQueriesContext(connection) as captured:
        files = members(exported(call, "bundle"))
    sqls = [query["sql"] for query in captured if " AS cell_1" in query["sql"]]
    # Before the Excel file, its longest cells are measured.
    asked = [sql for sql in sqls if not sql.startswith("SELECT coalesce(max(")]
    # Files for SPSS and Stata have cells of their own.
    assert len(asked) == 2
    lines = json_lines(files["responses.jsonl"])
    assert [line["reference"] for line in lines] == references
    assert list(members(files["pdfs.zip"])) == [f"{reference}.pdf" for reference in references]


@pytest.mark.no_cover  # tests of its own measure each format
@pytest.mark.django_db
def test_everything_has_what_each_format_gives_alone(monkeypatch):
    """So what tests see of consent, and of hidden words, in the bundle is so in each format.

    One of the bundles is made by programs that start anew, as the portal has them.
    """
    assert {*WHOLE, *PACKED, *UNPACKED} == set(FORMATS) - {"bundle", "bundle-quick"}
    call = make_call()
    kind, content = WITH_AUTHOR[0]
    named = make_draft(
        call, **complete_answers(call, story="Words of a person", publication="named")
    )
    make_attachment(named, name=f"minutes.{kind}", content=content)
    submit(submission=named, at=while_open(call))
    named.refresh_from_db()
    make_redaction(named, "person")
    confidential = make_with_files(
        call, b"Accounts", story="More words", publication="confidential", history=["bid"]
    )
    other = make_with_files(call, b"Notes", story="Words", roles=["commissioner"])
    code, coder = make_code(call=call, name="Words"), make_user(Role.CODER)
    for response in (named, confidential, other):
        put_under(code, response, response.current_version.texts["story"], coder)
    chosen = ExportFilter(facets={"roles": ("provider",)})
    for scope_name in ("pseudonymised", "everything"):
        options = {"scope": SCOPES[scope_name], "export_filter": chosen}
        with monkeypatch.context() as patch:
            if scope_name == "everything":
                start_programs_anew(patch)
            files = members(exported(call, "bundle", **options))
        for file_format, name in WHOLE.items():
            same = files[name] == exported(call, file_format, **options)
            assert same, (name, scope_name)
        for file_format, name in PACKED.items():
            alone = members(exported(call, file_format, **options))
            assert as_read(members(files[name])) == as_read(alone), (name, scope_name)
        for file_format, folder in UNPACKED.items():
            for name, data in members(exported(call, file_format, **options)).items():
                if name not in {"dictionary.csv"}:
                    assert files[folder + name] == data, (name, scope_name)
    about = files["README.txt"].decode()
    assert [name for name in {*WHOLE.values(), *PACKED.values()} if name not in about] == []


def start_programs_anew(patch):
    """Other tests have them forked, with what they import there already."""
    for module in (apart, typesetters):
        assert module.subprocess is not subprocess
        patch.setattr(module, "subprocess", subprocess)


def as_read(files):
    """The files; of those for SPSS and Stata, which their program stamps, what they hold."""
    return {
        name: [*cells_of_statistics(data)] if name.endswith((".sav", ".dta")) else data
        for name, data in files.items()
    }


@pytest.mark.django_db
def test_quick_bundle_has_the_same_but_one_document_per_response():
    call = make_call()
    response = make_with_files(call, b"Minutes", story="Words")
    whole, quick = (members(exported(call, name)) for name in ("bundle", "bundle-quick"))
    reading = f"reading/{response.reference}.docx"
    assert whole.keys() - quick.keys() == {"pdfs.zip", reading}
    assert quick.keys() < whole.keys()
    apart = {"README.txt", "manifest.json", "spss.zip", "stata.zip"}  # the last two are stamped
    assert {name for name in quick if quick[name] != whole[name]} <= apart
    listed = {entry["file"] for entry in json.loads(quick["manifest.json"])["files"]}
    assert listed == quick.keys() - {"manifest.json"}
    about = quick["README.txt"].decode()
    assert ("pdfs.zip" in about, "reading/" in about, "attachments/" in about) == (
        False,
        False,
        True,
    )


REFUSED = {
    "responses.xlsx": (workbook, "MOST_ROWS", "An Excel sheet holds 0 responses."),
    "all.docx": (reading_docx, "MOST_WORDS", "One Word file holds up to 2 words;"),
    "all.pdf": (reading_pdf, "MOST_WORDS", "One PDF holds up to 2 words;"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("refused", [["all.docx"], list(REFUSED)], ids=["one", "all"])
def test_everything_holds_what_can_be_made_and_says_what_is_missing(monkeypatch, refused):
    for name in refused:
        module, most, _why = REFUSED[name]
        monkeypatch.setattr(module, most, 2)
    call = make_call()
    make_submitted(call, story="There are more words")
    seen, left_out = [], {}
    data = exported(call, "bundle-quick", progress=seen.append, left_out=left_out.update)
    files = members(data)
    assert FIXED - {"pdfs.zip"} - files.keys() == set(refused)
    manifest = json.loads(files["manifest.json"])
    notes = {entry["file"]: entry["note"] for entry in manifest["files"] if "note" in entry}
    assert notes == left_out == AuditEvent.objects.get(action="exported").detail["left_out"]
    about, missing = files["README.txt"].decode().split("\nMissing here:\n")
    for name in refused:
        assert notes[name].startswith(REFUSED[name][2])
        assert name not in about
        assert f"{name:<24} {notes[name]}\n" in missing
    assert (manifest["responses"], seen[-1]) == (1, 1)


@pytest.fixture
def broken_parquet(monkeypatch):
    def ended(*_arguments, **_more):
        raise ChildProcessError("it ended with 1")

    monkeypatch.setattr(parquet_file, "finish", ended)


@pytest.mark.django_db
def test_everything_is_without_a_file_whose_program_ends(broken_parquet, caplog):
    call = make_call()
    make_submitted(call)
    seen = []
    files = members(exported(call, "bundle-quick", progress=seen.append))
    assert FIXED - {"pdfs.zip"} - files.keys() == {"parquet.zip"}
    assert "parquet.zip              Something went wrong" in files["README.txt"].decode()
    assert "parquet.zip was not made: ChildProcessError" in caplog.text
    assert seen[-1] == 1


@pytest.mark.django_db
def test_command_ends_with_status_3_where_a_file_could_not_be_made(broken_parquet, tmp_path):
    call = make_call()
    make_submitted(call)
    output = tmp_path / "everything.zip"
    with pytest.raises(CommandError, match="could not be made") as error:
        call_command("export_responses", call=call.slug, format="bundle-quick", output=str(output))
    assert error.value.returncode == 3
    files = members(output.read_bytes())
    assert "parquet.zip" not in files
    assert json.loads(files["manifest.json"])["made_by"] == "command line"


class FailingTypesetters(reading_pdf.Typesetters):
    """Makes the first document of several, and none after it."""

    def __init__(self, template, **more):
        super().__init__(template, **more | {"number": 0})

    def pdfs(self, documents, *, seconds):
        made = [b"%PDF", *(TypesettingFailed("its process ended") for _ in documents)]
        return iter(made[: max(1, len(made) - 1)])


@pytest.mark.django_db
def test_everything_is_without_a_pdf_that_cannot_be_made(monkeypatch, tmp_path, capsys, caplog):
    monkeypatch.setattr(reading_pdf, "Typesetters", FailingTypesetters)
    call = make_call()
    made, failed = [make_submitted(call).reference for _ in range(2)]
    output = tmp_path / "everything.zip"
    with pytest.raises(CommandError, match="could not be made"):
        call_command("export_responses", call=call.slug, format="bundle", output=str(output))
    name = f"pdfs.zip/{failed}.pdf"
    assert f"{name} is not in the export. Something went wrong" in capsys.readouterr().err
    assert f"{failed}.pdf was not made" in caplog.text
    files = members(output.read_bytes())
    assert members(files["pdfs.zip"]).keys() == {f"{made}.pdf"}
    assert {f"reading/{one}.docx" for one in (made, failed)} < files.keys()
    listed = {entry["file"]: entry for entry in json.loads(files["manifest.json"])["files"]}
    assert listed["pdfs.zip"]["rows"] == 1
    assert listed[name]["note"].startswith("Something went wrong")
    assert f"{name} Something went wrong" in files["README.txt"].decode()

    monkeypatch.setattr(reading_pdf, "MOST_LEFT_OUT", 0)
    with pytest.raises(TypesettingFailed):
        exported(call, "pdf-each")


@pytest.mark.django_db
def test_everything_is_without_tables_that_are_too_wide(monkeypatch):
    call = make_call()
    make_submitted(call)
    monkeypatch.setattr(response_sql, "MOST_COLUMNS", len(Dataset(call).columns))
    files = members(exported(call, "bundle-quick"))
    assert FIXED - {"pdfs.zip"} - files.keys() == {"spss.zip", "stata.zip"}
    assert "A table has up to" in files["README.txt"].decode()


@pytest.mark.django_db
def test_everything_is_without_the_files_that_the_installation_cannot_make(monkeypatch):
    monkeypatch.setattr(bundle, "find_spec", lambda package: None)
    call = make_call()
    make_submitted(call)
    files = members(exported(call, "bundle"))
    assert {*FIXED} - {*files} == {"spss.zip", "stata.zip", "parquet.zip"}
    assert "spss.zip" not in files["README.txt"].decode()


@pytest.mark.django_db(transaction=True)
def test_all_files_of_a_bundle_see_one_snapshot():
    """A response that arrives while the bundle is written is in none of its files."""
    call = make_call()
    make_submitted(call)
    arrived = []

    def meanwhile(_rows):
        if not arrived:
            arrived.append(submit_elsewhere(call))

    files = members(exported(call, "bundle", progress=meanwhile))
    assert arrived
    assert len(json_lines(files["responses.jsonl"])) == 1
    assert files["responses.csv"].count(b"\r\n") == 2
    assert len([name for name in files if name.startswith("reading/")]) == 1
