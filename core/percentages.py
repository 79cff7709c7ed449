"""Shares of a whole in per cent, as every page, chart and file of staff says them.

They are rounded down, so that none reads 100% that is not, and none reaches a threshold too soon.
"""

WHOLE = 100  # per cent
SMALLEST = 0.1  # per cent; below it a page says no more than that


def per_cent(number: int, of: int) -> float:
    """Return the share, rounded down to a tenth; a smaller one keeps its first digit."""
    digits = 1
    while number and not number * WHOLE * 10**digits // of:
        digits += 1
    return number * WHOLE * 10**digits // of / 10**digits


def say_share(number: int, of: int) -> str:
    """Return the share as “49.3%”, “50%” or “<0.1%”."""
    share = per_cent(number, of)
    if 0 < share < SMALLEST:
        return f"<{SMALLEST}%"
    return f"{share:.0f}%" if share == int(share) else f"{share:.1f}%"
