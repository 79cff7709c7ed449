"""Taking email addresses out of a text, for people who may not see them."""

import re

_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"“”‘]+@[^\s@,;:<>()\[\]\"“”’]+")
MASK = "[address]"


def mask_addresses(text: str) -> str:
    """Return the text with `MASK` in place of whatever looks like an email address."""
    return _ADDRESS.sub(MASK, text)
