"""Tagged PDFs (PDF/UA-1) from a template and data, with Typst.

A template gets its data as JSON (`json(bytes(sys.inputs.data))`), so Typst never reads what
somebody typed as markup. The fonts come from a package, not from the machine, so that a file
looks the same wherever it is made. PDF/UA-1 forbids text without glyphs, so a character that the
fonts lack is written as its number, for instance [U+4E2D].
"""

import json
import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont

STAND_IN = str.maketrans({"█": "◼"})
FONTS = Path(str(distribution("manimgx-fonts").locate_file("manimgx_fonts")))
# They have no glyph, but join or order the characters beside them: the ones of UAX #44's
# Default_Ignorable_Code_Point that occur in text.
_INVISIBLE = {
    0xAD,
    0x61C,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    0xFEFF,
    *range(0xE0020, 0xE0080),
}
_FAILED = re.compile(r"the text `(\".*?\")` could not be displayed", re.DOTALL)
TRIES = 20


class CannotBeShown(ValueError):
    """Typst cannot show the text, even with the lacking characters written as numbers."""


def pdf(template: str, data: Any, *, seconds: int | None = None) -> bytes:
    """Return the PDF of `data`, which JSON can hold, dated `seconds` since 1970.

    Raises typst.TypstError for a wrong template, and CannotBeShown.
    """
    text = json.dumps(_showable_all(data), ensure_ascii=False)
    for _ in range(TRIES):
        try:
            return typst.compile(
                template.encode(),
                sys_inputs={"data": text},
                font_paths=_fonts(),
                pdf_standards=["ua-1"],
                timestamp=seconds,
            )
        except typst.TypstError as error:
            # A font may have a character and still not be able to show it beside its neighbours.
            failed = _FAILED.search(str(error))
            if failed is None:
                raise
            unshown = failed[1][1:-1]
            if unshown not in text:
                raise
            text = text.replace(unshown, "".join(map(_numbered, unshown)))
    raise CannotBeShown


def _showable_all(data: Any) -> Any:
    if isinstance(data, str):
        return showable(data)
    if isinstance(data, dict):
        return {key: _showable_all(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_showable_all(value) for value in data]
    return data


def showable(text: str) -> str:
    """Return `text` with each character that the fonts lack written as [U+XXXX].

    Hidden words, which stand as a full block, have a square that the fonts do not lack.
    """
    text = text.translate(STAND_IN)
    known = _known()
    lacking = {c for c in set(text) if ord(c) not in known}
    return text.translate({ord(c): _numbered(c) for c in lacking}) if lacking else text


def _numbered(character: str) -> str:
    return f"[U+{ord(character):04X}]"


@cache
def _fonts() -> typst.Fonts:
    """Return the package's fonts alone. They are read once per process: reading them is slow."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )


@cache
def _known() -> frozenset[int]:
    """Return the codepoints that the fonts show. They are read once per process."""
    known = {ord("\n"), ord("\t"), *_INVISIBLE}
    for path in FONTS.glob("*.ttf"):
        with TTFont(path, lazy=True) as font:
            known |= set(font["cmap"].getBestCmap())
    return frozenset(known)
