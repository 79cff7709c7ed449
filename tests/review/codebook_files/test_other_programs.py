"""Codebooks of other programs are read as they are meant, and hostile ones are refused."""

import pytest

from review.coding.codebook_files.contents import MOST_BYTES, MOST_CODES
from review.coding.codebook_files.file_kinds import read_codebook
from review.coding.codebook_files.paths import dotted
from review.coding.colours import is_visible
from review.errors import CodingRefused
from tests.review.codebook_files import samples
from tests.review.codebook_files.samples import outline, qdc


def refusal(name, content):
    with pytest.raises(CodingRefused) as refused:
        read_codebook(name, content)
    return refused.value.message


def faults(content, name="codes.csv"):
    content = content.encode() if isinstance(content, str) else content
    return [(line.place, line.said) for line in read_codebook(name, content).faults]


def test_qualcoders_categories_and_codes_keep_their_order_and_their_words():
    book = read_codebook("Codebook-homes.qdc", samples.QUALCODER)
    wanted = ["Hope", "Money", "- Landlord's rent", "- - Arrears", "- Money"]
    assert (outline(book.codes), book.faults) == (wanted, ())
    assert book.what == "REFI-QDA, written by QualCoder"
    assert book.notes == (
        "Codes that only group others there, and take codings here: 1",
        "Colours too light to be seen on white come in darker: #58fa58, #81bef7, #f781f3",
    )
    said = 'Rent, and "service charges".\nNot the deposit.'
    words = dict(book.codes[2].words)
    assert is_visible(words.pop("colour"))
    assert words == {"description": said}
    assert book.codes[1].words == {"description": "What people pay & owe"}


def test_qualcoders_list_has_no_heading_and_arrows_between_the_levels():
    book = read_codebook("interview_codebook.txt", samples.QUALCODER_TEXT.encode())
    assert outline(book.codes) == ["Hope", "Money", "- Rent", "- Bills", "- - Heating"]
    assert (book.kind, book.faults) == ("list", ())
    assert [code.words.get("description") for code in book.codes] == [
        'What gives "hope"',
        "What people pay",
        'Rent, rates and "charges"',
        None,
        None,
    ]


def test_list_of_names_with_commas_is_read_by_what_stands_first():
    book = read_codebook("codes.csv", b'Money>>Rent,"a; b; c"\nHope,\n')
    assert outline(book.codes) == ["Money", "- Rent", "Hope"]
    assert book.codes[1].words == {"description": "a; b; c"}
    assert faults("Money,What,More\n") == [
        ("row 1", "A list has a code and its description, and nothing after these")
    ]


def test_taguettes_dots_part_levels():
    book = read_codebook("codebook.qdc", samples.TAGUETTE)
    assert outline(book.codes) == ["money", "- rent", "1.2 heating"]
    assert [code.guid for code in book.codes] == [None] * 3
    table = read_codebook("codebook.csv", samples.TAGUETTE_CSV.encode())
    wanted = ["money", "- rent", "place", "- flat", "- house", "approx. 100 homes"]
    assert outline(table.codes) == wanted
    assert table.codes[0].words == {"description": "What people pay, and owe"}
    assert table.notes == ("Columns left out: “number of highlights”, “number of documents”",)


def test_dot_parts_levels_only_where_something_else_says_so():
    tags = ["a.b", "c.d", "c.e", "f", "f.g.h", "3.5 per cent", "3.6 per cent", "no.", ".x"]
    assert {tag: levels for tag, levels in dotted(tags).items() if len(levels) > 1} == {
        "c.d": ["c", "d"],
        "c.e": ["c", "e"],
        "f.g.h": ["f", "g.h"],
    }


def test_parents_that_cannot_be_coded_with_and_sets_are_told():
    book = read_codebook("codes.qdc", samples.ATLAS_TI)
    assert outline(book.codes) == ["Home", "- Damp"]
    assert book.notes == (
        "Codes that only group others there, and take codings here: 1",
        "Sets of codes are left out: 1",
        "Colours too light to be seen on white come in darker: #46aa00",
    )
    guids = [str(code.guid)[-2:] for code in book.codes]
    assert guids == ["21", "22"]
    assert is_visible(book.codes[1].words["colour"])


