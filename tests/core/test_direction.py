"""From which side words are read: in pages, mails and Word files."""

import io
import re
from datetime import UTC, datetime

import docx
import pytest
from django.conf import settings
from docx.oxml.ns import qn

from core.direction import is_from_right
from core.word_file import WordFrame, bold, heading, paragraph, run
from review.quotes.citing import Citation

ARABIC = "نحن نحتاج إلى سقف جديد. نعم!"
WORDS_OF_PEOPLE = re.compile(r'class="[^"]*\b(?:given|copy|file-text)\b[^"]*"(.{12})')
INDENT = '<w:ind w:left="567"/>'


def test_source_of_a_quote_is_read_from_the_left_whatever_the_call_speaks():
    """As a paragraph from the right, “characters 3 to 9” would be read before the reference."""
    about = {"words": ARABIC, "reference": "TST-1", "version": 1, "start": 3, "end": 9}
    said = Citation(role="أمين", question="ماذا؟", is_of_file=False, **about).source
    assert not is_from_right(said)
    assert said.startswith(
        "\u200e\u2068أمين\u2069, TST-1, version 1, answer to “\u2068ماذا؟\u2069”"
    )
    english = Citation(role="Trustee", question="What?", is_of_file=False, **about).source
    assert english == "Trustee, TST-1, version 1, answer to “What?”, characters 3 to 9"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ARABIC, True),
        ("אנחנו", True),
        ("2019: نعم", True),
        ("“نعم”, yes", True),
        ("Yes, نعم", False),
        ("नई", False),
        ("2019", False),
        ("", False),
        ("…", False),
    ],
)
def test_first_letter_says_from_which_side(text, expected):
    assert is_from_right(text) == expected


def written(*body):
    file = io.BytesIO()
    frame = WordFrame(footer="", at=datetime(2019, 7, 24, tzinfo=UTC))
    frame.write(file, title="Title", body=body)
    return docx.Document(file)


def has_bidi(one):
    return one._p.pPr is not None and one._p.pPr.find(qn("w:bidi")) is not None


def test_word_sets_a_paragraph_from_the_right():
    document = written(
        heading(ARABIC, 2),
        paragraph(run(ARABIC), settings=INDENT),
        paragraph(run("From the left, نعم")),
        paragraph(bold("Name: "), run(ARABIC)),
    )
    sides = [(has_bidi(one), bool(one.runs[-1].font.rtl)) for one in document.paragraphs]
    assert sides == [(True, True), (True, True), (False, False), (False, True)]


def test_properties_of_a_paragraph_stand_in_the_order_of_the_schema():
    (only,) = written(paragraph(run(ARABIC), style="Quote", settings=INDENT)).paragraphs
    assert [child.tag.split("}")[1] for child in only._p.pPr] == ["pStyle", "bidi", "ind"]


def test_word_keeps_headings_with_what_follows():
    styles = written().styles
    assert all(styles[f"Heading {level}"].paragraph_format.keep_with_next for level in (1, 2, 3, 4))


def test_pages_and_mails_set_peoples_words_from_their_own_side():
    found = [
        (path.name, after)
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for after in WORDS_OF_PEOPLE.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 20
    assert [one for one in found if one[1] != ' dir="auto"' + one[1][-1]] == []
