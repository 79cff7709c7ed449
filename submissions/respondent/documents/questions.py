"""All the questions of a call, to prepare the answers offline: a Word file and a tagged PDF."""

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from core.direction import is_from_right, web_address
from core.word_file import lay_out_pages
from core.word_template import darken_headings
from submissions.calls.models import Call
from submissions.calls.states import TEXT_KINDS
from submissions.respondent.documents.pages import language_and_country, typeset

Reading = list[dict[str, Any]]
KEPT_FOR = 24 * 60 * 60  # seconds
ROOM = 4  # empty lines below a question that is answered in words


def questions_pdf(call: Call, reading: Reading, *, is_closed: bool) -> bytes:
    """Return the questions (`forms.all_questions.reading_of`) as a tagged PDF."""
    data = questions_data(call, reading, is_closed=is_closed)
    return _kept("pdf", data, lambda: typeset("questions.typ", data))


def questions_word(call: Call, reading: Reading, *, is_closed: bool) -> bytes:
    """Return the questions as a Word file with room for answers."""
    data = questions_data(call, reading, is_closed=is_closed)
    return _kept("docx", data, lambda: _write_word(data))


def _kept(kind: str, data: dict[str, Any], make: Callable[[], bytes]) -> bytes:
    """Return the file made before of the same words, or make it."""
    key = (
        f"questions-{kind}-{hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()}"
    )
    made: bytes | None = cache.get(key)
    if made is None:
        made = make()
        cache.set(key, made, KEPT_FOR)
    return made


def questions_data(call: Call, reading: Reading, *, is_closed: bool) -> dict[str, Any]:
    """Return what both files say, as JSON's own types."""
    lang, region = language_and_country()
    closed = _("This call closed at %(when)s.") % {"when": call.closes_in_words}
    return {
        "lang": lang,
        "region": region,
        "title": _("%(call)s: all the questions") % {"call": call.title},
        "footer": call.title,
        "each": _("Choose one of these for each line:"),
        "intro": [closed] if is_closed else _how_to_answer(call),
        "sections": [
            {
                "title": section["title"],
                "applies": section["applies"],
                "intro": [
                    part.strip().split("\n")
                    for part in section["intro"].split("\n\n")
                    if part.strip()
                ],
                "rows": [_row(row) for row in section["rows"]],
            }
            for section in reading
        ],
    }


def _how_to_answer(call: Call) -> list[str]:
    address = web_address(f"{settings.PORTAL_URL}{reverse('call', args=[call.slug])}")
    return [
        _("Use this to prepare your answers, on your own or with colleagues."),
        _("Answer online at %(address)s before %(when)s.")
        % {"address": address, "when": call.closes_in_words},
        *_other_ways(call),
    ]


def _other_ways(call: Call) -> list[str]:
    ways = [str(way) for way in call.other_ways]
    return [_("Or give them another way:"), *ways, call.other_ways_deadline] if ways else []


def _row(row: dict[str, Any]) -> dict[str, Any]:
    question = row["question"]
    optional = _("(optional)")
    label = f"{question.label} {optional}" if row["optional"] else question.label
    notes = [row["applies"], *question.hint.split("\n"), row["how"]]
    return {
        "label": label,
        "notes": [note for note in notes if note],
        "rows": [item["label"] for item in question.rows],
        "options": [[option["label"], option.get("hint", "")] for option in question.options],
        "in_words": question.kind in TEXT_KINDS,
    }


def _write_word(data: dict[str, Any]) -> bytes:
    document = Document()
    _set_up(document, data)
    document.add_heading(data["title"], level=0)
    for line in data["intro"]:
        document.add_paragraph(line)
    for section in data["sections"]:
        document.add_heading(section["title"], level=1)
        if section["applies"]:
            _add_note(document, section["applies"])
        for lines in section["intro"]:
            document.add_paragraph("\n".join(lines))
        for row in section["rows"]:
            _add_question(document, row, data["each"])
    is_sheet_from_right = get_language_bidi()
    for paragraph in (*document.paragraphs, *document.sections[0].footer.paragraphs):
        # Those of a sheet in Arabic without a letter, too: the room for answers, and numbers.
        if is_sheet_from_right or is_from_right(paragraph.text):
            paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
            for run in paragraph.runs:
                run.font.rtl = True
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def _set_up(document: WordDocument, data: dict[str, Any]) -> None:
    properties = document.core_properties
    properties.title, properties.author = data["title"], ""
    properties.language = f"{data['lang']}-{data['region']}"
    properties.comments = ""
    lay_out_pages(document, data["footer"], of=" / ")
    darken_headings(document)
    normal = document.styles["Normal"]
    normal.font.size = Pt(12)
    size_from_right = OxmlElement("w:szCs")  # of letters of Arabic and Hebrew, in half points
    size_from_right.set(qn("w:val"), "24")
    normal.font.element.rPr.append(size_from_right)
    # Screen readers choose their voice by the language of the default style.
    language = document.styles.element.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:lang')}")
    for script in ("w:val", "w:bidi"):
        language.set(qn(script), properties.language)


def _add_question(document: WordDocument, row: dict[str, Any], each: str) -> None:
    document.add_heading(row["label"], level=2)
    for note in row["notes"]:
        _add_note(document, note)
    for item in row["rows"]:
        document.add_paragraph(item, style="List Bullet")
    if row["rows"]:
        _add_note(document, each)
    for label, hint in row["options"]:
        document.add_paragraph(f"☐ {label}")
        if hint:
            _add_note(document, hint)
    if row["in_words"]:
        for _line in range(ROOM):
            document.add_paragraph()


def _add_note(document: WordDocument, text: str) -> None:
    document.add_paragraph().add_run(text).italic = True
