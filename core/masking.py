"""Taking email addresses out of a text, for people who may not see them."""

import re

# As people and mail servers write them: quoted before the at sign (RFC 5321), with a full-width
# sign, or as in a link.
_ADDRESS = re.compile(
    r"""(?:"[^"\n]{1,64}"|[^\s@＠,;:<>()\[\]"“”‘]+)   # before the at sign
        \s?(?:@|＠|%40)\s?
        [^\s@＠,;:<>()\[\]"“”’]+""",
    re.VERBOSE,
)
MASK = "[address]"


def mask_addresses(text: str) -> str:
    """Return the text with `MASK` in place of whatever looks like an email address."""
    return _ADDRESS.sub(MASK, text)
