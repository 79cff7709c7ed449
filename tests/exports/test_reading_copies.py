"""Reading copies, read back with python-docx and pypdf."""

import io
import re
import unicodedata

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from core.typesetting import FULL_WIDTH
from exports.export_context import UnsupportedByFormat
from exports.filters import ExportFilter
from exports.writers import reading_docx, reading_pdf
from submissions.responses.submitting import submit
from tests.exports.exporting import NASTY, exported, make_nasty, members
from tests.laid_out import LONG, widest_line
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

HEADINGS = {"Your evidence", "May we publish your response?", "May we quote you?"}
TEXT_WIDTH = (210 - 2 * 25) * 72 / 25.4  # points: A4 and its margins
PICTURES = str.maketrans(
    {n: 0x2400 + n for n in range(32) if n not in (9, 10, 13)} | {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
)


def word(data):
    return docx.Document(io.BytesIO(data))


def answers_in(document, question):
    """The text under each heading `question`, paragraphs joined by LF."""
    found, inside = [], False
    for paragraph in document.paragraphs:
        if paragraph.style.name.startswith("Heading"):
            inside = paragraph.text == question
            if inside:
                found.append([])
        elif inside:
            found[-1].append(paragraph.text)
    return ["\n".join(lines) for lines in found]


def pdf(data):
    return pypdf.PdfReader(io.BytesIO(data))


def words_in(reader):
    text = " ".join(page.extract_text() for page in reader.pages)
    return re.sub(r"\s+", " ", text)


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def response_with_a_file(call, **answers):
    draft = make_draft(call, **complete_answers(call, **answers))
    make_attachment(draft, name="who-we-are.txt", content=b"Minutes")
    submit(submission=draft, at=while_open(call))
    draft.refresh_from_db()
    return draft


@pytest.mark.django_db
def test_nasty_answers_come_back_from_word():
    call, stored = make_nasty()
    documents = members(exported(call, "docx-each"))
    assert {
        name.removesuffix(".docx"): answers_in(word(data), "What happened?")
        for name, data in documents.items()
    } == {ref: [text.translate(PICTURES)] for ref, text in stored.items()}


@pytest.mark.django_db
def test_all_in_one_has_contents_and_every_response_in_the_chosen_order():
    call = make_call()
    first = make_submitted(call, story="First")
    second = make_submitted(call, story="Second")
    document = word(exported(call, "docx", export_filter=ExportFilter(order="newest")))
    assert answers_in(document, "What happened?") == ["Second", "First"]
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert [h for h in headings if h.startswith("TST")] == [second.reference, first.reference]
    links = [link for p in document.paragraphs for link in p.hyperlinks]
    assert [link.text for link in links] == [second.reference, first.reference]
    marks = re.findall(r'w:bookmarkStart [^>]*w:name="([^"]+)"', document.element.xml)
    assert [link.fragment for link in links] == marks


@pytest.mark.django_db
def test_word_copy_is_laid_out_on_a4_with_numbered_pages():
    call = make_call()
    make_submitted(call)
    (section,) = word(exported(call, "docx")).sections
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    (foot,) = section.footer.paragraphs
    assert foot.text == f"{call.title} · Evidence portal\t of "
    fields = foot._p.findall(qn("w:fldSimple"))
    assert [field.get(qn("w:instr")) for field in fields] == ["PAGE", "NUMPAGES"]


@pytest.mark.django_db
def test_word_copy_says_choices_by_their_labels_files_by_number_and_who_wrote_it():
    call = make_call()
    response = response_with_a_file(call, history=["bid", "led"], fairness={"risk": "good"})
    document = word(members(exported(call, "docx-each"))[f"{response.reference}.docx"])
    assert answers_in(document, "What have you done?") == ["Bid alone\nLed a partnership"]
    assert answers_in(document, "How fair was each of these?") == ["Split of risk: Good"]
    name = f"{response.reference}/{response.reference}-1.txt"
    assert answers_in(document, "Files") == [name]
    properties = document.core_properties
    assert (properties.author, properties.title, properties.language) == (
        "Evidence portal",
        f"{response.reference}: {call.title}",
        "en-GB",
    )
    assert "Received: 12:00:00pm on Tuesday 23 July 2019 (UK time)" in "\n".join(
        p.text for p in document.paragraphs
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answers", "notice"),
    [
        ({"publication": "named", "quote_ok": "yes"}, "This response may be quoted."),
        ({"publication": "anonymous", "quote_ok": "no"}, "Do not quote from this response."),
        (
            {"publication": "confidential"},
            "Confidential: for the project team only. Do not publish or quote.",
        ),
    ],
)
def test_copy_says_first_whether_it_may_be_quoted(answers, notice):
    call = make_call()
    make_submitted(call, **answers)
    (document,) = members(exported(call, "docx-each")).values()
    assert word(document).paragraphs[1].text == notice
    (made,) = members(exported(call, "pdf-each")).values()
    assert notice in words_in(pdf(made))


@pytest.mark.django_db
def test_pdf_is_tagged_titled_and_has_the_answers():
    call = make_call()
    response = response_with_a_file(call, story="One <b>two</b> #three *four*\nFive")
    (data,) = members(exported(call, "pdf-each")).values()
    reader = pdf(data)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "pdfuaid:part>1<" in reader.xmp_metadata.stream.get_data().decode()
    assert reader.metadata.title == f"{response.reference}: {call.title}"
    text = words_in(reader)
    assert "One <b>two</b> #three *four* Five" in text
    assert f"{response.reference}-1.txt" in text
    assert "who-we-are" not in text


@pytest.mark.django_db
def test_all_in_one_pdf_has_contents_with_links_and_an_outline():
    call = make_call()
    references = [make_submitted(call, story="Words").reference for _ in range(3)]
    reader = pdf(exported(call, "pdf"))
    titles = [entry.title for entry in flat(reader.outline)]
    assert [title for title in titles if title in {call.title, *references}] == [
        call.title,
        *references,
    ]
    first_page = reader.pages[0].extract_text()
    assert all(reference in first_page for reference in references)
    links = [a for a in reader.pages[0].get("/Annots", []) if a.get_object()["/Subtype"] == "/Link"]
    assert len(links) >= len(references)


NUMBERED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")
FOOTER = re.compile(r"\s*Call \d+ · Evidence portal\s*\d+ of \d+\s*$")
UNSEEN = re.compile("[\u202a-\u202e]")
# pypdf reads glyphs from left to right, and each glyph of a cluster as the whole cluster.
READ_OTHERWISE = {"right to left", "combining marks"}
UNBROKEN = {"astral and long"}  # a page breaks it where it has no space


def answer_in_pdf(data):
    """What stands under the question, white space and ends of pages as single spaces."""
    pages = [FOOTER.sub("", page.extract_text()) for page in pdf(data).pages]
    text = " ".join(" ".join(pages).split())
    return text.partition("What happened? ")[2].partition(" May we publish your response?")[0]


def as_laid_out(text):
    shown = text.translate(FULL_WIDTH)
    numbered = NUMBERED.sub(lambda found: f"[U+{ord(found[0]):04X}]", shown)
    return " ".join(numbered.split())


@pytest.mark.django_db
def test_nasty_answers_come_back_from_the_pdf():
    call, stored = make_nasty()
    names = dict(zip(stored, NASTY, strict=True))
    documents = members(exported(call, "pdf-each"))
    read = {names[file.removesuffix(".pdf")]: answer_in_pdf(documents[file]) for file in documents}
    laid_out = {names[reference]: as_laid_out(text) for reference, text in stored.items()}
    for name in UNBROKEN:
        read[name] = read[name].replace(" ", "")
    for name in READ_OTHERWISE:
        read[name], laid_out[name] = (
            set(unicodedata.normalize("NFC", UNSEEN.sub("", text[name])))
            for text in (read, laid_out)
        )
    assert read == laid_out


@pytest.mark.django_db
def test_pdf_keeps_what_is_long_within_the_page_and_each_heading_with_its_text():
    call = make_call()
    for lines in range(30, 50):
        make_submitted(call, story="\n".join(["Line."] * lines + LONG))
    for data in members(exported(call, "pdf-each")).values():
        reader = pdf(data)
        assert widest_line(reader, size=10.5) <= TEXT_WIDTH
        read = re.sub(r"\s+", "", words_in(reader))
        assert all(re.sub(r"\s+", "", text) in read for text in LONG)
        for page in reader.pages[:-1]:
            last = FOOTER.sub("", page.extract_text()).strip().splitlines()[-1]
            assert last not in HEADINGS


@pytest.mark.django_db
def test_pdf_shows_other_scripts_and_emoji_and_numbers_what_no_font_has():
    call = make_call()
    make_submitted(call, story="\u05e9 \u0645 \u0915\u094d\u0937 \U0001f600 e\u0301 \u4e2d")
    (data,) = members(exported(call, "pdf-each")).values()
    reader = pdf(data)
    text = words_in(reader)
    assert "[U+4E2D]" in text
    assert "\U0001f600" in text
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any("NotoEmoji" in font for font in fonts)
    assert any("NotoSansHebrew" in font for font in fonts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("module", "file_format", "said"),
    [
        (reading_pdf, "pdf", "One PDF holds up to 5 words; these responses have 6."),
        (reading_docx, "docx", "One Word file holds up to 5 words; these responses have 6."),
    ],
)
def test_document_that_would_be_too_long_is_refused_at_once(monkeypatch, module, file_format, said):
    monkeypatch.setattr(module, "MOST_WORDS", 5)
    call = make_call()
    make_submitted(call, story="One two three four five")
    assert exported(call, file_format)
    make_submitted(call, story="Six")
    with pytest.raises(UnsupportedByFormat) as refused:
        exported(call, file_format)
    assert str(refused.value).startswith(said)


@pytest.mark.django_db
@pytest.mark.parametrize("file_format", ["docx", "pdf", "docx-each", "pdf-each"])
def test_no_response_makes_a_file_all_the_same(file_format):
    assert exported(make_call(), file_format)
