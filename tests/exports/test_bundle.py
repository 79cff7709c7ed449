"""The bundle with its manifest, and the files that came with responses."""

import csv
import hashlib
import io
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

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
from submissions.responses.models import Attachment
from submissions.responses.submitting import submit
from tests.authored_files import WITH_AUTHOR, names_author
from tests.exports.exporting import NOW, SCOPES, exported, json_lines, members
from tests.exports.test_codings_csv import put_under
from tests.exports.test_consent import cells_of_statistics
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
from tests.sample_files import odt

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


def make_with_files(call, *contents, **answers):
    draft = make_draft(call, **complete_answers(call, **answers))
    for number, content in enumerate(contents):
        make_attachment(draft, name=f"secret-name-{number}.txt", content=content)
    submit(submission=draft, at=while_open(call))
    draft.refresh_from_db()
    return draft


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
        read = csv.DictReader(io.StringIO(files[name].decode(), newline=""))
        assert (name, rows[name]) == (name, len(list(read)))
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


@pytest.mark.django_db
def test_attachments_are_named_by_reference_and_come_back_to_the_byte():
    call = make_call()
    blob = bytes(range(256)) * 1000
    response = make_with_files(call, blob, b"Accounts")
    files = members(exported(call, "attachments"))
    listed = list(csv.DictReader(io.StringIO(files.pop("files.csv").decode(), newline="")))
    stem = f"{response.reference}/{response.reference}"
    assert files == {f"{stem}-1.txt": blob, f"{stem}-2.txt": b"Accounts"}
    assert listed[0] == {
        "file": f"{stem}-1.txt",
        "reference": response.reference,
        "number": "1",
        "type": "txt",
        "bytes": "256000",
        "sha256": hashlib.sha256(blob).hexdigest(),
        "sha256_submitted": hashlib.sha256(blob).hexdigest(),
        "note": "",
    }


@pytest.mark.django_db
def test_files_leave_without_their_authors_unless_the_export_is_named():
    """That the bundle has the same files, a test of each format sees."""
    call = make_call()
    given = {}
    for kind, content in WITH_AUTHOR:
        draft = make_draft(call, **complete_answers(call, publication="named"))
        attachment = make_attachment(draft, name=f"a.{kind}", content=content)
        reference = submit(submission=draft, at=while_open(call)).submission.reference
        given[reference] = kind, content, attachment.pk
    for named in (False, True):
        files = members(exported(call, "attachments", named=named))
        (listing,) = [name for name in files if name.endswith("files.csv")]
        rows = csv.DictReader(io.StringIO(files[listing].decode(), newline=""))
        row_of = {row["reference"]: row for row in rows}
        assert set(row_of) == set(given)
        for reference, (kind, content, _pk) in given.items():
            (name,) = [name for name in files if name.endswith(f"{reference}-1.{kind}")]
            row = row_of[reference]
            assert (files[name] == content) is named
            assert (names_author(files[name]) == []) is not named
            assert row["sha256"] == hashlib.sha256(files[name]).hexdigest()
            assert row["sha256_submitted"] == hashlib.sha256(content).hexdigest()
            assert row["bytes"] == str(len(files[name]))
            assert row["note"] == ("" if named else "The author's details were taken out.")
    for _kind, content, pk in given.values():
        with Attachment.objects.get(pk=pk).file.open() as original:
            assert original.read() == content


@pytest.mark.django_db
def test_file_whose_author_stays_in_it_is_held_back_and_the_list_says_why():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    content = odt(**{"META-INF/documentsignatures.xml": ""})
    make_attachment(draft, name="a.odt", content=content)
    submit(submission=draft, at=while_open(call))
    files = members(exported(call, "attachments"))
    (row,) = csv.DictReader(io.StringIO(files.pop("files.csv").decode(), newline=""))
    assert files == {}
    assert {k: row[k] for k in ("bytes", "sha256", "sha256_submitted", "note")} == {
        "bytes": "",
        "sha256": "",
        "sha256_submitted": hashlib.sha256(content).hexdigest(),
        "note": "Held back: the author's details could not be taken out. It is signed digitally, "
        "and the signature names who signed.",
    }


@pytest.mark.django_db
def test_file_that_the_storage_lost_is_said_and_the_others_come():
    call = make_call()
    response = make_with_files(call, b"Lost", b"Kept")
    lost = Attachment.objects.get(name="secret-name-0.txt")
    lost.file.storage.delete(lost.file.name)
    files = members(exported(call, "attachments"))
    listed = list(csv.DictReader(io.StringIO(files.pop("files.csv").decode(), newline="")))
    assert set(files) == {f"{response.reference}/{response.reference}-2.txt"}
    assert [row["note"] for row in listed] == ["missing: the portal no longer has this file.", ""]


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


def submit_elsewhere(call):
    """Submit through a connection of its own, as another visitor would."""

    def work():
        try:
            return make_submitted(call).reference
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
