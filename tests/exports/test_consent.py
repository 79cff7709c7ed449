"""What respondents chose governs every byte: a sweep over all choices, through every file."""

import csv
import io

import pytest

from accounts.states import Role
from exports.filters import ExportFilter
from review.coding.codings import code_passage
from submissions.calls.models import Call
from tests.exports.exporting import NOW, SCOPES, exported, json_lines, members, rows_of
from tests.exports.swept import PUBLICATIONS, YES_NO, exported_references, make_swept, shown
from tests.exports.what_files_hold import marks_in, marks_in_one
from tests.makers import make_call, make_code, make_submitted, make_user


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
        references = {row["reference"] for row in rows_of(files["responses.csv"])}
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
        rows = rows_of(exported(call, scope=SCOPES[name]))
        codes = {row["reference"]: row["codes"] for row in rows}
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
    (row,) = rows_of(exported(call))
    assert (row["publication"], row["quote_ok"]) == ("confidential", "")
    (row,) = rows_of(exported(call, scope=SCOPES["confidential"]))
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
        data = exported(call, named=named, export_filter=ExportFilter(**fields))
        return {row["publication"]: row["codes"] for row in rows_of(data)}

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
