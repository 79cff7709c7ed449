"""What respondents chose governs every byte: a sweep over all choices, through every file."""

import csv
import io
import itertools
import re
import tempfile
import zipfile
import zlib
from functools import cache

import pypdf
import pyreadstat
import pytest
from pyarrow import parquet

from accounts.states import Role
from exports.consent import PSEUDONYMISED
from exports.filters import ExportFilter
from review.coding.codings import code_passage
from submissions.calls.models import Call
from submissions.responses.addresses import remember_address
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
from tests.measuring import unmeasured

PUBLICATIONS = ("named", "organisation", "anonymous", "confidential")
YES_NO = ("yes", "no")
CAPACITIES = ("on_behalf_of_org", "personal")
# With every pair of choices; that the organisation may be listed decides of no cell.
SWEEP = [
    (publication, quote_ok, YES_NO[quote_ok == YES_NO[place]], capacity)
    for publication, quote_ok, (place, capacity) in itertools.product(
        PUBLICATIONS, YES_NO, enumerate(CAPACITIES)
    )
]


def marked(number):
    """What one respondent says: each text is found nowhere else."""
    word = f"zq{number:02d}x"
    return {
        "name": f"{word}name",
        "email": f"{word}mail@example.org",
        "org_name": f"{word}org",
        "charity_number": f"{word}charity",
        "role_other": f"{word}role",
        "good_practice": f"{word}good story",
        "file name": f"{word}file.txt",
        "file content": f"{word}content",
    }


@unmeasured
def make_swept(**overrides):
    """The first call with a response for each combination; by reference what each said."""
    call = make_first_call()
    for field, value in overrides.items():
        setattr(call, field, value)
    call.save()
    coder = make_user(Role.CODER, username="coder")
    codes = {
        "role_other": make_code(call=call, name="Roles"),
        "good_practice": make_code(call=call, name="Stories"),
    }
    said = {}
    for number, (publication, quote_ok, listed, capacity) in enumerate(SWEEP):
        texts = marked(number)
        answers = {key: value for key, value in texts.items() if not key.startswith("file ")} | {
            "roles": ["other"],
            "publication": publication,
            "quote_ok": quote_ok,
            "org_name_listed": listed,
            "capacity": capacity,
        }
        draft = make_draft(call, **complete_answers(call, **answers))
        make_attachment(draft, name=texts["file name"], content=texts["file content"].encode())
        version = submit(submission=draft, at=while_open(call))
        # Given for links alone, so in no export of any scope.
        address = f"zq{number:02d}xlinks@example.org"
        remember_address(submission=version.submission, address=address, at=while_open(call))
        for key, code in codes.items():
            code_passage(
                code=code,
                version=version,
                question=call.questions_by_key[key],
                start=0,
                end=5,
                by=coder,
                at=NOW,
            )
        said[version.submission.reference] = (texts, publication, quote_ok, capacity)
    return call, said


def opened(data):
    """Yield everything that is in a file, but for its members; streams of PDFs are unpacked."""
    is_statistics = data.startswith((b"$FL2", b"<stata_dta>"))
    if not is_statistics:  # whose columns follow each other without anything between them
        yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive.comment
            for member in archive.infolist():
                yield member.filename.encode()
                yield member.extra + member.comment
    elif is_statistics:
        yield from cells_of_statistics(data)
    elif data.startswith(b"PAR1"):
        table = parquet.read_table(io.BytesIO(data))
        yield "\n".join(map(str, table.to_pylist())).encode()
        yield str(table.schema).encode()
    elif data.startswith(b"%PDF"):
        reader = pypdf.PdfReader(io.BytesIO(data))
        yield " ".join(page.extract_text() for page in reader.pages).encode()
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:
                yield stream


