"""How long to wait before trying again what went wrong. It needs no Django."""

import random
from datetime import timedelta

# A pause is this part of the time for which the trouble has lasted. So what was in trouble for
# ten minutes is tried again within two, and what was for a day is not tried every minute.
PART_OF_TROUBLE = 1 / 8
_random = random.SystemRandom()


def pause_after(trouble: timedelta, *, first: timedelta, longest: timedelta) -> timedelta:
    """Return how long to wait before the next attempt, after `trouble` of that length."""
    return more_or_less(min(max(trouble * PART_OF_TROUBLE, first), longest))


def more_or_less(pause: timedelta) -> timedelta:
    """A fifth, by chance: what was refused together does not come back together."""
    return pause * _random.uniform(0.8, 1.2)
