"""Reading the text of a file in a process of its own, whatever the file is."""

import io

import openpyxl
import pikepdf
import pytest
import xlsxwriter
from docx import Document

from review.states import NoText
from review.texts import extracting
from review.texts.collecting import MOST_CHARACTERS, Collected
from review.texts.extracting import clean, extract
from review.texts.process import READERS
from tests.sample_files import W, archive, docx, entries_of, odt, pdf


def text_of(file_type, content):
    found = extract(file_type, io.BytesIO(content))
    assert (found.reason, found.is_part) == ("", False)
    return found.text


def read_here(file_type, content):
    """What is read of the file, without the process that does it: it is started for each type."""
    collected = Collected()
    READERS[file_type](io.BytesIO(content), collected)
    return clean(collected.text)


def reason_of(file_type, content):
    found = extract(file_type, io.BytesIO(content))
    assert found.text == ""
    return found.reason


def written(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def run(text):
    return f"<w:r><w:t>{text}</w:t></w:r>"


def test_docx_says_what_a_reader_sees():
    document = Document()
    document.add_heading("Findings", 1)
    document.add_paragraph("Grants\tlate\nthis year")
    document.add_table(1, 2).rows[0].cells[1].text = "In a cell"
    assert text_of("docx", written(document)) == ("Findings\nGrants\tlate\nthis year\n\nIn a cell")


def test_docx_leaves_out_what_was_deleted_and_says_a_text_box_once():
    same = f"<w:txbxContent><w:p>{run('In a box.')}</w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    body = (
        f"<w:p>{run('Kept')}<w:del><w:r><w:delText>Deleted</w:delText></w:r></w:del></w:p>"
        f"<w:p><w:moveFrom>{run('Moved')}</w:moveFrom></w:p>"
        f'<w:p><mc:AlternateContent xmlns:mc="{mc}"><mc:Choice>{same}</mc:Choice>'
        f"<mc:Fallback>{same}</mc:Fallback></mc:AlternateContent></w:p>"
    )
    assert read_here("docx", docx(body=body)) == "Words\nKept\n\nIn a box."


def test_odt_says_what_a_reader_sees():
    body = (
        '<text:h>Findings</text:h><text:p>Grants<text:tab/>late<text:s text:c="2"/>this '
        "<text:span>year</text:span>.<office:annotation><dc:creator>Ada</dc:creator>"
        "<text:p>No!</text:p></office:annotation></text:p>"
        "<text:tracked-changes><text:p>Deleted</text:p></text:tracked-changes>"
    )
    assert text_of("odt", odt(body)) == "Words\nFindings\nGrants\tlate  this year."


def test_xlsx_says_sheets_rows_and_days():
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Costs")
        sheet.write_row(0, 0, ["Grant", 12.5, "", True])
        sheet.write_number(2, 0, 43670.5, book.add_format({"num_format": "dd/mm/yyyy hh:mm"}))
        sheet.write_formula(3, 0, "=1+1", None, "two")
    assert text_of("xlsx", stream.getvalue()) == "Costs\nGrant\t12.5\t\tTRUE\n2019-07-24 12:00\ntwo"


def test_xlsx_says_a_time_without_the_day_that_it_has_not():
    cells = [
        (0.5, "hh:mm", "12:00"),
        (0.520844907, "h:mm:ss AM/PM", "12:30:01"),
        (0, "hh", "00:00"),
        (0.999999, "mm:ss.0", "00:00"),
        (1.5, "[h]:mm", "36:00"),
        (0.25, "[hh]:mm:ss", "06:00"),
        (43670.5, "hh:mm", "2019-07-24 12:00"),
        (0.5, "0.00", "0.5"),
        (0.5, '0.0" hours"', "0.5"),
    ]
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Hours")
        for row, (number, shown_as, _) in enumerate(cells):
            sheet.write_number(row, 0, number, book.add_format({"num_format": shown_as}))
    said = read_here("xlsx", stream.getvalue()).split("\n")
    assert said == ["Hours", *[said for _, _, said in cells]]


def test_letters_are_in_the_form_in_which_searches_ask_for_them():
    for written_so, read in (
        ("Cafe\u0301\u2028late", "Caf\u00e9\nlate"),
        ("o\ufb03ce, bene\ufb01t, \ufb02at", "office, benefit, flat"),
        ("organi\xadsation, commit\xad\r\ntee", "organisation, committee"),
        ("One line\x0banother", "One line\nanother"),
    ):
        assert read_here("txt", written_so.encode()) == read


