"""How often somebody may try something, counted in the broker under keys that expire.

A keyed digest stands for who tries: no address of a person or of a computer is stored. The digest
is gone after the hour, and after a day where it stands for whom mails go to. Without a broker
nothing is limited: whatever must hold without it is limited in the database too.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from kombu.exceptions import KombuError
from redis import Redis
from redis.exceptions import RedisError

from core.broker import broker

HOUR, DAY = 3600, 24 * 3600  # seconds
COUNTED_FOR = HOUR
NETWORK_OF_A_CLIENT = 64  # bits; what a household, an office or a server gets of IPv6
TRIES_OF_A_CLIENT = 60  # an hour; a whole council may be behind one address


def client_wait(request: HttpRequest, what: str, *, most: int) -> timedelta:
    """Count a try of the client; return how long they have to wait, nothing if they may go on."""
    return wait_before(what, client_address(request), most=most)


def wait_before(what: str, who: str, *, most: int, within: int = HOUR) -> timedelta:
    """Count a try of `who`; return how long until they may, nothing if they may go on.

    `most` tries may be made `within` so many seconds from the first one, of real time in a
    rehearsal too; 0 is no limit.
    """
    return longest_wait(what, who, {within: most})


@dataclass(frozen=True)
class Tries:
    """What `who` tries, and the most tries by seconds from the first one; 0 is no limit."""

    what: str
    who: str
    limits: Mapping[int, int]

    def keys(self) -> dict[str, tuple[int, int]]:
        """Return the seconds and the most tries, by the key that counts them."""
        limits = {within: most for within, most in self.limits.items() if most}
        if not limits:
            return {}
        keyed = salted_hmac(
            "portal.rate-limits", self.who, secret=settings.SECRET_KEY, algorithm="sha256"
        )
        prefix = f"portal:tries:{self.what}:"
        return {
            f"{prefix}{'' if within == HOUR else f'{within}:'}{keyed.hexdigest()[:32]}": (
                within,
                most,
            )
            for within, most in limits.items()
        }


def longest_wait(what: str, who: str, limits: Mapping[int, int]) -> timedelta:
    """Count a try of `who` under each of `limits`, the most tries by seconds, as `wait_before`."""
    return waits_in_turn(Tries(what, who, limits))[0]


def waits_in_turn(*tries: Tries) -> list[timedelta]:
    """Count a try of each, in one message to the broker; return how long each has to wait.

    What comes after the first that has to wait is not tried: its wait is nothing. Where one has to
    wait, all counts are taken back: who tries again within the hour uses up nothing of the day.
    """
    keys = [each.keys() for each in tries]
    waits = [timedelta(0)] * len(tries)
    if not any(keys):
        return waits
    try:
        with broker() as client:
            seconds = _count(client, {key: limit for found in keys for key, limit in found.items()})
            for place, found in enumerate(keys):
                longest = max((seconds[key] for key in found), default=0)
                if longest:
                    waits[place] = timedelta(seconds=longest)
                    _uncount(client, [*seconds])
                    break
    except (OSError, KombuError, RedisError):
        return [timedelta(0)] * len(tries)
    return waits


def uncount(*tries: Tries) -> None:
    """Take a try of each off its counts: what was counted did not come about."""
    with suppress(OSError, KombuError, RedisError), broker() as client:
        _uncount(client, [key for found in map(Tries.keys, tries) for key in found])


def _count(client: Redis, limits: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Count a try under each key; return for how many seconds each has to wait."""
    counting = client.pipeline(transaction=False)
    for key, (within, _most) in limits.items():
        counting.incr(key)
        counting.expire(key, within, nx=True)
        counting.ttl(key)
    counted = counting.execute()
    return {
        key: max(left, 1) if tries > most else 0
        for (key, (_within, most)), tries, left in zip(
            limits.items(), counted[::3], counted[2::3], strict=True
        )
    }


def _uncount(client: Redis, keys: list[str]) -> None:
    if not keys:
        return
    uncounting = client.pipeline(transaction=False)
    for key in keys:
        uncounting.decr(key)
        # A count that ended meanwhile would begin anew without an end.
        uncounting.expire(key, HOUR, nx=True)
    uncounting.execute()


def client_address(request: HttpRequest) -> str:
    """Return the client's address as the last of TRUSTED_PROXIES proxies saw it.

    Of IPv6 it is the network, /64: who has one address of it has all, and would reach no limit.

    Each proxy appends to X-Forwarded-For the address that it heard from; anybody can write what
    stands further to the left.
    """
    return _network_of(_heard_from(request))


def _heard_from(request: HttpRequest) -> str:
    heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if 0 < settings.TRUSTED_PROXIES <= len(heard):
        return heard[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")


def _network_of(heard: str) -> str:
    try:
        address = ip_address(heard.strip("[]").partition("%")[0])
    except ValueError:
        return heard
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address, NETWORK_OF_A_CLIENT), strict=False))
