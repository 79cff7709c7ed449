"""The words of a code in one text, for programs that keep one description for each code.

    the definition

    Use when:
    …

    Line: Two lines

A line of somebody's own that looks like one of ours gets a backslash before it, which reading
takes away again.
"""

import re

from core.control_characters import without_control_characters
from review.coding.places_in_text import as_shown
from review.models import Code
from review.states import CodePattern

HEADINGS = {
    "Use when:": "use_when",
    "Do not use when:": "do_not_use_when",
    "Example:": "example",
}
LINES = {f"Line: {pattern.label}": pattern.value for pattern in CodePattern}
RETIRED = "Retired: yes"
_ours = re.compile(rf"\\*(?:{'|'.join(map(re.escape, (*HEADINGS, *LINES, RETIRED)))})[ \t]*\Z")


def clean(words: str) -> str:
    """Return the words as files have them: LF line ends, nothing unseen, no white space around."""
    return without_control_characters(as_shown(words)).strip()


def written(code: Code) -> str:
    """Return the words of the code in one text, its line and whether it is retired."""
    parts = [_kept(clean(code.description))]
    for heading, field in HEADINGS.items():
        if words := clean(getattr(code, field)):
            parts.append(f"{heading}\n{_kept(words)}")
    marks = [f"Line: {CodePattern(code.pattern).label}"]
    if code.is_retired:
        marks.append(RETIRED)
    return "\n\n".join(filter(None, [*parts, "\n".join(marks)]))


def read(description: str) -> tuple[dict[str, str], bool | None]:
    """Return the words by the fields of a code, and True if the text says that it is retired.

    What stands before the first heading is the definition.
    """
    found: dict[str, list[str]] = {"description": []}
    pattern, is_retired, lines = "", None, found["description"]
    for line in as_shown(description).split("\n"):
        if not _ours.match(line):
            lines.append(line)
        elif line.startswith("\\"):
            lines.append(line[1:])
        elif (mark := line.rstrip(" \t")) in HEADINGS:
            lines = found.setdefault(HEADINGS[mark], [])
        elif mark in LINES:
            pattern = LINES[mark]
        else:
            is_retired = True
    words = {field: "\n".join(those).strip() for field, those in found.items()}
    return words | {"pattern": pattern}, is_retired


def _kept(words: str) -> str:
    lines = words.split("\n")
    return "\n".join(f"\\{line}" if _ours.match(line) else line for line in lines)
