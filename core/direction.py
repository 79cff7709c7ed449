"""From which side a text is read."""

import unicodedata

FROM_RIGHT = frozenset({"R", "AL"})


def is_from_right(text: str) -> bool:
    """Return whether the first letter with a direction is one of Arabic, Hebrew or their kin.

    That is rule P2 of Unicode's bidirectional algorithm (UAX #9), as `dir="auto"` has it.
    """
    if text.isascii():
        return False
    sides = (unicodedata.bidirectional(letter) for letter in text)
    return next((side in FROM_RIGHT for side in sides if side in {"L", *FROM_RIGHT}), False)
