"""How a code is drawn: the line under its passages, in its colour and its pattern.

Contrast is WCAG 2.2's for what is no text (1.4.11): 3 to 1.
"""

from collections.abc import Iterable

from core.accent import contrast, readable_on
from review.models import Code
from review.states import CodePattern

GREY = "#505a5f"
VISIBLE = 3.0
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#121212"  # as Django's admin has them


def colour_of(code: Code) -> str:
    return code.colour or GREY


def pattern_of(code: Code) -> CodePattern:
    known = code.pattern in CodePattern.values
    return CodePattern(code.pattern) if known else CodePattern.SOLID


def is_visible(colour: str) -> bool:
    """Return whether a line of the colour is seen on the light page."""
    return contrast(colour, LIGHT_PAGE) >= VISIBLE


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
