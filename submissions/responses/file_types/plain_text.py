"""TXT and CSV: text in whatever encoding its program wrote."""

import codecs
from typing import BinaryIO

from charset_normalizer import from_bytes

from submissions.responses.file_types.refusals import NOT_TEXT, NotTaken

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # first: it begins as UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
USUAL = ("utf-8-sig", "cp1252")


def refuse_text(file: BinaryIO) -> None:
    file.seek(0)
    content = file.read()
    marked = next((name for mark, name in MARKS.items() if content.startswith(mark)), None)
    if marked is None:
        content = content.rstrip(b"\0") or content
    for encoding in (marked,) if marked else USUAL:
        if _is_text(content, encoding):
            return
    if marked is None:
        guess = from_bytes(content).best()
        if guess is not None and _is_text(content, guess.encoding):
            return
    raise NotTaken(NOT_TEXT)


def _is_text(content: bytes, encoding: str) -> bool:
    try:
        text = content.decode(encoding).rstrip("\0")
    except (UnicodeDecodeError, LookupError):
        return False
    # The end of a file of DOS, and form feeds, do no harm.
    return bool(text) and not any(c < " " and c not in "\t\n\r\f\v\x1a" for c in text)
