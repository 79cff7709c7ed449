"""Control characters, which nobody sees, and which XML cannot hold."""

import re

# Tabs and line ends are white space, and stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def without_control_characters(text: str) -> str:
    return _CONTROL.sub("", text)
