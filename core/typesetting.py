"""Tagged PDFs (PDF/UA-1) from a template and data, with Typst.

A template gets its data as JSON (`json(bytes(sys.inputs.data))`), so Typst never reads what
somebody typed as markup. The fonts come from a package and from Typst, not from the machine, so
that a file looks the same wherever it is made. PDF/UA-1 forbids text without glyphs, so a character
that the fonts lack is written as its number, for instance [U+4E2D].
"""

import json
import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import typst
from fontTools.ttLib import TTFont

# Put before every template.
PRELUDE = Path(__file__).with_suffix(".typ").read_text(encoding="utf-8")
# What people paste from Word: its bullets and ticks, in a private area of the fonts Symbol and
# Wingdings, by which it writes them.
FROM_WORD = {
    0xF02D: "–",
    0xF0A3: "≤",
    0xF0B3: "≥",
    0xF0B9: "≠",
    0xF0BB: "≈",
    0xF0DE: "⇒",
    0xF04A: "☺",
    0xF06C: "●",
    0xF06E: "■",
    0xF06F: "□",
    0xF071: "❑",
    0xF072: "❒",
    0xF075: "◆",
    0xF076: "❖",
    0xF077: "◆",
    0xF09F: "•",
    0xF0A1: "○",
    0xF0A7: "▪",
    0xF0A8: "□",
    0xF0AB: "★",
    0xF0B7: "•",
    0xF0D8: "➢",
    0xF0DF: "←",
    0xF0E0: "→",
    0xF0E1: "↑",
    0xF0E2: "↓",
    0xF0E8: "➔",
    0xF0F0: "⇒",
    0xF0FB: "✗",
    0xF0FC: "✓",
    0xF0FD: "☒",
    0xF0FE: "☑",
}
# Full-width forms of ASCII, as keyboards for Chinese and Japanese write them.
FULL_WIDTH = {code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}
# A hidden word stands as full blocks; a tab has no width of its own. PDF/UA-1 forbids U+FEFF, which
# comes along with text pasted out of files; U+2060 is Unicode's own successor to it inside a text.
STAND_IN = FROM_WORD | FULL_WIDTH | {ord("█"): "◼", ord("\t"): "    ", 0xFEFF: "\u2060"}
# Arrows, signs of mathematics, shapes and dingbats that the fonts inside Typst show: DejaVu Sans
# Mono and New Computer Modern Math. A test sets each.
SIGNS = (
    *((0x2190, 0x23FF), (0x25A0, 0x262F), (0x2638, 0x268B), (0x26A0, 0x26BE)),
    *((0x2701, 0x275E), (0x2761, 0x27BF), (0x27F0, 0x27FF), (0x2900, 0x297F), (0x2B00, 0x2B5F)),
)
# More signs than this without a space may be longer than the narrowest line.
LONGEST_UNBROKEN = 24
# Typst may break a line here, and nothing is shown.
ZERO_WIDTH_SPACE = "\u200b"
_UNBROKEN = re.compile(rf"\S{{{LONGEST_UNBROKEN + 1},}}")
# Words of other scripts are never cut: their letters join or stack, or Typst knows where they end.
_MAY_BE_CUT = re.compile("[!-\u058f\u1e00-\u1fff\u2010-\u2bff]+")
_AFTER_A_SIGN = re.compile(r"(?<=[!-/:-@\[-`{-~\u2010-\u2bff])(?=[^\W_])|(?<=[_/\\.,;:&=?@|+~#-])")
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
    *range(0xE0020, 0xE0080),
}
_FAILED = re.compile(r"the text `(\".*?\")` could not be displayed", re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")  # what is invisible, or would join with the quote
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
                f"{PRELUDE}\n{template}".encode(),
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
            unshown = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), failed[1][1:-1])
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
    """Return `text` as it is set, with each character that the fonts lack written as [U+XXXX].

    Bullets and ticks of Word, full-width signs and hidden words have stand-ins. What is
    long and has no space may be broken, first after its signs: else it would run off the page.
    """
    text = text.translate(STAND_IN)
    known = _known()
    lacking = {c for c in set(text) if ord(c) not in known}
    text = text.translate({ord(c): _numbered(c) for c in lacking}) if lacking else text
    return _UNBROKEN.sub(lambda found: _breakable(found[0]), text)


def _breakable(run: str) -> str:
    pieces = []
    for piece in _AFTER_A_SIGN.split(run):
        if not _MAY_BE_CUT.fullmatch(piece):
            pieces.append(piece)
            continue
        pieces += [
            piece[start : start + LONGEST_UNBROKEN]
            for start in range(0, len(piece), LONGEST_UNBROKEN)
        ]
    return ZERO_WIDTH_SPACE.join(pieces)


def _numbered(character: str) -> str:
    return f"[U+{ord(character):04X}]"


@cache
def _fonts() -> typst.Fonts:
    """Return the package's fonts and Typst's own, read once per process: reading them is slow."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(FONTS)]
    )


@cache
def _known() -> frozenset[int]:
    """Return the codepoints that the fonts show. They are read once per process."""
    known = {ord("\n"), ord("\t"), *_INVISIBLE}
    for path in FONTS.glob("*.ttf"):
        with TTFont(path, lazy=True) as font:
            known |= set(font["cmap"].getBestCmap())
    for first, last in SIGNS:
        known |= set(range(first, last + 1))
    return frozenset(known)
