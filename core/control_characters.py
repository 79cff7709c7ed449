"""Control characters, which nobody sees, and which XML cannot hold."""

import re

# Line ends inside a paragraph: Word's, which is a vertical tab, and those of other programs.
_SOFT_RETURN = re.compile("[\v\x85\u2028]")
# Tabs and line ends are white space, and stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def without_control_characters(text: str) -> str:
    return _CONTROL.sub("", text)


def with_line_ends(text: str) -> str:
    """Return the text, of the same length, with LF for every line end inside a paragraph."""
    return _SOFT_RETURN.sub("\n", text)
