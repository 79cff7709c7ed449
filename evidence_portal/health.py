"""python -m evidence_portal.health web|worker|beat|parts: the health check of a container.

Exits with 0 if that part runs, else with 1 and a line that says why. It does not load Django, so
that frequent checks cost little. `worker` means the worker on this machine or in this container.
`parts` is for people: it prints what the web server here says of each part at /readyz/.
"""

import socket
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from kombu import Connection
from kombu.exceptions import KombuError
from redis import Redis
from redis.exceptions import RedisError

from core import heartbeats
from evidence_portal import broker_refusals
from evidence_portal.broker_address import for_kombu
from evidence_portal.credentials import given

SECONDS = 3
READY_WITHIN = 60  # seconds: a database or bucket that is away is waited for


def web() -> bool:
    return _asked("/healthz/", within=SECONDS)[0] == 200


def parts() -> bool:
    status, said = _asked("/readyz/", within=READY_WITHIN)
    sys.stdout.write(said)
    return status == 200


def _asked(path: str, *, within: float) -> tuple[int, str]:
    """Request a page under the portal's public name, as the proxy does."""
    connection = HTTPConnection("127.0.0.1", int(_port()), timeout=within)
    host = urlsplit(given("PORTAL_URL")).netloc
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _port() -> str:
    return given("PORT") or "8000"


def worker() -> bool:
    name = f"celery@{socket.gethostname()}"
    return in_broker(lambda client: heartbeats.is_this_worker_alive(client, name))


def beat() -> bool:
    return in_broker(heartbeats.is_beat_alive)


def in_broker(ask: Callable[[Redis], bool]) -> bool:
    """Return the broker's answer; raises OSError, KombuError or RedisError if there is none."""
    impatient = {"socket_connect_timeout": SECONDS, "socket_timeout": SECONDS, "max_retries": 0}
    address = for_kombu(given("BROKER_URL"))
    with Connection(address, transport_options=impatient) as connection:
        return ask(connection.default_channel.client)  # type: ignore[attr-defined]  # Redis's has it


PARTS = {"web": web, "worker": worker, "beat": beat, "parts": parts}
OF_WEB = ("web", "parts")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.stderr.write(f"usage: python -m evidence_portal.health {'|'.join(PARTS)}\n")
        return 2
    part = arguments[0]
    try:
        lives = PARTS[part]()
    except (OSError, ValueError, HTTPException, KombuError, RedisError) as error:
        asked, said = f"web server at 127.0.0.1:{_port()}", "does not answer"
        if part not in OF_WEB:
            asked, said = "broker (BROKER_URL)", broker_refusals.in_words(error)
        sys.stderr.write(f"{part}: the {asked} {said} ({type(error).__name__})\n")
        return 1
    if not lives and part != "parts":
        sys.stderr.write(f"{part}: no sign of life\n")
    return 0 if lives else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