def all_opened(data):
    """Yield everything that is in a file, its members' and theirs too."""
    yield from opened(data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield from all_opened(archive.read(member))


def cells_of_statistics(data):
    """Yield the cells of a file for SPSS or Stata, whose compression breaks words up."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        read = pyreadstat.read_sav if data.startswith(b"$FL2") else pyreadstat.read_dta
        frame, about = read(file.name)
    yield frame.to_csv().encode()
    yield str((about.column_names_to_labels, about.variable_value_labels)).encode()


@unmeasured
def marks_in(data):
    """Every mark of `marked` that is anywhere in the file, in UTF-8 or UTF-16."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return marks_in_one(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [archive.read(member) for member in archive.infolist()]
    return marks_in_one(data).union(*map(marks_in, members))


@cache  # a response's PDF is the same in most exports, and reading it takes longer than making it
def marks_in_one(data):
    """Return the marks of a file, but for those in its members."""
    return frozenset(
        found.decode()
        for piece in opened(data)
        for text in (piece, piece.replace(b"\0", b""))
        for found in re.findall(rb"zq\d\dx[a-z]+", text)
    )


def mark(text):
    return re.match(r"zq\d\dx[a-z]+", text)[0]


def exported_references(said, scope):
    """The responses that are rows of the export at all."""
    return {
        ref
        for ref, (_texts, publication, *_rest) in said.items()
        if not scope.named or scope.includes_unnamed or publication in {"named", "organisation"}
    }


def shown(said, scope=PSEUDONYMISED, *, shares_files=False):
    """The marks that an export may hold, and does."""
    marks = set()
    for ref in exported_references(said, scope):
        texts, publication, _quote_ok, capacity = said[ref]
        is_confidential = publication == "confidential"
        names = {"name", "email"}
        if capacity == "on_behalf_of_org":
            names |= {"org_name", "charity_number"}
        if publication == "organisation":
            names &= {"org_name"}
        keys = set()
        if not is_confidential or scope.confidential:
            keys.add("good_practice")
            if not is_confidential or shares_files:
                keys.add("file content")
        if (
            publication == "named"
            or (publication == "anonymous" and scope.named)
            or (is_confidential and scope.confidential)
        ):
            keys.add("role_other")
        if scope.named and not is_confidential:
            keys |= names
        marks |= {mark(texts[key]) for key in keys}
    return marks


@pytest.mark.no_cover
@pytest.mark.django_db
def test_every_file_holds_what_may_be_shown_and_nothing_else():
    """A test of the bundle sees that each format has alone what it has there."""
    call, said = make_swept(shares_confidential_files=True)
    for name, scope in SCOPES.items():
        # What is quick lacks only the files of each response, made as the whole ones are.
        whole = name in {"pseudonymised", "everything"}
        kind = "bundle" if whole else "bundle-quick"
        data = exported(call, kind, scope=scope, through="steering page")
        may_be = shown(said, scope, shares_files=True)
        files = members(data)
        found = {file: marks_in(content) for file, content in files.items()}
        assert (name, marks_in_one(data).union(*found.values())) == (name, may_be)
        rows = csv.DictReader(io.StringIO(files["responses.csv"].decode(), newline=""))
        references = {row["reference"] for row in rows}
        assert (name, references) == (name, exported_references(said, scope))
        look_at_each_file(found, name, may_be, whole=whole)
    Call.objects.update(shares_confidential_files=False)
    for name, scope in SCOPES.items():
        contents = {mark for mark in shown(said, scope) if mark.endswith("content")}
        assert (name, marks_in(exported(call, "attachments", scope=scope))) == (name, contents)
    codes_and_quotations_are_those_of_what_is_shown(call, said)


# What is about the call, and what has the first letters of each passage that is coded.
ABOUT = {"README.txt", "manifest.json", "load.R"} | {
    f"{name}.{kind}"
    for name, kind in (
        ("dictionary", "csv"),
        ("datapackage", "json"),
        ("codebook", "qdc"),
        ("counts", "csv"),
    )
}
FIRST_LETTERS = {"codings.csv"}


def look_at_each_file(found, scope_name, may_be, *, whole):
    """See that each file with whole answers has those that are shown."""
    stories = {m for m in may_be if m.endswith("xgood")}
    together = {"attachments/": set(), "reading/": set()}
    for file, marks in found.items():
        folder = f"{file.partition('/')[0]}/"
        if folder in together:
            together[folder] |= marks
        elif file in ABOUT:
            assert marks == set(), (file, scope_name)
        elif file not in FIRST_LETTERS:
            assert marks >= stories, (file, scope_name)
    assert together["attachments/"] == {m for m in may_be if m.endswith("content")}, scope_name
    assert not whole or together["reading/"] >= stories, scope_name


def codes_and_quotations_are_those_of_what_is_shown(call, said):
    for name in ("pseudonymised", "confidential"):
        data = exported(call, scope=SCOPES[name]).decode()
        codes = {r["reference"]: r["codes"] for r in csv.DictReader(io.StringIO(data, newline=""))}
        all_of_it = {"named"} | ({"confidential"} if name == "confidential" else set())
        assert codes == {
            ref: "Roles; Stories"
            if those[1] in all_of_it
            else ""
            if those[1] == "confidential"
            else "Stories"
            for ref, those in said.items()
        }
    lines = json_lines(exported(call, "json", export_filter=ExportFilter(codes=("Roles",))))
    assert {line["publication"] for line in lines} == {"named"}
    quotable = {
        name: exported(call, name, export_filter=ExportFilter(quotable=True))
        for name in ("csv", "json", "docx", "attachments")
    }
    may = {
        ref: those
        for ref, those in said.items()
        if those[1] != "confidential" and those[2] == "yes"
    }
    assert set().union(*map(marks_in, quotable.values())) == shown(may)
    lines = json_lines(quotable["json"])
    assert {line["reference"] for line in lines} == set(may)
    assert all(line["may_quote"] for line in lines)


@pytest.mark.no_cover  # tests of its own measure each format
@pytest.mark.django_db
@pytest.mark.parametrize("policy", ["never", "not asked"])
def test_call_that_asks_nobody_keeps_to_what_it_says(policy):
    call = make_call(
        publication=policy,
        evidence_questions=[
            {"key": "place", "kind": "short", "label": "Where?"},
            {"key": "story", "kind": "long", "label": "What?"},
        ],
    )
    make_submitted(call, place="zq01xplace", story="zq02xstory", email="zq03xmail@example.org")
    inside = {"zq01xplace", "zq02xstory"}
    found = {name: marks_in(exported(call, "json", scope=scope)) for name, scope in SCOPES.items()}
    if policy == "never":
        assert found == {
            "pseudonymised": set(),
            "named": set(),
            "named, all": set(),
            "confidential": inside,
            "everything": inside,
        }
    else:
        assert found == {
            "pseudonymised": inside,
            "named": set(),
            "named, all": {*inside, "zq03xmail"},
            "confidential": inside,
            "everything": {*inside, "zq03xmail"},
        }
    for name in ("pseudonymised", "everything"):
        assert marks_in(exported(call, "bundle-quick", scope=SCOPES[name])) == found[name], name
    (line,) = json_lines(exported(call, "json"))
    assert line["publication"] == ("confidential" if policy == "never" else "not asked")
    assert not line.get("may_quote")


@pytest.mark.django_db
def test_dictionary_says_that_quote_ok_alone_is_no_leave_to_quote():
    call = make_call(
        evidence_questions=[
            {
                "key": key,
                "kind": "radio",
                "label": "May we?",
                "options": [{"key": option, "label": option} for option in options],
            }
            for key, options in {"publication": PUBLICATIONS, "quote_ok": YES_NO}.items()
        ]
    )
    make_submitted(call, publication="confidential", quote_ok="yes")
    (row,) = csv.DictReader(io.StringIO(exported(call).decode(), newline=""))
    assert (row["publication"], row["quote_ok"]) == ("confidential", "")
    whole = exported(call, scope=SCOPES["confidential"]).decode()
    (row,) = csv.DictReader(io.StringIO(whole, newline=""))
    assert (row["publication"], row["quote_ok"]) == ("confidential", "yes")
    assert exported(call, export_filter=ExportFilter(quotable=True)).count(b"\r\n") == 1
    dictionary = csv.reader(io.StringIO(exported(call, "dictionary").decode(), newline=""))
    (quoting,) = [row[2] for row in dictionary if row[0] == "(quoting)"]
    assert ("A confidential response may have quote_ok yes and still may not be quoted.") in quoting


@pytest.mark.django_db
def test_question_that_became_identity_is_withheld_with_what_was_answered_before():
    call = make_call()
    make_submitted(call, roles=["other"], role_other="zq77xmayor", story="Words")
    call.questions.filter(key__in=["role_other", "age"]).update(identity=True)
    data = exported(call, "bundle-quick")
    assert marks_in(data) == set()
    (line,) = json_lines(members(data)["responses.jsonl"])
    assert "age" not in line["answers"]


@pytest.mark.django_db
@pytest.mark.parametrize("named", [False, True])
def test_code_of_a_withheld_passage_is_neither_shown_nor_found(named):
    """A code such as “Mayors” says what the passage says."""
    call = make_call()
    place = call.questions_by_key["role_other"]
    coder = make_user(Role.CODER)
    codes = {
        "role_other": make_code(call=call, name="zq01xmayors"),
        "story": make_code(call=call, name="zq02xtowns"),
    }
    for publication in ("confidential", "named"):
        response = make_submitted(
            call, roles=["other"], role_other="Mayor", story="Town", publication=publication
        )
        for key, code in codes.items():
            code_passage(
                code=code,
                version=response.current_version,
                question=call.questions_by_key[key],
                start=0,
                end=4,
                by=coder,
                at=NOW,
            )

    def of(**fields):
        data = exported(call, named=named, export_filter=ExportFilter(**fields)).decode()
        rows = csv.DictReader(io.StringIO(data, newline=""))
        return {row["publication"]: row["codes"] for row in rows}

    both = "zq01xmayors; zq02xtowns"
    bare = {} if named else {"confidential": ""}
    assert of() == {"named": both} | bare
    assert of(codes=("zq01xmayors",)) == {"named": both}
    assert of(codes=("zq02xtowns",)) == {"named": both}
    # Withheld of everybody, where the question says who answers; unless that is asked for.
    call.questions.filter(pk=place.pk).update(identity=True)
    assert of()["named"] == (both if named else "zq02xtowns")
    assert ("named" in of(codes=("zq01xmayors",))) is named


@pytest.mark.django_db
def test_search_finds_nothing_in_what_is_withheld():
    call = make_call()
    hidden = make_submitted(
        call, roles=["other"], role_other="Mayor", story="Town", publication="anonymous"
    )
    make_submitted(
        call, roles=["other"], role_other="Mayor", story="Town", publication="confidential"
    )
    shown_one = make_submitted(call, roles=["other"], role_other="Mayor", story="Town")

    def found(words):
        lines = json_lines(exported(call, "json", export_filter=ExportFilter(words=words)))
        return {line["reference"] for line in lines}

    assert found("mayor") == {shown_one.reference}
    assert found("town") == {hidden.reference, shown_one.reference}
    # “Without the word” must not tell them apart from the other side either.
    assert found("town -mayor") == {hidden.reference}
