"""PDFs out of data: read back with pypdf."""

import io
import json

import pypdf
import pytest
import typst

from core.typesetting import (
    _INVISIBLE,
    FONTS,
    LONGEST_UNBROKEN,
    PRELUDE,
    SIGNS,
    ZERO_WIDTH_SPACE,
    pdf,
    showable,
)
from tests.laid_out import LONG

TEMPLATE = """
#set document(title: "A title")
#set text(font: "Noto Sans", lang: "en")
#let data = json(bytes(sys.inputs.data))
= #data.heading
#for one in data.texts [#par(one)]
"""


def read(*texts, **more):
    data = pdf(TEMPLATE, {"heading": "Heading", "texts": texts}, **more)
    return pypdf.PdfReader(io.BytesIO(data))


def test_what_somebody_typed_is_never_markup():
    typed = '#panic("no") *bold* $x$ @ref <label> \\ "quoted"'
    assert typed in read(typed).pages[0].extract_text()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u00a3 \u201cquoted\u201d", "plain \u00a3 \u201cquoted\u201d"),
        ("\u05e9\u0645 \U0001f600", "\u05e9\u0645 \U0001f600"),
        ("a\u200db\ufe0f", "a\u200db\ufe0f"),
        ("\u4e2d", "[U+4E2D]"),
        ("a\x0bb", "a[U+000B]b"),
        ("\U000f0000", "[U+F0000]"),
    ],
)
def test_character_that_no_font_has_is_shown_by_its_number(text, shown):
    assert showable(text) == shown


def test_pdf_is_tagged_and_dated_as_asked_and_the_same_again():
    first = pdf(TEMPLATE, {"heading": "Heading", "texts": ["One"]}, seconds=1_563_966_000)
    assert pdf(TEMPLATE, {"heading": "Heading", "texts": ["One"]}, seconds=1_563_966_000) == first
    reader = pypdf.PdfReader(io.BytesIO(first))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata["/CreationDate"].startswith("D:20190724110000")


def test_fonts_are_those_of_the_package_only():
    fonts = read("Words \U0001f600").pages[0]["/Resources"]["/Font"].values()
    names = {str(font.get_object()["/BaseFont"]).split("+")[-1] for font in fonts}
    assert all(name.startswith("Noto") for name in names)


def test_wrong_template_is_raised():
    with pytest.raises(typst.TypstError):
        pdf("#nothing", {})


DIRECTED = """
#set document(title: "A title")
#set page(paper: "a4", margin: 2cm)
#set text(font: fonts, lang: "en", size: 11pt)
#let data = json(bytes(sys.inputs.data))
#for one in data [#paragraph-of(one)]
"""


def places(*paragraphs, template=DIRECTED):
    """Where each piece of text begins, in points from the left, by its first sign."""
    found = {}

    def note(text, page, line, *_font):
        if text.strip():
            found.setdefault(text.strip()[0], page[4] + page[0] * line[4])

    page = pypdf.PdfReader(io.BytesIO(pdf(template, paragraphs))).pages[0]
    page.extract_text(visitor_text=note)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "نحن نحتاج إلى سقف جديد. نعم!",
        "אנחנו צריכים גג חדש",
        "ہمیں نئی چھت چاہیے",
        "2019: نعم",
        "“نعم”",
    ],
)
def test_paragraph_of_a_script_from_the_right_begins_at_the_right(text):
    assert min(places([text]).values()) > 300


@pytest.mark.parametrize("text", ["A roof", "2019", "", "A word: نعم", "नई छत", "(Νέα στέγη)"])
def test_other_paragraph_begins_at_the_left(text):
    assert all(x == pytest.approx(56.7, abs=1) for x in list(places([text]).values())[:1])


def test_lines_of_both_directions_begin_each_on_their_side():
    found = places(["Left", "שמאל", "", "Right"])
    assert found["L"] == found["R"] == pytest.approx(56.7, abs=1)
    assert max(found.values()) > 400


def test_invisible_characters_are_set_within_a_word():
    """PDF/UA-1 forbids U+FEFF, with which files of Windows begin."""
    assert pdf(DIRECTED, [[f"a{chr(code)}b"] for code in (0xFEFF, *sorted(_INVISIBLE))])


def test_marks_that_typst_cannot_set_beside_each_other_are_numbered():
    """It names them escaped, as they would join with the quotation mark before them."""
    text = "\u202e\u0fb4\u06dd\u1dc1"
    with pytest.raises(typst.TypstError, match=r"`\"\\u\{1dc1\}\"` could not be displayed"):
        typst.compile(
            f"{PRELUDE}\n{DIRECTED}".encode(),
            sys_inputs={"data": json.dumps([[text]])},
            font_paths=[str(FONTS)],
            pdf_standards=["ua-1"],
        )
    reader = pypdf.PdfReader(io.BytesIO(pdf(DIRECTED, [[text]])))
    assert "1CD1+U" in reader.pages[0].extract_text()  # as read from the right


def test_every_sign_that_counts_as_known_is_set():
    """PDF/UA-1 refuses a text without a glyph, and so would `pdf`."""
    signs = [chr(code) for first, last in SIGNS for code in range(first, last + 1)]
    data = pdf(DIRECTED, [[sign] for sign in signs])
    read = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert "[U+" not in read
    assert {sign for sign in "●■○□►➢✓✗☐☒≥≤≠≈⇒★=" if sign not in read} == {"="}