def test_xlsx_of_another_program_is_read():
    book = openpyxl.Workbook()
    book.active.title = "One"
    book.active.append(["Grant", "späť"])
    assert read_here("xlsx", written(book)) == "One\nGrant\tspäť"


def test_plain_text_is_read_in_its_encoding():
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        text = "Café – “late”\r\n\x0cnext".encode(encoding)
        assert read_here("txt", text) == "Café – “late”\n\nnext", encoding
    assert read_here("csv", "name;cost\r\nCafé;1".encode("cp1252")) == "name;cost\nCafé;1"


def test_pdf_is_read_page_by_page():
    assert text_of("pdf", pdf("Grants came late.")) == "Grants came late."


def test_pdf_that_opens_without_a_password_is_read():
    only_owner = pikepdf.Encryption(owner="y", user="")
    assert text_of("pdf", pdf("Grants came late.", encryption=only_owner)) == "Grants came late."


def scan(document):
    document.pages[0].Contents = document.make_stream(b"")


def swollen(document):
    document.pages[0].Contents = document.make_stream(b" " * 120_000_000)


def with_a_swollen_page(document):
    document.pages.append(document.pages[0])
    swollen(document)


def test_pdf_of_which_a_page_cannot_be_read_is_read_in_part():
    found = extract("pdf", io.BytesIO(pdf("Grants came late.", change=with_a_swollen_page)))
    assert (found.text, found.is_part, found.reason) == ("Grants came late.", True, "")


def with_a_page_in_an_unknown_filter(document):
    document.pages.append(document.pages[0])
    stream = document.make_stream(b"x")
    document.pages[0].Contents = stream
    document.pages[0].Contents.Filter = pikepdf.Name("/Invented")


def test_page_of_a_pdf_that_nothing_can_read_leaves_those_after_it():
    file = pdf("Grants came late.", change=with_a_page_in_an_unknown_filter)
    found = extract("pdf", io.BytesIO(file))
    assert (found.text, found.is_part, found.reason) == ("Grants came late.", True, "")


def docx_with(xml):
    """A DOCX whose document is this XML."""
    return archive(entries_of(docx()) | {"word/document.xml": xml})


BOMB_OF_ENTITIES = (
    f'<!DOCTYPE w [<!ENTITY a "{"a" * 30}">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 20}">' for n in range(9))
    + f']><w:document xmlns:w="{W}"><w:p>{run("&j;")}</w:p></w:document>'
)
FILE_OF_THE_SERVER = (
    '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    f'<w:document xmlns:w="{W}"><w:p>{run("&a;")}</w:p></w:document>'
)


@pytest.mark.parametrize(
    ("file_type", "make", "reason"),
    [
        ("pdf", lambda: pdf(encryption=pikepdf.Encryption(user="x", owner="y")), NoText.PROTECTED),
        ("pdf", lambda: pdf(change=scan), NoText.NOT_THERE),
        ("pdf", lambda: pdf()[:300], NoText.DAMAGED),
        ("pdf", lambda: pdf(change=swollen), NoText.DAMAGED),
        ("docx", lambda: docx()[:200], NoText.DAMAGED),
        ("docx", lambda: docx_with(b"<w>" + b" " * 100_000_000), NoText.TOO_BIG),
        ("docx", lambda: docx_with(BOMB_OF_ENTITIES), NoText.DAMAGED),
        ("docx", lambda: docx_with(FILE_OF_THE_SERVER), NoText.NOT_THERE),
        ("txt", lambda: bytes(range(256)) * 10, NoText.DAMAGED),
    ],
    ids=[
        "protected",
        "scan",
        "half",
        "swollen",
        "cut",
        "bomb",
        "entities",
        "of the server",
        "no text",
    ],
)
def test_file_without_a_text_ends_with_its_reason(file_type, make, reason):
    assert reason_of(file_type, make()) == reason


def test_of_a_long_file_the_beginning_is_read():
    found = extract("txt", io.BytesIO(b"word " * 400_000))
    assert (len(found.text), found.is_part) == (MOST_CHARACTERS - 1, True)


def test_file_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(extracting, "MOST_SECONDS", 0.1)
    assert reason_of("docx", docx()) == NoText.TIME


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{", b'{"text": 5}', b'{"reason": "<b>"}', b'{"text": "\\u0000 "}']
)
def test_what_the_process_says_is_not_believed(said):
    found = extracting._read(said)
    assert (found.text, found.reason in {NoText.DAMAGED, NoText.NOT_THERE}) == ("", True)
