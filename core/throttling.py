"""How often something may be tried, counted in the broker by marks that vanish.

Who tries is known by a keyed digest only, so that no address of a person or of a computer is
kept, and that for no longer than the limit needs. A broker that does not answer limits nothing:
what must hold without it is limited in the database too.
"""

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis

COUNTED_FOR = 3600  # seconds


def may_try(client: Redis, what: str, who: str, *, most: int) -> bool:
    """Count a try of `who`; False if it is more than the `most`-th within the hour.

    The hour begins with the first try and is real time: a rehearsal's clock does not matter.
    """
    keyed = salted_hmac("portal.rate-limits", who, secret=settings.SECRET_KEY, algorithm="sha256")
    mark = f"portal:tries:{what}:{keyed.hexdigest()[:32]}"
    counting = client.pipeline()
    counting.incr(mark)
    counting.expire(mark, COUNTED_FOR, nx=True)
    return counting.execute()[0] <= most
