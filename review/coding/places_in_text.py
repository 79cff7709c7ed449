"""Where sentences and paragraphs of a text are, and what a browser's selection means there.

A passage is `[start, end)` in codepoints of the stored text. Browsers count UTF-16 code units of
the text as a page shows it, in which each line end is LF.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from review.errors import CodingRefused

# A sentence ends at a full stop, an exclamation or question mark or an ellipsis, with what closes
# after it, before white space and no small letter; a line end ends one as well. Chinese and
# Japanese have no space after their own marks. All marks stand first: `re` leaps to one of a class.
END = re.compile(
    r"[.!?…؟۔।॥。！？](?:"
    r"(?<![.!?…؟۔।॥].)(?<![。！？])[.!?…؟۔।॥]*+[\"'”’»)\]]*+(?=\s++[^\sa-z]|\s*+$)"
    r"|(?<=[。！？])[。！？]*+[\"'”’»)\]」』）]*+)"
)
ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|rev|st|no|nos|vs|etc|cf|eg|ie|e\.g|i\.e|approx|dept|para|pp?)"
    r"|(?:^|[\s(])[A-Z])\.$",
    re.IGNORECASE,
)
LONGEST_ABBREVIATION = 12  # characters, with what stands before it
LINE = re.compile(r"[^\r\n]+")
WHOLE_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
LINE_END = re.compile(r"\r\n?")
MOVED = CodingRefused(
    "The words that you chose are not at that place of the answer: choose them again"
)


@dataclass(frozen=True, order=True)
class Passage:
    start: int
    end: int

    def quote(self, text: str) -> str:
        return text[self.start : self.end]


def sentences(text: str) -> list[Passage]:
    """Return the sentences in their order, each without the white space around it."""
    found = []
    for line in LINE.finditer(text):
        start = line.start()
        for mark in END.finditer(line[0]):
            end = line.start() + mark.end()
            if not ABBREVIATION.search(text[max(start, end - LONGEST_ABBREVIATION) : end]):
                found.append(_stripped(text, start, end))
                start = end
        found.append(_stripped(text, start, line.end()))
    return [passage for passage in found if passage.start < passage.end]


def paragraphs(text: str) -> list[Passage]:
    """Return the paragraphs, which lines of nothing but white space part."""
    found, start = [], None
    for line in WHOLE_LINE.finditer(text):
        if line[0].strip():
            start = line.start() if start is None else start
        elif start is not None:
            found.append(_stripped(text, start, line.start()))
            start = None
    return found


def whole(text: str) -> Passage:
    return _stripped(text, 0, len(text))


def as_shown(text: str) -> str:
    """Return the text as a browser has it, which reads each line end as LF."""
    return LINE_END.sub("\n", text)


def to_utf16(text: str, passages: Iterable[Passage]) -> list[tuple[int, int]]:
    """Return where the passages are in the text as shown, in UTF-16 code units."""
    ordered = list(passages)
    shown, units = {0: 0}, 0
    place = 0
    for edge in sorted({edge for one in ordered for edge in (one.start, one.end)}):
        part = text[place:edge]
        # A CRLF is shown as one character, also where an edge is within it.
        units += _units(part.replace("\r\n", "\n"))
        if part.startswith("\n") and text[place - 1 : place] == "\r":
            units -= 1
        shown[edge], place = units, edge
    return [(shown[one.start], shown[one.end]) for one in ordered]


def from_utf16(text: str, start: int, end: int, *, quote: str) -> Passage:
    """Return the passage that a browser chose, without the white space around it.

    `start` and `end` count UTF-16 code units of the text as shown; `quote` is what stood there.
    Raises CodingRefused for what is outside the text, within a character, empty, or not the quote.
    """
    shown = as_shown(text)
    units = shown.encode("utf-16-le")
    if not 0 <= start < end <= len(units) // 2:
        raise MOVED
    try:
        before = units[: 2 * start].decode("utf-16-le")
        chosen = units[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeDecodeError:
        raise MOVED from None
    if chosen != as_shown(quote):
        raise MOVED
    places = _stored_places(text)
    first = len(before)
    passage = _stripped(text, places[first], places[first + len(chosen)])
    if passage.start >= passage.end:
        raise CodingRefused("Choose words: there is only white space there")
    return passage


def chosen_by_browser(text: str, start: int, end: int) -> Passage:
    """Return the same where no quote came along: who chose it is shown the words again."""
    units = as_shown(text).encode("utf-16-le")[2 * start : 2 * end]
    return from_utf16(text, start, end, quote=units.decode("utf-16-le", errors="replace"))


def _stored_places(text: str) -> list[int]:
    """Return, for each codepoint of the text as shown and its end, its place as stored."""
    after_cr = {match.end() - 1 for match in re.finditer("\r\n", text)}
    return [place for place in range(len(text) + 1) if place not in after_cr]


def _stripped(text: str, start: int, end: int) -> Passage:
    part = text[start:end]
    start += len(part) - len(part.lstrip())
    return Passage(start, max(start, start + len(part.strip())))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
