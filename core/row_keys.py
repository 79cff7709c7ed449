"""Primary keys as addresses and forms carry them: anybody writes anything there."""

# Digits of the largest bigint, less one: none of so many digits is out of range.
DIGITS = 18


def row_key(written: str) -> int | None:
    """Return the key; None for what is none, and for a number that no row has."""
    is_number = written.isascii() and written.isdigit() and len(written) <= DIGITS
    return int(written) if is_number else None


def row_keys(written: list[str]) -> list[int]:
    """Return the keys among them."""
    return [key for one in written if (key := row_key(one)) is not None]
