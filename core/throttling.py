"""How often somebody may try something, counted in the broker under keys that expire.

A keyed digest stands for who tries: no address of a person or of a computer is stored, and the
digest is gone after the hour. Without a broker nothing is limited: whatever must hold without it
is limited in the database too.
"""

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.broker import broker

COUNTED_FOR = 3600  # seconds
TRIES_OF_A_CLIENT = 60  # an hour; a whole council may be behind one address


def client_may_try(request: HttpRequest, what: str, *, most: int = TRIES_OF_A_CLIENT) -> bool:
    """Count a try of the client; False if it is more than the `most`-th within the hour."""
    return may_try(what, client_address(request), most=most)


def may_try(what: str, who: str, *, most: int) -> bool:
    """Count a try of `who`; False if it is more than the `most`-th within the hour.

    The hour begins with the first try and is real time, in a rehearsal too.
    """
    keyed = salted_hmac("portal.rate-limits", who, secret=settings.SECRET_KEY, algorithm="sha256")
    key = f"portal:tries:{what}:{keyed.hexdigest()[:32]}"
    try:
        with broker() as client:
            counting = client.pipeline()
            counting.incr(key)
            counting.expire(key, COUNTED_FOR, nx=True)
            return counting.execute()[0] <= most
    except (OSError, KombuError, RedisError):
        return True


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the last of TRUSTED_PROXIES proxies saw it.

    Each proxy appends to X-Forwarded-For the address that it heard from; anybody can write what
    stands further to the left.
    """
    heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.TRUSTED_PROXIES <= len(heard):
        return heard[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")
