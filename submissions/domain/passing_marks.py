"""Marks in the broker that vanish by themselves: signs of life, and a mail server that is away.

They are short-lived hints and never evidence, so they live in the broker and not in the
database. Their seconds are real ones: a rehearsal clock says what time the portal pretends,
not whether a process lives.
"""

from redis import Redis

ALIVE_FOR = 45  # seconds; a sign of life comes every ten
BEAT = "portal:alive:beat"
WORKER = "portal:alive:worker:"
MAIL_SERVER_AWAY = "portal:mail-server-away"
MAIL_SERVER_AWAY_FOR = 30  # seconds


def worker_lives(client: Redis, name: str) -> None:
    client.set(f"{WORKER}{name}", 1, ex=ALIVE_FOR)


def worker_starts(client: Redis, name: str) -> None:
    """Forget the sign of life that a worker of the same name left before it ended."""
    client.delete(f"{WORKER}{name}")


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


def mail_server_is_away(client: Redis) -> None:
    """Spare every worker the wait for a server that another has just found away."""
    client.set(MAIL_SERVER_AWAY, 1, ex=MAIL_SERVER_AWAY_FOR)


def is_mail_server_away(client: Redis) -> bool:
    return bool(client.exists(MAIL_SERVER_AWAY))
