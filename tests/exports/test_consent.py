"""What respondents chose governs every byte: a sweep over all choices, through every file."""

import csv
import io
import itertools
import re
import zipfile
import zlib

import pypdf
import pytest

from exports.filters import ExportFilter
from exports.formats import FORMATS
from review.coding import add_code, code_passage
from submissions.responses.submitting import submit
from tests.exports.exporting import NOW, exported, json_lines, members
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)

PUBLICATIONS = ("named", "anonymous", "confidential")
YES_NO = ("yes", "no")
CAPACITIES = ("on_behalf_of_org", "personal")
SWEEP = list(itertools.product(PUBLICATIONS, YES_NO, YES_NO, CAPACITIES))


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


def make_swept(**overrides):
    """The first call with a response for each combination; by reference what each said."""
    call = make_first_call()
    for field, value in overrides.items():
        setattr(call, field, value)
    call.save()
    coder = make_user(username="coder")
    codes = {
        "role_other": add_code(call=call, name="Roles"),
        "good_practice": add_code(call=call, name="Stories"),
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


def opened(name, data):
    """Yield everything that is in a file, archives opened, streams of PDFs unpacked."""
    yield name.encode()
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive.comment
            for member in archive.infolist():
                yield member.extra + member.comment
                yield from opened(member.filename, archive.read(member))
    elif data.startswith(b"%PDF"):
        reader = pypdf.PdfReader(io.BytesIO(data))
        yield " ".join(page.extract_text() for page in reader.pages).encode()
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:
                yield stream


def marks_in(name, data):
    """Every mark of `marked` that is anywhere in the file, in UTF-8 or UTF-16."""
    found = set()
    for piece in opened(name, data):
        for text in (piece, piece.replace(b"\0", b"")):
            found |= {m.decode() for m in re.findall(rb"zq\d\dx[a-z]+", text)}
    return found


def mark(text):
    return re.match(r"zq\d\dx[a-z]+", text)[0]


def shown(said, *, files_of_confidential=False):
    """The marks that a pseudonymised export may hold."""
    marks = set()
    for texts, publication, *_ in said.values():
        marks.add(mark(texts["good_practice"]))
        if publication != "confidential":
            marks.add(mark(texts["role_other"]))
        if publication != "confidential" or files_of_confidential:
            marks.add(mark(texts["file content"]))
    return marks


@pytest.mark.django_db
@pytest.mark.parametrize("shares", [False, True])
def test_no_withheld_value_is_anywhere_in_the_bundle(shares):
    call, said = make_swept(shares_confidential_files=shares)
    data = exported(call, "bundle", through="steering page")
    # All that may be there is there, so nothing was missed by reading badly; and nothing else.
    assert marks_in("bundle.zip", data) == shown(said, files_of_confidential=shares)


@pytest.mark.django_db
def test_no_withheld_value_is_in_any_file_of_any_format():
    call, said = make_swept()
    allowed = shown(said)
    stories = {mark(texts["good_practice"]) for texts, *_ in said.values()}
    about = {"dictionary", "datapackage", "qdc"}
    # The bundle has a test of its own; pdf-each sets what pdf sets, in the same template.
    for name in set(FORMATS) - {"bundle", "pdf-each"}:
        found = marks_in(name, exported(call, name))
        assert found <= allowed, name
        if name in about:
            assert found == set(), name
        elif name == "attachments":
            assert found == {m for m in allowed if m.endswith("content")}
        else:
            assert found >= stories, name


@pytest.mark.django_db
@pytest.mark.parametrize("named", [False, True])
def test_codes_are_those_of_passages_that_are_shown(named):
    call, said = make_swept()
    data = exported(call, named=named).decode()
    codes = {r["reference"]: r["codes"] for r in csv.DictReader(io.StringIO(data, newline=""))}
    open_to_all = {ref for ref, those in said.items() if those[1] != "confidential"}
    assert codes == {ref: "Roles; Stories" if ref in open_to_all else "Stories" for ref in said}
    lines = json_lines(
        exported(call, "json", named=named, export_filter=ExportFilter(codes=("Roles",)))
    )
    assert {line["reference"] for line in lines} == open_to_all


@pytest.mark.django_db
def test_quotable_export_has_nothing_of_those_who_may_not_be_quoted():
    call, said = make_swept()
    data = exported(call, "bundle", export_filter=ExportFilter(quotable=True))
    may = {
        ref: those
        for ref, those in said.items()
        if those[1] != "confidential" and those[2] == "yes"
    }
    assert marks_in("bundle.zip", data) == shown(may)
    lines = json_lines(members(data)["responses.jsonl"])
    assert {line["reference"] for line in lines} == set(may)
    assert all(line["may_quote"] for line in lines)


@pytest.mark.django_db
def test_named_export_says_who_answered_except_of_confidential_responses():
    call, said = make_swept()
    data = exported(call, "bundle", named=True)
    expected = shown(said)
    for texts, publication, _quote_ok, capacity in said.values():
        if publication != "confidential":
            asked = {"name", "email"}
            if capacity == "on_behalf_of_org":
                asked |= {"org_name", "charity_number"}
            expected |= {mark(texts[key]) for key in asked}
    assert marks_in("bundle.zip", data) == expected


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
    (line,) = json_lines(exported(call, "json"))
    assert (line["confidential"], line["answers"]["story"]) == (True, "Words")
    assert "place" not in line["answers"]


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
    assert (row["publication"], row["quote_ok"]) == ("confidential", "yes")
    assert exported(call, export_filter=ExportFilter(quotable=True)).count(b"\r\n") == 1
    dictionary = csv.reader(io.StringIO(exported(call, "dictionary").decode(), newline=""))
    (quoting,) = [row[2] for row in dictionary if row[0] == "(quoting)"]
    assert (
        "A response whose publication is “confidential”, or was left empty though the call asks "
        "for it, may have quote_ok yes and still may not be quoted."
    ) in quoting


@pytest.mark.django_db
def test_question_that_became_identity_is_withheld_with_what_was_answered_before():
    call = make_call()
    make_submitted(call, roles=["other"], role_other="zq77xmayor", story="Words")
    call.questions.filter(key__in=["role_other", "age"]).update(identity=True)
    data = exported(call, "bundle")
    assert marks_in("bundle.zip", data) == set()
    (line,) = json_lines(members(data)["responses.jsonl"])
    assert "age" not in line["answers"]


@pytest.mark.django_db
@pytest.mark.parametrize("named", [False, True])
def test_code_of_a_withheld_passage_is_neither_shown_nor_found(named):
    """A code such as “Mayors” says what the passage says."""
    call = make_call()
    place = call.questions_by_key["role_other"]
    coder = make_user()
    codes = {
        "role_other": add_code(call=call, name="zq01xmayors"),
        "story": add_code(call=call, name="zq02xtowns"),
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
    assert of() == {"confidential": "zq02xtowns", "named": both}
    assert of(codes=("zq01xmayors",)) == {"named": both}
    assert of(codes=("zq02xtowns",)) == {"confidential": "zq02xtowns", "named": both}
    # Withheld of everybody, where the question says who answers; unless that is asked for.
    call.questions.filter(pk=place.pk).update(identity=True)
    assert of()["named"] == (both if named else "zq02xtowns")
    assert ("named" in of(codes=("zq01xmayors",))) is named


@pytest.mark.django_db
def test_search_finds_nothing_in_what_is_withheld():
    call = make_call()
    hidden = make_submitted(
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
