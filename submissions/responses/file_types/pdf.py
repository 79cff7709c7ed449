"""PDF: documents that open without a password and run nothing."""

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import pikepdf

from submissions.responses.file_types.archives import inflated_sizes
from submissions.responses.file_types.refusals import (
    DAMAGED,
    PDF_EMBEDDED,
    PDF_PROGRAM,
    PDF_REMOTE,
    PROTECTED,
    UNPACKS_TOO_BIG,
    NotTaken,
)
from submissions.responses.file_types.signatures import OLE, PROGRAMS, ZIP

SIGNATURE = b"%PDF-"  # ISO 32000-1, 7.5.2; readers look for it in the first 1,024 bytes
STREAM = re.compile(rb"stream\r?\n")
OBJECT_STREAM = re.compile(rb"ObjStm|XRef")
ESCAPED_LETTER = re.compile(rb"#([0-9A-Fa-f]{2})")
FILTER = re.compile(rb"/(Fl|LZW|A85|AHx|RL|FlateDecode|LZWDecode|ASCII\w+Decode|RunLengthDecode)\b")
MOST_OF_OBJECTS = 64_000_000  # bytes of all object streams and cross-reference streams
PROGRAM_ACTIONS = {"/JavaScript", "/Launch"}
# ISO 32000-1, 12.6.4: they ask another computer or open another file.
ASKING_ACTIONS = {"/URI", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData"}
# The second part: a name that is looked up among the document's objects.
SUSPICIOUS = re.compile(
    rb"/(JavaScript|JS|Launch|XFA|EF|EmbeddedFiles?|RichMedia|OpenAction|AA)\b"
    rb"|/(S|Subtype)\s+\d+ \d+ R\b"
)
HYBRID = "/AdditionalStreams"  # LibreOffice puts the document itself there
DEEPEST = 60


def refuse_pdf(file: BinaryIO) -> None:
    file.seek(0)
    content = file.read()
    if SIGNATURE not in content[:1024] or content.startswith((OLE, ZIP, *PROGRAMS)):
        raise NotTaken(DAMAGED)
    _measure_objects(content)
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise NotTaken(PROTECTED)
            if not len(pdf.pages):
                raise NotTaken(DAMAGED)
            _refuse_programs(pdf)
    except pikepdf.PasswordError:
        raise NotTaken(PROTECTED) from None
    except (pikepdf.PdfError, RuntimeError, ValueError, KeyError, TypeError, AttributeError):
        raise NotTaken(DAMAGED) from None


def _measure_objects(content: bytes) -> None:
    """Measure what is unpacked to read the file at all (ISO 32000-1, 7.5.7 and 7.5.8)."""
    size = before = 0
    for found in STREAM.finditer(content):
        head = ESCAPED_LETTER.sub(
            lambda escape: bytes([int(escape[1], 16)]), content[before : found.start()]
        )
        before = found.end()
        if not OBJECT_STREAM.search(head[-100_000:]):
            continue
        if len(FILTER.findall(head[-100_000:].rpartition(b"endstream")[2])) > 1:
            raise NotTaken(UNPACKS_TOO_BIG)  # packed more than once: no producer does
        end = content.find(b"endstream", before)
        packed = memoryview(content)[before : end if end != -1 else len(content)]
        # What is damaged, or not packed, is for pikepdf to judge.
        with suppress(zlib.error):
            for piece in inflated_sizes(packed):
                size += piece
                if size > MOST_OF_OBJECTS:
                    raise NotTaken(UNPACKS_TOO_BIG)


def _refuse_programs(pdf: pikepdf.Pdf) -> None:
    if HYBRID in pdf.trailer:
        raise NotTaken(PDF_EMBEDDED)
    for found in pdf.objects:
        if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream | pikepdf.Array):
            continue
        head = found.stream_dict if isinstance(found, pikepdf.Stream) else found
        if isinstance(found, pikepdf.Stream) and ("/F" in head or "/Ref" in head):
            raise NotTaken(PDF_REMOTE)  # its content is in another file
        if not SUSPICIOUS.search(head.unparse(resolved=True)):
            continue
        for dictionary in dictionaries_in(head):
            if "/JS" in dictionary or "/XFA" in dictionary:
                raise NotTaken(PDF_PROGRAM)
            if str(dictionary.get("/S", "")) in PROGRAM_ACTIONS or "/JavaScript" in dictionary:
                raise NotTaken(PDF_PROGRAM)
            if "/EF" in dictionary or "/EmbeddedFiles" in dictionary:
                raise NotTaken(PDF_EMBEDDED)
            if str(dictionary.get("/Subtype", "")) == "/RichMedia":
                raise NotTaken(PDF_EMBEDDED)
            if any(action in ASKING_ACTIONS for action in _started_unasked(dictionary)):
                raise NotTaken(PDF_REMOTE)


def _started_unasked(dictionary: Any) -> Iterator[str]:
    """Yield the kinds of the actions that nobody has to press anything for."""
    triggers = dictionary.get("/AA")
    waiting = [dictionary.get("/OpenAction")]
    if isinstance(triggers, pikepdf.Dictionary):
        waiting += [triggers[key] for key in triggers.keys()]  # noqa: SIM118 - no mapping
    for _ in range(DEEPEST):
        if not waiting:
            return
        action = waiting.pop()
        if isinstance(action, pikepdf.Dictionary):
            yield str(action.get("/S", ""))
            after = action.get("/Next")
            waiting += list(after) if isinstance(after, pikepdf.Array) else [after]
    raise NotTaken(DAMAGED)


def dictionaries_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield the dictionary and those written inside it; objects of their own are not followed."""
    if depth > DEEPEST:
        raise NotTaken(DAMAGED)
    children: list[Any]
    if isinstance(value, pikepdf.Dictionary):
        yield value
        children = [value[key] for key in value.keys()]  # noqa: SIM118 - no mapping
    elif isinstance(value, pikepdf.Array):
        children = list(value)
    else:
        return
    for child in children:
        if isinstance(child, pikepdf.Object) and not child.is_indirect:
            yield from dictionaries_in(child, depth + 1)
