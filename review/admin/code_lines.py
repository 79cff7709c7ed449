"""How a code is drawn: the line under its passages, in its colour and its pattern."""

from collections.abc import Iterable

from review.models import Code
from review.states import CodePattern

GREY = "#505a5f"


def colour_of(code: Code) -> str:
    return code.colour or GREY


def pattern_of(code: Code) -> CodePattern:
    known = code.pattern in CodePattern.values
    return CodePattern(code.pattern) if known else CodePattern.SOLID


def stylesheet(codes: Iterable[Code]) -> str:
    """Return the rules that underline passages: of marked words, and of CSS highlights."""
    lines = []
    for code in codes:
        drawn = f"{{ text-decoration: underline {pattern_of(code).value} {colour_of(code)} 3px; }}"
        # Two rules: a browser without highlights drops the whole rule that names one.
        lines += [f".code-{code.pk} {drawn}", f"::highlight(code-{code.pk}) {drawn}"]
    return "".join(f"{line}\n" for line in lines)
