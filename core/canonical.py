"""The one form in which text is stored and hashed."""

import hashlib
import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029]")


def canonical_text(text: str) -> str:
    """Return `text` in Unicode normal form C (UAX #15) with LF as the only line end."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text))


def digest(text: str) -> str:
    """Return the SHA-256 (FIPS 180-4) of the text's UTF-8 bytes, as 64 lower-case hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
