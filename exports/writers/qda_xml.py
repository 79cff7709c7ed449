"""REFI-QDA 1.0: the XML that NVivo, ATLAS.ti, MAXQDA and QualCoder exchange.

Source: QDA-XML, Project.xsd of 18 March 2019 (qdasoftware.org). Identities are made out of names
(UUID version 5), so that every export of the same thing has the same one.
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hashlib import sha1

from core.xml_text import element, tag, xml_text
from review.coding.codebook_files.qda import code_elements
from review.models import Code
from submissions.calls.models import Call, Question

PROJECT = "urn:QDA-XML:project:1.0"
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:evidence-portal")
QUESTIONS = "Questions"
CODES = "Codes"


def guid(call: Call, *parts: object) -> str:
    """Return the identity of what `parts` name within the call.

    It is what `uuid.uuid5` gives, in a fifth of the time: a large project has a million of them.
    """
    name = "\n".join(map(str, (call.slug, *parts)))
    digest = bytearray(sha1(_NAMES.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50  # RFC 9562: version 5
    digest[8] = digest[8] & 0x3F | 0x80  # and its variant
    written = digest.hex()
    return f"{written[:8]}-{written[8:12]}-{written[12:16]}-{written[16:20]}-{written[20:]}"


def question_code(call: Call, question: Question) -> str:
    return guid(call, "question", question.key)


def codebook(
    call: Call,
    codes: Iterable[Code],
    questions: Iterable[Question],
    *,
    notes: Callable[[Code], str] = lambda code: "",
) -> str:
    """Return the Codes element: staff's codes as they stand, then one per question, by section.

    `notes` refers to those on a code.

    Names differ throughout, as some programs demand; staff's own stay as they are.
    """
    codes = list(codes)
    taken = {xml_text(code.name).casefold() for code in codes}
    described = code_elements(codes, description=lambda code: code.description, notes=notes)
    written = ["<Codes>", *described]
    asked: dict[str, list[Question]] = {}
    for question in questions:
        asked.setdefault(question.section.key, []).append(question)
    if asked:
        parent = {"guid": guid(call, "questions"), "name": _free(QUESTIONS, "of the portal", taken)}
        written.append(tag("Code", parent | {"isCodable": "false"}))
        for those in asked.values():
            section = those[0].section
            name = _free(section.title, "section", taken)
            identity = {"guid": guid(call, "section", section.key), "name": name}
            written.append(tag("Code", identity | {"isCodable": "false"}))
            for question in those:
                name = _free(question.label, question.key, taken)
                identity = {"guid": question_code(call, question), "name": name}
                written += [
                    tag("Code", identity | {"isCodable": "true"}),
                    element("Description", f"Answers to the question {question.key}."),
                    "</Code>",
                ]
            written.append("</Code>")
        written.append("</Code>")
    elif not codes:
        # The schema wants one code at least.
        nothing = {"guid": guid(call, "no codes"), "name": CODES, "isCodable": "false"}
        written.append(tag("Code", nothing, is_empty=True))
    return "".join([*written, "</Codes>"])


def _free(name: str, also: str, taken: set[str]) -> str:
    free, number = name, 1
    while xml_text(free).casefold() in taken:
        free = f"{name} ({also}{f' {number}' if number > 1 else ''})"
        number += 1
    taken.add(xml_text(free).casefold())
    return free


def moment(at: datetime) -> str:
    """Return an xsd:dateTime in UTC, to the microsecond where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
