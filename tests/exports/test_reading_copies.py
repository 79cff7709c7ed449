"""Reading copies, read back with python-docx and pypdf."""

import io
import re
import unicodedata
from itertools import pairwise

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
    FACETS,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    while_open,
)

ARABIC = "نحن نحتاج إلى سقف جديد. نعم!"
HEADINGS = {"Your evidence", "May we publish your response?", "May we quote you?"}
TEXT_WIDTH = (210 - 2 * 25) * 72 / 25.4  # points: A4 and its margins
PICTURES = str.maketrans(
    {n: 0x2400 + n for n in range(32) if n not in (9, 10, 13)}
    | {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
    | {"\v": "\n", "\x85": "\n"}  # line ends inside a paragraph
)


def word(data):
    return docx.Document(io.BytesIO(data))


def answers_in(document, question):
    """The text under each heading `question`, an empty line between its paragraphs."""
    found, inside = [], False
    for paragraph in document.paragraphs:
        if paragraph.style.name.startswith("Heading"):
            inside = paragraph.text == question
            if inside:
                found.append([])
        elif inside:
            found[-1].append(paragraph.text)
    return ["\n\n".join(paragraphs) for paragraphs in found]


def paragraphs_under(document, question):
    texts = [paragraph.text for paragraph in document.paragraphs]
    after = texts[texts.index(question) + 1 :]
    return after[: after.index("May we publish your response?")]


def places_of_lines(reader, *, of):
    """How high on the first page each of these lines stands, in points."""
    found = {}

    def see(text, matrix, *_others):
        if text.strip() in of:
            found[text.strip()] = matrix[5]

    reader.pages[0].extract_text(visitor_text=see)
    return [found[line] for line in of]


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
    call = make_call(facets=[FACETS[0] | {"short_labels": {"provider": "provider"}}])
    first = make_submitted(call, story="First")
    second = make_submitted(call, story="Second", roles=["provider", "commissioner"])
    document = word(exported(call, "docx", export_filter=ExportFilter(order="newest")))
    assert answers_in(document, "What happened?") == ["Second", "First"]
    # A role has its short label there, if it has one, and its whole one with the answers.
    expected = [
        f"1. {second.reference} · provider; I commission services",
        f"2. {first.reference} · provider",
    ]
    assert "I provide services" in answers_in(document, "Which describes you?")[1]
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert headings == ["Contents", *expected]
    entries = [p for p in document.paragraphs if p.style.name == "toc 1"]
    assert [entry.text for entry in entries] == [f"{title}\t…" for title in expected]
    links = [link for entry in entries for link in entry.hyperlinks]
    marks = re.findall(r'w:bookmarkStart [^>]*w:name="([^"]+)"', document.element.xml)
    assert [link.fragment for link in links] == marks
    fields = [field.text for field in document.element.iter(qn("w:instrText"))]
    assert fields == [f" PAGEREF {mark} \\h " for mark in marks]


@pytest.mark.django_db
def test_word_asks_to_fill_in_pages_where_there_are_contents_and_only_there():
    call = make_call()
    make_submitted(call)
    (each,) = members(exported(call, "docx-each")).values()
    settings = [word(data).settings.element for data in (exported(call, "docx"), each)]
    assert [[child.tag for child in one] for one in settings] == [
        [qn("w:updateFields"), qn("w:compat")],
        [qn("w:compat")],
    ]


SOFT = "One\nline\vand \u2028a third\n\nA paragraph\n\n\n\nTwo empty lines before it"


@pytest.mark.django_db
def test_word_breaks_the_line_where_somebody_did_and_the_paragraph_at_an_empty_line():
    call = make_call()
    make_submitted(call, story=SOFT)
    (data,) = members(exported(call, "docx-each")).values()
    assert paragraphs_under(word(data), "What happened?") == [
        "One\nline\nand \na third",
        "A paragraph",
        "",
        "Two empty lines before it",
    ]


@pytest.mark.django_db
def test_lines_of_an_answer_that_are_read_from_two_sides_are_paragraphs_in_word():
    call = make_call()
    make_submitted(call, story=f"One\ntwo\n{ARABIC}\n2019\n\n\n{ARABIC}\nlast")
    (data,) = members(exported(call, "docx-each")).values()
    found = [
        (one.text, one._p.find(f".//{qn('w:bidi')}") is not None)
        for one in word(data).paragraphs
        if one.text.startswith(("One", ARABIC, "\n", "last"))
    ]
    assert found == [
        ("One\ntwo", False),
        (f"{ARABIC}\n2019", True),
        (f"\n{ARABIC}", True),
        ("last", False),
    ]


@pytest.mark.django_db
def test_number_of_a_page_stands_after_a_role_in_arabic():
    call = make_call(title=ARABIC)
    call.roles.filter(key="provider").update(label="مقدم")
    make_submitted(call, roles=["provider"], story="One")
    document = word(exported(call, "docx"))
    heads = [one.text for one in document.paragraphs if "· مقدم" in one.text]
    assert [head.partition("مقدم")[2][:1] for head in heads] == ["\u200e"] * 2
    assert document.sections[0].footer.paragraphs[0].text.startswith(f"\u2068{ARABIC}\u2069 · ")


@pytest.mark.django_db
def test_pdf_breaks_the_line_where_somebody_did_and_the_paragraph_at_an_empty_line():
    call = make_call()
    make_submitted(call, story=SOFT)
    (data,) = members(exported(call, "pdf-each")).values()
    places = places_of_lines(pdf(data), of=["One", "line", "and", "a third", "A paragraph"])
    steps = [round(above - below, 1) for above, below in pairwise(places)]
    assert steps[0] == steps[1] == steps[2] < steps[3]


@pytest.mark.django_db
def test_facts_of_a_response_are_one_line():
    call = make_call()
    response = response_with_a_file(call, story="One two three")
    (data,) = members(exported(call, "docx-each")).values()
    said = (
        "Received 23 July 2019, 12:00:00pm (UK time) · On time · Publication: named · "
        "Status: New · 3 words · 1 file"
    )
    assert word(data).paragraphs[2].text == said
    (made,) = members(exported(call, "pdf-each")).values()
    assert said in pdf(made).pages[0].extract_text().splitlines()
    assert response.reference in words_in(pdf(made))


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
    assert answers_in(document, "What have you done?") == ["Bid alone\n\nLed a partnership"]
    assert answers_in(document, "How fair was each of these?") == ["Split of risk: Good"]
    name = f"{response.reference}/{response.reference}-1.txt"
    assert answers_in(document, "Files") == [name]
    properties = document.core_properties
    assert (properties.author, properties.title, properties.language) == (
        "Evidence portal",
        f"{response.reference}: {call.title}",
        "en-GB",
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
    expected = [f"{n}. {ref} · I provide services" for n, ref in enumerate(references, start=1)]
    titles = [entry.title for entry in flat(reader.outline)]
    assert [title for title in titles if title in {call.title, *expected}] == [
        call.title,
        *expected,
    ]
    first_page = reader.pages[0].extract_text()
    found = re.findall(r"^(\d+\..*?) *[. ]*(\d+)$", first_page, re.MULTILINE)
    assert found == [(title, str(page)) for page, title in enumerate(expected, start=2)]
    links = [a for a in reader.pages[0].get("/Annots", []) if a.get_object()["/Subtype"] == "/Link"]
    assert len(links) >= len(references)


NUMBERED = re.compile("[\x00-\x08\x0c-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
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
    shown = text.translate(FULL_WIDTH | {0xFEFF: ""})
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
    long = make_submitted(call, story="\n".join(LONG)).reference
    for lines in range(30, 50):
        make_submitted(call, story="\n".join(["Line."] * lines))
    copies = members(exported(call, "pdf-each"))
    reader = pdf(copies.pop(f"{long}.pdf"))
    assert widest_line(reader, size=10.5, but="Received ") <= TEXT_WIDTH
    read = re.sub(r"\s+", "", words_in(reader))
    assert all(re.sub(r"\s+", "", text) in read for text in LONG)
    for data in copies.values():
        for page in pdf(data).pages[:-1]:
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
def test_no_response_makes_a_file_all_the_same():
    call = make_call()
    assert all(exported(call, each) for each in ("docx", "pdf", "docx-each", "pdf-each"))
