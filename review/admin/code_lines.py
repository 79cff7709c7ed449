"""How a code is drawn: the line under its passages, in its colour and its pattern."""

from collections.abc import Iterable

from core.accent import readable_on
from review.coding.colours import DARK_PAGE, VISIBLE
from review.models import Code
from review.states import CodePattern

GREY = "#505a5f"


def colour_of(code: Code) -> str:
    return code.colour or GREY


def pattern_of(code: Code) -> CodePattern:
    known = code.pattern in CodePattern.values
    return CodePattern(code.pattern) if known else CodePattern.SOLID


def stylesheet(codes: Iterable[Code]) -> str:
    """Return the rules that underline passages: of marked words, and of CSS highlights.

    On a dark page a line that is too dark there is lighter, in its own hue.
    """
    lines, on_dark = [], []
    for code in codes:
        colour = colour_of(code)
        drawn = f"{{ text-decoration: underline {pattern_of(code).value} {colour} 3px; }}"
        # Two rules: a browser without highlights drops the whole rule that names one.
        names = (f".code-{code.pk}", f"::highlight(code-{code.pk})")
        lines += [f"{name} {drawn}" for name in names]
        lighter = readable_on(colour, DARK_PAGE, VISIBLE)
        if lighter != colour:
            on_dark += [(name, f"{{ text-decoration-color: {lighter}; }}") for name in names]
    if on_dark:
        lines.append("@media (prefers-color-scheme: dark) {")
        lines += [f'html:not([data-theme="light"]) {name} {drawn}' for name, drawn in on_dark]
        lines.append("}")
        lines += [f'html[data-theme="dark"] {name} {drawn}' for name, drawn in on_dark]
    return "".join(f"{line}\n" for line in lines)
