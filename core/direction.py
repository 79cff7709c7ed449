"""From which side a text is read."""

import unicodedata

from django.utils.translation import get_language_bidi

FROM_RIGHT = frozenset({"R", "AL"})
LEFT_TO_RIGHT_MARK = "\u200e"
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


def is_from_right(text: str) -> bool:
    """Return whether the first letter with a direction is one of Arabic, Hebrew or their kin.

    That is rule P2 of Unicode's bidirectional algorithm (UAX #9), as `dir="auto"` has it.
    """
    if text.isascii():
        return False
    sides = (unicodedata.bidirectional(letter) for letter in text)
    return next((side in FROM_RIGHT for side in sides if side in {"L", *FROM_RIGHT}), False)


def from_left(text: str) -> str:
    """Return a telephone number, a code or the like that keeps its order in the active language.

    Between Arabic or Hebrew, the bidirectional algorithm (UAX #9, N1 and N2) sets groups of digits
    with spaces between them from right to left: 020 7946 would be read as 7946 020, and
    12 High Street as High Street 12. After a left-to-right mark it does not.
    """
    return f"{LEFT_TO_RIGHT_MARK}{text}" if text and get_language_bidi() else text


def web_address(address: str) -> str:
    """Return the address for a sentence in the active language, with its last slash at its end.

    Between Arabic or Hebrew, that sign would stand before the address, as what follows it does.
    """
    return f"{address}{LEFT_TO_RIGHT_MARK}" if get_language_bidi() else address


def leading(name: str) -> str:
    """Return a name that begins a sentence in English, which is read from the left all the same."""
    return f"{LEFT_TO_RIGHT_MARK}{isolated(name)}" if is_from_right(name) else name


def isolated(name: str) -> str:
    """Return the name of a file or the like for the middle of a sentence of the active language.

    Between Arabic or Hebrew, 2019 report.txt would be read as report.txt 2019, and what stands
    around it as a part of it; so would a name in Arabic that has other words, between English.
    First strong isolates (UAX #9, 2.4.2) keep the two apart.
    """
    if name and (get_language_bidi() or is_from_right(name)):
        return f"{ISOLATE}{name}{END_OF_ISOLATE}"
    return name
