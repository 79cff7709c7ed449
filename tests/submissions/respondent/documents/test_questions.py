"""The questions to take away, read back from both files."""

import io
import re

import pytest
from django.core.cache import cache
from django.utils import translation
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from submissions.calls.models import Call
from submissions.respondent.documents import questions
from submissions.respondent.documents.questions import questions_pdf, questions_word
from submissions.respondent.forms.all_questions import reading_of
from tests.core.test_word_file import pale_colours
from tests.makers import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    cache.clear()
    return make_call(title="Rates & *charges*: #1")


def word_of(call):
    return Document(io.BytesIO(questions_word(call, reading_of(call), is_closed=False)))


def test_word_file_has_each_question_under_its_section(call):
    headings = [
        (p.style.name, p.text) for p in word_of(call).paragraphs if p.style.name.startswith("Head")
    ]
    expected = []
    for section in call.sections.all():
        expected.append(("Heading 1", section.title))
        expected += [
            ("Heading 2", q.label) for q in call.questions_in_order if q.section == section
        ]
    shown = [(style, text.removesuffix(" (optional)")) for style, text in headings]
    assert shown == expected


def test_word_file_tells_options_hints_title_and_language(call):
    document = word_of(call)
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert "☐ I provide services" in texts
    assert texts[texts.index("☐ Led a partnership") + 1] == "Of two or more."
    assert "For your receipt." in texts
    assert "Split of money" in texts
    assert document.core_properties.title == "Rates & *charges*: #1: all the questions"
    language = document.styles.element.xpath("//w:rPrDefault/w:rPr/w:lang/@w:val")
    assert language == ["en-GB"]
    page = document.sections[0]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    assert page.footer.paragraphs[0].text == "Rates & *charges*: #1\t / "


def test_word_file_has_no_heading_in_a_pale_colour(call):
    used = {p.style.style_id for p in word_of(call).paragraphs}
    document = word_of(call)
    for style in [one for one in document.styles if one.style_id not in used]:
        style.element.getparent().remove(style.element)
    assert pale_colours(document) == []


def test_pdf_is_tagged_and_has_each_question(call):
    reader = PdfReader(io.BytesIO(questions_pdf(call, reading_of(call), is_closed=False)))
    words = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))
    assert [q.label for q in call.questions_in_order if q.label not in words] == []
    assert "I provide services" in words
    assert "Led a partnership Of two or more." in words
    assert "Rates & *charges*: #1" in words
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"].value is True
    assert catalogue["/Lang"] == "en-GB"


def test_files_are_made_once_and_anew_when_a_question_changes(call, monkeypatch):
    made = []
    monkeypatch.setattr(
        questions, "typeset", lambda _name, data: made.append(data) or b"%PDF of a test"
    )
    for _ in range(2):
        questions_pdf(call, reading_of(call), is_closed=False)
    assert len(made) == 1
    call.questions.filter(key="story").update(label="What really happened?")
    changed = Call.objects.get(pk=call.pk)
    questions_pdf(changed, reading_of(changed), is_closed=False)
    assert len(made) == 2


def test_word_file_sets_a_question_from_the_right():
    question = {"key": "roof", "kind": "short", "label": "هل تحتاجون إلى سقف جديد؟"}
    call = make_call(evidence_questions=[question])
    asked = next(one for one in word_of(call).paragraphs if "سقف" in one.text)
    assert asked._p.pPr.find(qn("w:bidi")) is not None
    assert all(run.font.rtl for run in asked.runs)


def test_files_are_made_in_a_language_with_a_script_or_a_country(call):
    for language, said in {
        "zh-hans": "zh-CN",
        "zh-hant": "zh-TW",
        "sr-latn": "sr-RS",
        "es-ni": "es-NI",
        "hsb": "hsb-GB",
        "cy": "cy-GB",
    }.items():
        with translation.override(language):
            pdf = PdfReader(io.BytesIO(questions_pdf(call, reading_of(call), is_closed=False)))
            word = word_of(call)
        found = pdf.trailer["/Root"]["/Lang"], word.core_properties.language
        assert (language, found) == (language, (said, said))
