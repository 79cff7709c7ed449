"""Text that XML can hold: XML 1.0, section 2.2, production Char."""

import re

# Each control character becomes its picture in the block U+2400, so every offset stays.
_SHOWN = {n: 0x2400 + n for n in range(0x20) if chr(n) not in "\t\n\r"}
_SHOWN |= {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_unfit = re.compile(f"[{''.join(map(chr, _SHOWN))}]").search


def xml_text(text: str) -> str:
    """Return `text`, of the same length, with what XML cannot hold shown by pictures."""
    return text.translate(_SHOWN) if _unfit(text) else text