def glyphs(data):
    """The numbers of the glyphs that the first page draws; 0 is the box for none (.notdef)."""
    page = pypdf.PdfReader(io.BytesIO(data)).pages[0]
    drawn = set()
    for operands, operator in page.get_contents().operations:
        if operator in (b"Tj", b"TJ"):
            texts = operands[0] if isinstance(operands[0], list) else operands
            for text in texts:
                if hasattr(text, "original_bytes"):
                    code = text.original_bytes
                    drawn |= {int.from_bytes(code[at : at + 2]) for at in range(0, len(code), 2)}
    return drawn


def test_signs_pasted_from_word_are_drawn_and_none_as_a_box():
    pasted = "● ■ ○ □ ► ➢ ✓ ✗ ☐ ☒ ≥ ≤ ≠ ≈ ⇒ ★ \uf0b7 \uf06c \uf0a7"
    drawn = glyphs(pdf(DIRECTED, [[showable(pasted)]]))
    assert (0 in drawn, len(drawn) >= 10) == (False, True)
    lacks = '#set text(font: "Noto Sans", fallback: false)\n\u4e2d'
    boxed = typst.compile(lacks.encode(), font_paths=[str(FONTS)], ignore_system_fonts=True)
    assert 0 in glyphs(boxed)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("\uf0b7 One", "• One"),
        ("\uf06c One", "● One"),
        ("\uf0a7 One", "▪ One"),
        ("\uf0fc \uf0d8 \uf0a8 \uf0e0", "✓ ➢ □ →"),
        ("\uf8ff", "[U+F8FF]"),
        ("\uff1d1", "=1"),
        ("a\tb", "a    b"),
    ],
)
def test_signs_pasted_from_word_have_a_stand_in(typed, shown):
    assert showable(typed) == shown


def test_long_words_may_be_broken_and_come_back_whole():
    for text in LONG:
        assert showable(text).replace(ZERO_WIDTH_SPACE, "") == text
        assert max(map(len, showable(text).split(ZERO_WIDTH_SPACE))) <= LONGEST_UNBROKEN
    assert showable("Words of everyday life, internationalisation and antidisestablish") == (
        "Words of everyday life, internationalisation and antidisestablish"
    )
    arabic = "نحن" * 20
    assert showable(arabic) == arabic


@pytest.mark.parametrize(
    "text",
    [
        "/שרת/מסמכים/הצעות/2019/סופי/תשובה_לקריאה_לראיות.docx",
        "Llŷn/Tŷ-Ẃyn/Tŷ-Ẃyn/Tŷ-Ẃyn/Tŷ-Ẃyn/Tŷ-Ẃyn",
        "Ẅẃ" * 20,
    ],
)
def test_long_run_of_any_script_has_places_to_break(text):
    shown = showable(text)
    assert shown.replace(ZERO_WIDTH_SPACE, "") == text
    assert max(map(len, shown.split(ZERO_WIDTH_SPACE))) <= LONGEST_UNBROKEN


def test_word_of_a_script_that_joins_or_stacks_is_never_cut():
    for word in ("नमस्कार" * 6, "สวัสดีครับ" * 4, "نحن" * 20):
        assert showable(word) == word


HEADED = DIRECTED.replace(
    "#for one in data [#paragraph-of(one)]", "#for one in data [#heading(one)]"
)


def test_heading_of_a_script_from_the_right_begins_at_the_right():
    assert min(places("נושא הקריאה", template=HEADED).values()) > 300
    assert min(places("Title", template=HEADED).values()) == pytest.approx(56.7, abs=1)


def test_who_copies_a_broken_address_gets_no_sign_in_between():
    address = LONG[5]
    read = pypdf.PdfReader(io.BytesIO(pdf(DIRECTED, [[address]]))).pages[0].extract_text()
    assert "".join(read.split()) == address
    assert len(read.split()) == 2


def test_a_paragraph_may_have_any_number_of_places_to_break():
    paragraphs = [
        ["_" * 2_000],
        ["/srv/files_of_the_call/some_answers.docx, https://example.org/a/b/c?d=e&f=g"] * 60,
        [("a word and " + "_" * 30 + " ") * 60],
        ["≠ and ≉ " * 400],
    ]
    for set_as, set_so in (
        ("paragraph-of(one)", paragraphs),
        ("list(..one.map(directed))", [paragraphs[0], paragraphs[3]]),
    ):
        template = DIRECTED.replace("paragraph-of(one)", set_as)
        read = pypdf.PdfReader(io.BytesIO(pdf(template, set_so)))
        shown = "".join(page.extract_text() for page in read.pages)
        given = "".join("".join(lines) for lines in set_so)
        assert "".join(shown.split()).replace("•", "") == "".join(given.split()), set_as


LISTED = DIRECTED.replace("#for one in data [#paragraph-of(one)]", "#list-of(data)")


def test_list_has_each_bullet_on_the_side_from_which_its_item_is_read():
    assert places("שמאל", "גג", template=LISTED)["•"] == pytest.approx(530, abs=10)
    assert places("A roof", template=LISTED)["•"] == pytest.approx(56.7, abs=1)
