"""Word files, read back with python-docx."""

import io
import zipfile
from datetime import UTC, datetime

import docx
import pytest
from docx.oxml.ns import qn

from core.word_file import WordFrame, heading, paragraph, run, table
from core.word_template import BULLET, NAMED

AT = datetime(2019, 7, 25, tzinfo=UTC)


def made(*body, title="A title"):
    file = io.BytesIO()
    WordFrame(footer="A footer", at=AT).write(file, title=title, body=body)
    return file.getvalue()


def read(*body):
    return docx.Document(io.BytesIO(made(*body)))


def test_title_footer_and_styles_are_there():
    document = read(
        *(heading(f"Heading {level}", level) for level in range(1, 7)),
        paragraph(run("Plain")),
        paragraph(run("A point"), style=BULLET),
        table(["One"], [["Two"]]),
    )
    names = [f"Heading {level}" for level in range(1, 7)]
    assert [(p.text, p.style.name) for p in document.paragraphs] == [
        *((name, name) for name in names),
        ("Plain", "Normal"),
        ("A point", "List Bullet"),
    ]
    assert document.tables[0].style.name == "Table Grid"
    assert document.core_properties.title == "A title"
    assert document.sections[0].footer.paragraphs[0].text == "A footer\t of "
    assert pale_colours(document) == []


def pale_colours(document):
    """Colours of styles that WCAG 2.2 does not allow on white for small text (1.4.3)."""

    def light(pair):
        value = int(pair, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    found = {colour.get(qn("w:val")) for colour in document.styles.element.iter(qn("w:color"))}
    return sorted(
        value
        for value in found - {"auto"}
        if 1.05
        / (
            0.2126 * light(value[:2])
            + 0.7152 * light(value[2:4])
            + 0.0722 * light(value[4:])
            + 0.05
        )
        < 4.5
    )


def test_columns_of_a_table_are_as_wide_as_what_is_in_them():
    document = read(table(["Response", "SHA-256"], [["RTR-4K7P-9WXM", "0" * 64], ["", "x" * 900]]))
    reference, digest = (column.width.mm for column in document.tables[0].columns)
    assert (round(reference), round(digest), round(reference + digest)) == (48, 112, 160)
    assert [cell.width.mm for cell in document.tables[0].rows[1].cells] == [reference, digest]
    read(table(["Nothing"], []))


def test_point_has_its_list_and_no_other_list_is_there():
    document = read(paragraph(run("A point"), style=BULLET))
    number = document.styles["List Bullet"].element.find(f".//{qn('w:numId')}").get(qn("w:val"))
    numbering = document.part.numbering_part.element
    (only,) = numbering.findall(qn("w:num"))
    assert only.get(qn("w:numId")) == number
    (abstract,) = numbering.findall(qn("w:abstractNum"))
    assert abstract.find(f".//{qn('w:numFmt')}").get(qn("w:val")) == "bullet"


def test_every_style_and_part_that_a_file_refers_to_is_in_it():
    data = made(*(paragraph(run("x"), style=name) for name in NAMED if name != "TableGrid"))
    document = docx.Document(io.BytesIO(data))
    styles = document.styles.element
    names = {style.get(qn("w:styleId")) for style in styles.style_lst}
    for tie in ("basedOn", "link", "next"):
        assert {one.get(qn("w:val")) for one in styles.iter(qn(f"w:{tie}"))} <= names
    assert {one.get(qn("w:val")) for one in document.element.iter(qn("w:pStyle"))} <= names
    assert not [
        name for fonts in styles.iter(qn("w:rFonts")) for name in fonts.attrib if "Theme" in name
    ]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {part.extract_version for part in archive.infolist()} == {20}  # ZIP64 has 45
        assert set(archive.namelist()) == {
            "[Content_Types].xml",
            "_rels/.rels",
            "docProps/core.xml",
            "word/_rels/document.xml.rels",
            "word/document.xml",
            "word/footer1.xml",
            "word/numbering.xml",
            "word/settings.xml",
            "word/styles.xml",
        }
        for name in archive.namelist():
            if name.endswith(".xml") and name != "[Content_Types].xml":
                assert f'PartName="/{name}"' in archive.read("[Content_Types].xml").decode()


def test_file_without_a_body_is_small():
    assert len(made()) < 5_000


@pytest.mark.parametrize("text", ["plain", "a\tb", "\t", "", "  two  ", "<b> & \x0b"])
def test_text_comes_back(text):
    (only,) = read(paragraph(run(text))).paragraphs
    assert only.text == text.replace("\x0b", "\u240b")


def test_long_body_comes_back_whole():
    lines = [f"{n} " + "ö" * 1_000 for n in range(300)]
    assert [p.text for p in read(*(paragraph(run(line)) for line in lines)).paragraphs] == lines


@pytest.mark.parametrize(("text", "from_right"), [("נושא", True), ("Title", False)])
def test_heading_that_begins_a_page_is_read_from_its_own_side(text, from_right):
    (head,) = read(heading(text, 1, mark="first")).paragraphs
    assert (head._p.pPr.find(qn("w:bidi")) is not None) is from_right
    assert head.text == text
