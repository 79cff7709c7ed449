"""Marks in the broker that vanish by themselves: signs of life, nudges, a mail server that is away.

They are short-lived hints and never evidence, so they live in the broker and not in the
database. Their seconds are real ones: a rehearsal clock says what time the portal pretends,
not whether a process lives.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from redis import Redis

from core.backoff import pause_after

ALIVE_FOR = 45  # seconds; a sign of life comes every ten
BEAT = "portal:alive:beat"
WORKER = "portal:alive:worker:"
MAIL_NUDGED = "portal:mail-nudged"
SENDING_MAIL = "portal:sending-mail:"
SENDING_ACCOUNT_MAIL = "portal:sending-account-mail:"
MAIL_SERVER_AWAY = "portal:mail-server-away"
MAIL_SERVER_AWAY_SINCE = "portal:mail-server-away-since"
# A server that is back after ten minutes is found within two, and one after a day within twelve.
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(hours=1)  # since it was last found away
# Processes of a worker that send mail of calls at a time. It has three: the third has all else,
# mail of accounts with it.
SENDERS = 2


def worker_lives(client: Redis, name: str) -> None:
    client.set(f"{WORKER}{name}", 1, ex=ALIVE_FOR)


def worker_starts(client: Redis, name: str) -> None:
    """Forget what a worker of the same name left before it ended: its sign of life, its turns."""
    client.delete(f"{WORKER}{name}", f"{SENDING_ACCOUNT_MAIL}{name}:0")
    client.delete(*(f"{SENDING_MAIL}{name}:{number}" for number in range(SENDERS)))


def beat_lives(client: Redis) -> None:
    client.set(BEAT, 1, ex=ALIVE_FOR)


def beat_starts(client: Redis) -> None:
    client.delete(BEAT)


def is_beat_alive(client: Redis) -> bool:
    return bool(client.exists(BEAT))


def is_this_worker_alive(client: Redis, name: str) -> bool:
    return bool(client.exists(f"{WORKER}{name}"))


def is_a_worker_alive(client: Redis) -> bool:
    return next(client.scan_iter(match=f"{WORKER}*", count=1000), None) is not None


@contextmanager
def turn(client: Redis, what: str, *, of: int, lasts: int) -> Iterator[bool]:
    """Yield whether this is one of so many turns that `what` has at a time.

    It ends with the context, or after `lasts` seconds where the process was killed.
    """
    keys = (f"{what}:{number}" for number in range(of))
    key = next((key for key in keys if client.set(key, 1, nx=True, ex=lasts)), "")
    try:
        yield bool(key)
    finally:
        if key:
            client.delete(key)


def mail_server_is_away(client: Redis, *, wall_now: datetime) -> None:
    """Spare every worker the wait for a server that another has just found away.

    The longer it has been away, the longer it is left alone.
    """
    client.set(MAIL_SERVER_AWAY_SINCE, wall_now.timestamp(), nx=True)
    client.expire(MAIL_SERVER_AWAY_SINCE, FORGOTTEN_AFTER)
    since = float(client.get(MAIL_SERVER_AWAY_SINCE) or wall_now.timestamp())
    pause = pause_after(
        wall_now - datetime.fromtimestamp(since, UTC), first=FIRST_PAUSE, longest=LONGEST_PAUSE
    )
    client.set(MAIL_SERVER_AWAY, 1, px=pause)


def mail_server_is_back(client: Redis) -> None:
    client.delete(MAIL_SERVER_AWAY, MAIL_SERVER_AWAY_SINCE)


def is_mail_server_away(client: Redis) -> bool:
    return bool(client.exists(MAIL_SERVER_AWAY))
