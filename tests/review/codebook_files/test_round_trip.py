"""A codebook that goes out as a file comes in as it was."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pyrefiqda import RefiCodebook

from accounts.states import Role
from review.coding import codebook
from review.coding.codebook_files import descriptions
from review.coding.codebook_files.file_kinds import read_codebook
from review.coding.codebook_files.importing import import_codebook
from review.coding.codebook_files.planning import plan
from review.coding.codebook_files.writing import as_csv, as_qdc
from review.coding.tree import CodeInTree, tree
from review.models import Code
from tests.exports.qda_files import schema
from tests.makers import OPENS_AT, make_call, make_code, make_user

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WRITERS = pytest.mark.parametrize(("write", "kind"), [(as_csv, "csv"), (as_qdc, "qdc")])


def make_codebook():
    call = make_call()
    money = make_code(
        call=call,
        name='Money, "costs"; and\u00a0more',
        description="First line\r\nsecond, with <b>&amp;\r\n\r\n\"quotes\" and 'those'",
        use_when="=1+1 is a formula",
        do_not_use_when="'=already with a mark\n\\Use when:\nUse when:\nLine: Dots",
        example="“سكن” and “Ωμέγα” \U0001f3e0",
        colour="#1d70b8",
        pattern="wavy",
    )
    make_code(call=call, name="سكن", parent=money, description="مرحبا\nبكم")
    rent = make_code(call=call, name=f"-Rent {FAMILY}", parent=money, example="Example:")
    for name in ("Arrears", "Deposit"):
        code = make_code(call=call, name=name, parent=rent)
        codebook.retire_code(code, by=make_user(Role.REVIEWER), at=OPENS_AT)
    hope = make_code(call=call, name="Hope")
    codebook.move_code(hope, parent=None, place=0, by=make_user(Role.REVIEWER), at=OPENS_AT)
    merged = make_code(call=call, name="Gone")
    codebook.merge_codes(merged, into=hope, by=make_user(Role.REVIEWER), at=OPENS_AT)
    return call


def told(call, *, guids=True):
    """Each code of the tree, whole."""
    fields = ("description", "use_when", "do_not_use_when", "example", "colour", "pattern")
    return [
        (
            one.path,
            str(one.code.guid) if guids else "",
            one.code.is_retired,
            *(getattr(one.code, field).replace("\r\n", "\n") for field in fields),
        )
        for one in tree(call)
    ]


def brought_in(call, name, content, by=None):
    book = read_codebook(name, content)
    seen = plan(call, book).etag
    by = by or make_user(Role.REVIEWER)
    return import_codebook(call, book, seen=seen, by=by, at=OPENS_AT)


@pytest.mark.django_db
@WRITERS
def test_codebook_comes_into_another_call_as_it_was(write, kind):
    call, other = make_codebook(), make_call(slug="other")
    content = write(call)
    made = brought_in(other, f"c.{kind}", content)
    assert told(other, guids=False) == told(call, guids=False)
    assert (len(made.added), made.notes, made.faults) == (6, [], [])
    again = plan(other, read_codebook(f"c.{kind}", content))
    assert (again.added, again.changed, again.same) == ([], [], 6)


@pytest.mark.django_db
@WRITERS
def test_codebook_keeps_its_guids_where_they_are_free(write, kind):
    call = make_codebook()
    before, content = told(call), write(call)
    call.codes.update(parent=None, merged_into=None)
    Code.objects.filter(call=call).delete()
    brought_in(call, f"c.{kind}", content)
    assert told(call) == before


@pytest.mark.django_db
@WRITERS
def test_own_file_changes_nothing(write, kind):
    call = make_codebook()
    found = plan(call, read_codebook(f"c.{kind}", write(call)))
    assert (found.added, found.changed, found.notes, found.faults) == ([], [], [], [])


@pytest.mark.django_db
def test_qdc_is_read_by_an_independent_reader(tmp_path):
    call = make_codebook()
    path = tmp_path / "codes.qdc"
    path.write_bytes(as_qdc(call))
    read = RefiCodebook.load(path)
    (hope, money) = read.codes.code
    assert [code.name for code in money.code] == ["سكن", f"-Rent {FAMILY}"]
    assert [code.is_codable for code in (hope, money, *money.code[1].code)] == [
        True,
        True,
        False,
        False,
    ]
    told = money.description
    assert (money.color, told.splitlines()[0], told.splitlines()[-1]) == (
        "#1d70b8",
        "First line",
        "Line: A wave",
    )
    root = etree.parse(str(path)).getroot()
    assert root.tag == "{urn:QDA-XML:codebook:1.0}CodeBook"


@pytest.mark.django_db
def test_qdc_is_valid_by_the_published_schema():
    root = etree.fromstring(as_qdc(make_codebook()).replace(b":codebook:", b":project:"))
    project = etree.Element("{urn:QDA-XML:project:1.0}Project", name="Any")
    del root.attrib["origin"]
    project.append(root)
    schema().assertValid(etree.fromstring(etree.tostring(project)))


@pytest.mark.django_db
def test_no_cell_of_the_csv_is_a_formula():
    call = make_call()
    make_code(call=call, name="=cmd|'/c calc'!A1", description="\t=1", example="@SUM(A1)")
    text = as_csv(call).decode("utf-8-sig")
    assert re.findall(r"'[=\t@][^,]*", text) == ["'=cmd|'/c calc'!A1", "'=1", "'@SUM(A1)"]
    assert as_csv(call).startswith(b"\xef\xbb\xbfguid,parent,name,")


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
OURS = st.sampled_from([*descriptions.HEADINGS, *descriptions.LINES, descriptions.RETIRED, "", "'"])
LINES = st.lists(st.builds("{}{}{}".format, st.sampled_from(["", "\\", "\\\\", "'="]), OURS, WORDS))
TEXTS = st.one_of(WORDS, LINES.map("\n".join)).map(descriptions.clean)


def made_code(texts):
    fields = ("description", "use_when", "do_not_use_when", "example")
    return Code(name="A", pattern="dotted", **dict(zip(fields, texts, strict=True)))


@given(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS))
@settings(max_examples=30, deadline=None)
def test_any_words_come_back_out_of_one_description(texts):
    code = made_code(texts)
    words, is_retired = descriptions.read(descriptions.written(code))
    fields = ("description", "use_when", "do_not_use_when", "example")
    assert tuple(words.get(field, "") for field in fields) == texts
    assert (words["pattern"], is_retired) == ("dotted", None)


@given(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), WORDS.map(codebook.one_line).filter(bool))
@settings(max_examples=30, deadline=None)
def test_any_words_come_back_out_of_the_csv(texts, name):
    code = made_code(texts)
    code.name = name
    shown = [CodeInTree(code, 1, name)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review.coding.codebook_files.writing.tree", lambda call: shown)
        content = as_csv(None)
    (read,) = read_codebook("c.csv", content).codes
    fields = ("description", "use_when", "do_not_use_when", "example")
    assert (read.name, tuple(read.words.get(field, "") for field in fields)) == (name, texts)
    assert (read.guid, read.words["pattern"], read.is_retired) == (code.guid, "dotted", False)
