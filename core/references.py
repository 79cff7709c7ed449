"""Reference codes that people can read aloud, type and write by hand.

A reference is PREFIX-XXXX-XXXX: seven random characters and a check character, out of 29
characters of which no two look alike (no 0, 1, I, L, O, S, U). As 29 is prime and the weights
differ, the check character detects any one wrong character and any swap of two characters.
"""

import re
import secrets
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
RANDOM_LENGTH = 7
PREFIX_PATTERN = re.compile(r"[A-Z]{2,6}")
_MISREAD = str.maketrans({"S": "5", "U": "V"})
# White space, hyphens, and the marks of direction and of width that are copied with a text unseen.
GAPS = re.compile(r"[\s\-\u2010-\u2015\u200b-\u200f\u2060\u2066-\u2069\ufeff]")

# Without a full stop, quotes or brackets that were copied with a code, where a sentence has it.
CODE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def make_reference(prefix: str, *, draw: Callable[[str], str] = secrets.choice) -> str:
    """Return a new random reference such as `RTR-4K7P-9WXM`; `draw` picks each character.

    `prefix` has 2 to 6 capital letters; anything else raises ValueError.
    """
    if not PREFIX_PATTERN.fullmatch(prefix):
        raise ValueError("a reference prefix has 2 to 6 capital letters")
    body = "".join(draw(ALPHABET) for _ in range(RANDOM_LENGTH))
    return _formatted(prefix, body + check_character(body))


def check_character(body: str) -> str:
    """Return the character that makes the weighted sum of all characters 0 modulo 29."""
    total = sum(weight * ALPHABET.index(c) for weight, c in enumerate(body, start=2))
    return ALPHABET[-total % len(ALPHABET)]


def read_reference(text: str) -> str | None:
    """Return the reference in `text` in its written form, None if `text` is not a reference.

    Case, spaces, hyphens and what stands around it do not matter; S is read as 5 and U as V.
    """
    compact = without_gaps(text).upper()
    prefix, code = compact[: -(RANDOM_LENGTH + 1)], compact[-(RANDOM_LENGTH + 1) :]
    code = code.translate(_MISREAD)
    if not PREFIX_PATTERN.fullmatch(prefix) or len(code) != RANDOM_LENGTH + 1:
        return None
    if any(c not in ALPHABET for c in code):
        return None
    if check_character(code[:-1]) != code[-1]:
        return None
    return _formatted(prefix, code)


def parts_of_reference(text: str) -> set[str]:
    """Return what a part of a reference may be, without hyphens: as typed, and as it was meant.

    Empty if no reference can have such a part.
    """
    compact = _compact(text)
    meant = {compact, compact.translate(_MISREAD)}
    return {part for part in meant if re.fullmatch(r"[A-Z0-9]+", part)}


def without_gaps(text: str) -> str:
    """Return a code that somebody typed or copied, without gaps and what stood around it."""
    found = CODE.search(text)
    return GAPS.sub("", found[0]) if found else ""


def _compact(text: str) -> str:
    return GAPS.sub("", text).upper()


def _formatted(prefix: str, code: str) -> str:
    return f"{prefix}-{code[:4]}-{code[4:]}"
