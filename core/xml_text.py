"""XML as text: XML 1.0, with tags and elements whose words no reader changes."""

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Section 2.2, production Char. Each control character becomes its picture in the block U+2400, so
# every offset stays.
_SHOWN = {n: 0x2400 + n for n in range(0x20) if chr(n) not in "\t\n\r"}
_SHOWN |= {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_unfit = re.compile(f"[{''.join(map(chr, _SHOWN))}]").search

_special = re.compile(r"[&<>\"\x00-\x1f\ufffe\uffff]").search


def xml_text(text: str) -> str:
    """Return `text`, of the same length, with what XML cannot hold shown by pictures."""
    return text.translate(_SHOWN) if _unfit(text) else text


def tag(name: str, attributes: Mapping[str, object], *, is_empty: bool = False) -> str:
    """Return a start tag, or an empty one; it leaves out attributes that are None."""
    written = "".join(
        f" {key}={quoted(str(value))}" for key, value in attributes.items() if value is not None
    )
    return f"<{name}{written}{'/' if is_empty else ''}>"


def element(name: str, text: str) -> str:
    return f"<{name}>{escape(xml_text(text))}</{name}>"


def quoted(text: str) -> str:
    """Quote an attribute's value; programs would read its line ends and tabs as spaces."""
    if not _special(text):
        return f'"{text}"'
    entities = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return quoteattr(xml_text(text), entities)
