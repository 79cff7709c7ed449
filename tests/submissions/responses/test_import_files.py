"""What is read of a table or a folder with responses, and what is refused as none."""

import csv
import io
import zipfile

import pytest

from submissions.responses.errors import ImportRefused
from submissions.responses.importing.folders import Folder, Packed
from submissions.responses.importing.tables import MOST_ROWS, read_table
from tests.submissions.responses.imports import folder


@pytest.mark.parametrize(
    ("content", "heading", "rows", "encoding"),
    [
        ("a,b\n1,é\n".encode(), ("a", "b"), [("1", "é")], "UTF-8"),
        ("\ufeffa;b\n1;é\n".encode(), ("a", "b"), [("1", "é")], "UTF-8"),
        ("a\tb\n1\t“é”\n".encode("cp1252"), ("a", "b"), [("1", "“é”")], "Windows-1252"),
        # The last two bytes would be one letter in UTF-8.
        ("a\n“Für ältere öfter über Spaß”".encode("cp1252"), ("a",), None, "Windows-1252"),
        ("a,b\r\n1,é\r\n".encode("utf-16"), ("a", "b"), [("1", "é")], "UTF-16"),
        (b'a,b\n\n"1, or\n2",x\n', ("a", "b"), [("1, or\n2", "x")], "UTF-8"),
        (b"\n\r\na;b\n1;2\n", ("a", "b"), [("1", "2")], "UTF-8"),
        (b";\na;b\n1;2\n", ("a", "b"), [("1", "2")], "UTF-8"),
        (b"SEP=;\r\na,x;b\r\n1;2\r\n", ("a,x", "b"), [("1", "2")], "UTF-8"),
    ],
)
def test_table_is_read_in_the_encodings_and_separators_of_programs(
    content, heading, rows, encoding
):
    table = read_table(content)
    assert (table.heading, table.encoding) == (heading, encoding)
    said = [row.cells for row in table.rows]
    assert said == (rows or [("“Für ältere öfter über Spaß”",)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n",
        b"a,b\n\x00\n",
        b'a,b\n"open,1\n',
        b"a,b\n" + b"1,2\n" * 2_001,
        b",".join([b"a"] * 1_001) + b"\n1\n",
        b"a\n" + b"x" * 140_000 + b"\n",
        b"a\n\x81\x8d\n",
        "a\nCafé\n".encode() + "naïf\n".encode("cp1252"),
    ],
    ids=["empty", "heading", "nul", "quote", "rows", "columns", "cell", "encoding", "encodings"],
)
def test_table_beyond_the_limits_is_refused(content):
    with pytest.raises(ImportRefused):
        read_table(content)


def test_rows_have_the_numbers_of_a_spreadsheet_where_the_heading_is_not_first():
    assert [row.number for row in read_table(b"\n\na\n1\n").rows] == [4]
    assert [row.number for row in read_table(b"sep=,\na\n1\n").rows] == [2]
    assert len(read_table(b"a\n" + b"1\n" * MOST_ROWS + b"\n,\n").rows) == MOST_ROWS


def test_limit_of_a_cell_is_our_own():
    before = csv.field_size_limit(1_000_000)
    try:
        with pytest.raises(ImportRefused, match=r"^Row 2: a cell has more than 131,072 characters"):
            read_table(b"a\n" + b"x" * 131_073 + b"\n")
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    "content",
    [
        b"PK no zip at all",
        folder(),
        folder(**{f"{n}_txt": "x" for n in range(301)}),
        folder(bomb_txt=b"0" * 11_000_000),
    ],
    ids=["broken", "empty", "files", "ratio"],
)
def test_folder_beyond_the_limits_is_refused(content):
    with pytest.raises(ImportRefused):
        Folder(content)


def test_folder_with_two_files_of_one_name_says_which():
    out = io.BytesIO(folder(letters="x"))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("Letters", "y")
    with pytest.raises(ImportRefused) as refused:
        Folder(out.getvalue())
    assert refused.value.message.startswith("The ZIP has two files at “Letters”, where capitals")


@pytest.mark.parametrize("inside", ["[Content_Types].xml", "mimetype"])
def test_spreadsheet_or_document_is_not_taken_for_a_folder(inside):
    with pytest.raises(ImportRefused) as refused:
        Folder(folder({inside: "x", "xl/workbook.xml": "x"}))
    assert refused.value.message.startswith("The file is one document, and no folder: save a")


def test_names_of_a_folder_are_no_paths():
    (found,) = Folder(folder({"../../etc/passwd": "x"})).files
    assert found.name == "passwd"


def test_file_of_a_folder_is_shown_by_its_own_name_whichever_way_its_path_leans():
    assert Packed("letters\\plan.txt", 1).name == Packed("letters/plan.txt", 1).name == "plan.txt"
