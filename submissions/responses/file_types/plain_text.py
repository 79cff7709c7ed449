"""TXT and CSV: text in whatever encoding its program wrote."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from charset_normalizer import from_bytes

from submissions.responses.file_types.refusals import CELL_PROGRAM, NOT_TEXT, NotTaken
from submissions.responses.file_types.signatures import type_by_start

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # first: it begins as UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
USUAL = ("utf-8-sig", "cp1252")
FORMATS_IN_TEXT = {"PDF", "RTF"}  # they can be written without a byte that is no text
# A formula that asks a program for its value (DDE): =cmd|'/c calc'!A1
STARTS_PROGRAM = re.compile(
    r"""(?:^|[,;\t])\s*["']?\s*[=+\-@][^,;\t\n]*[\w.]\|(?:'[^'\n]*'|[^\s'|]+)!\S""", re.MULTILINE
)


def refuse_text(file: BinaryIO) -> None:
    read_text(file)


def refuse_csv(file: BinaryIO) -> None:
    if STARTS_PROGRAM.search(read_text(file)):
        raise NotTaken(CELL_PROGRAM)


def read_text(file: BinaryIO) -> str:
    """Return the text; raise NotTaken if it is none."""
    file.seek(0)
    content = file.read()
    if type_by_start(content[:20]) in FORMATS_IN_TEXT:
        raise NotTaken(NOT_TEXT)
    for encoding, encoded in _candidates(content):
        text = _decoded(encoded, encoding)
        if text:
            return text
    raise NotTaken(NOT_TEXT)


def _candidates(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield encodings to try, each with the bytes that are to be read by it."""
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    if marked is not None:
        yield marked, content
        return
    padded = content.rstrip(b"\0")
    whole_pairs = content[: len(content) // 2 * 2]
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Every other byte of Western text in UTF-16 is zero.
        if padded[first::2].count(0) * 4 > len(padded):
            yield name, whole_pairs
    for name in USUAL:
        yield name, padded
    guess = from_bytes(padded).best()
    if guess is not None:
        yield guess.encoding, padded


def _decoded(content: bytes, encoding: str) -> str:
    """Return the text without what pads it, "" if the bytes are none in this encoding."""
    try:
        text = content.decode(encoding).rstrip("\0")
    except (UnicodeDecodeError, LookupError):
        return ""
    # The end of a file of DOS, and form feeds, do no harm.
    is_text = not any(c < " " and c not in "\t\n\r\f\v\x1a" for c in text)
    return text if is_text else ""
