"""Which colours of lines can be seen. Contrast is WCAG 2.2's for what is no text (1.4.11)."""

from core.accent import contrast, readable_on

VISIBLE = 3.0
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#121212"  # as Django's admin has them


def is_visible(colour: str) -> bool:
    """Return whether a line of the colour is seen on the light page."""
    return contrast(colour, LIGHT_PAGE) >= VISIBLE


def visible(colour: str) -> str:
    """Return the colour, darker in its own hue if it is too light to be seen."""
    return colour if is_visible(colour) else readable_on(colour, LIGHT_PAGE, VISIBLE)