def test_codebook_of_a_whole_project_is_read():
    inside = b'<CodeBook><Codes><Code name="Hope"/></Codes></CodeBook>'
    content = b'<Project xmlns="urn:QDA-XML:project:1.0">' + inside + b"</Project>"
    assert outline(read_codebook("project.qde", content).codes) == ["Hope"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_table_is_read_in_any_encoding_and_with_any_separator(encoding, separator):
    text = f"Name{separator}Definition\r\nسكن{separator}Ωμέγα\r\n"
    book = read_codebook("codes.csv", text.encode(encoding))
    assert (book.codes[0].name, book.codes[0].words) == ("سكن", {"description": "Ωμέγα"})


def test_parent_may_stand_after_its_code_or_in_the_codebook_alone():
    book = read_codebook("c.csv", b"parent,name\nMoney,Rent\n,Money\nElsewhere,Lost\n")
    assert [(code.parent, code.under) for code in book.codes] == [
        (1, ""),
        (None, ""),
        (None, "Elsewhere"),
    ]


def test_each_fault_is_told_with_its_row():
    table = (
        "guid,parent,name,definition,colour,line,retired\n"
        "abc,,One,,red,,\n"
        ",One,,,,A zigzag,perhaps\n"
        f",,{'n' * 101},{'d' * 10_001},,,\n"
        ",B,A,,,,\n"
        ",A,B,,,,\n"
    )
    assert faults(table) == [
        ("row 2", "“red” is not a colour: write it like #0b5a9c"),
        ("row 2", "“abc” is not a GUID"),
        ("row 3", "“perhaps” is neither yes nor no"),
        ("row 3", "The code has no name"),
        (
            "row 3",
            "“A zigzag” is not a line: write one of One line, Two lines, Dashes, Dots, A wave",
        ),
        ("row 4", "The name has 101 characters: 100 at most"),
        ("row 4", "“definition” has 10,001 characters: 10,000 at most"),
        ("row 5", "The code stands below itself"),
    ]
    same = "0f6a3c1e-2b7d-4c55-9a10-5f2f6a7b8c01"
    assert faults(f"guid,name\n{same},A\n{same},B\n") == [
        ("row 3", "The GUID is the same as that of row 2")
    ]
    assert faults("parent,name\n,A\n,a\nA,B\n") == [
        ("row 4", "2 rows are called “A”: give each a name")
    ]
    assert faults("A>>B,x\nA>>B,y\n") == [("row 2", "The same code stands in row 1")]
    assert faults("A>>" * 40_000 + "B\n") == [
        ("row 1", "The code would stand on level 40,001: 10 at most")
    ]
    assert faults("A>> >>B\n") == [("row 1", "A name is empty")]
    assert faults(qdc('<Code guid="x" color="#1"/>'), "c.qdc") == [
        ("line 1", "The code has no name"),
        ("line 1", "“#1” is not a colour: write it like #0b5a9c"),
        ("line 1", "“x” is not a GUID"),
    ]


def test_short_colour_is_written_in_full():
    assert read_codebook("c.csv", b"name,colour\nA,#A03\n").codes[0].words == {"colour": "#aa0033"}


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE CodeBook [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    b'<CodeBook><Codes><Code name="&b;"/></Codes></CodeBook>'
)
OUTSIDE = (
    b'<!DOCTYPE CodeBook [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    b"<CodeBook><Codes><Code name='A'><Description>&f;</Description></Code></Codes></CodeBook>"
)
NO_XML = "The file is not whole, or no XML that can be read: export the codebook again"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.qdc", ENTITIES, NO_XML),
        ("c.qdc", OUTSIDE, NO_XML),
        ("c.qdc", b"<CodeBook><Codes>" + b"<Code name='A'>" * 1_000, NO_XML),
        ("c.qdc", b"name\nA\n", NO_XML),
        ("c.qdc", b'<?xml version="1.0"?><html/>', "The file is XML, and no codebook of REFI-QDA"),
        ("c.qdc", qdc(""), "There is no code in the file"),
        ("c.qdc", qdc("<Code name='A'/>" * (MOST_CODES + 1)), "The file has more than 2,000 codes"),
        ("c.csv", b"n\0ame\nA\n", "The file is no text: save it as CSV in UTF-8"),
        ("c.csv", b"name\n" + b"A\n" * (MOST_CODES + 1), "The file has more than 2,000 rows"),
        ("c.csv", b'name\n"A\n', "Row 2: a quotation mark is not closed"),
        ("c.csv", b"name,tag\nA,B\n", "Two columns of the file have the name: leave one out"),
        ("c.csv", b"name\n", "The file has a heading and no row"),
        ("c.txt", b"a\n" * 3, ""),
        ("c.xlsx", b"PK\3\4", "The file is packed, as a whole project (.qdpx) or a workbook"),
        ("c.csv", b" \n", "The file is empty"),
        ("c.csv", b"a" * (MOST_BYTES + 1), "The file is larger than 2 MB"),
        ("c.csv", b"\xff\xfea", "The file is in no encoding that is known: save it as UTF-8"),
    ],
)
def test_broken_and_hostile_files_are_refused_in_words(name, content, said):
    if not said:
        assert [line.said for line in read_codebook(name, content).faults] == [
            "The same code stands in row 1"
        ] * 2
    else:
        assert refusal(name, content).startswith(said)


def test_nesting_that_no_codebook_has_is_read_without_recursion():
    nested = "<Code name='A'>" * 200 + "</Code>" * 200
    assert len(read_codebook("c.qdc", qdc(nested)).codes) == 200


def test_tag_of_many_dots_takes_no_time():
    tags = "".join("a." * number + "a\n" for number in range(1, 990))
    assert len(read_codebook("c.csv", f"tag\n{tags}".encode()).faults) == 980


def test_control_characters_are_left_out():
    book = read_codebook("codes.csv", b"name,definition\nPa\x07y\x1b,\x08What\x7f\n")
    assert outline(book.codes) == ["Pay"]
    assert book.codes[0].words == {"description": "What"}
