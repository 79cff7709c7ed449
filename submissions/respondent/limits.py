"""How often one client may try what a stranger could try all day."""

from django.conf import settings
from django.http import HttpRequest
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.broker import broker
from core.throttling import may_try

TRIES_OF_A_CLIENT = 60  # an hour; a whole council may be behind one address
LINKS_TO_AN_ADDRESS = 5  # an hour


def client_may(request: HttpRequest, what: str, *, most: int = TRIES_OF_A_CLIENT) -> bool:
    """Count a try of this client; False if it had more than `most` within the hour."""
    return _may(what, client_address(request), most)


def address_may(address: str) -> bool:
    """Count a mail with a link to the address; False once it had enough within the hour."""
    return _may("link-to", address.casefold(), LINKS_TO_AN_ADDRESS)


def _may(what: str, who: str, most: int) -> bool:
    try:
        with broker() as client:
            return may_try(client, what, who, most=most)
    except (OSError, KombuError, RedisError):
        return True


def client_address(request: HttpRequest) -> str:
    """Return the address that the client has, as the last of TRUSTED_PROXIES proxies saw it.

    Each proxy adds to X-Forwarded-For whom it heard from; what stands further to the left may
    have been written by anybody.
    """
    heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.TRUSTED_PROXIES <= len(heard):
        return heard[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")
