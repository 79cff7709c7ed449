"""A portal of one's own: the parts that script/server runs, on a folder that is thrown away."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devserver import running_portal, server_settings
from devserver.portal import Portal

# What the caller's own environment says of another portal.
OF_ANOTHER = (
    "PORTAL_",
    "REHEARSE_",
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "BROKER_URL",
    "EMAIL_URL",
    "ALLOWED_HOSTS",
)


@contextmanager
def own_portal(
    data: Path,
    *,
    port: int,
    email_url: str,
    say: Callable[[str], None],
    databases: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Iterator[Portal]:
    """Yield the portal once every part answers. The caller calls `restart_what_ended` often.

    `databases` has DATABASE_URL and MIGRATION_DATABASE_URL; without it the portal starts its own.
    `more` are other variables of its environment.
    """
    chosen = server_settings.read(
        {"PORT": str(port), "PORTAL_DATA": str(data), "EMAIL_URL": email_url, "LOG_LEVEL": "INFO"}
        | dict(databases or {})
    )
    portal = Portal(chosen, say)
    try:
        with _without(OF_ANOTHER), _with(more or {}):
            portal.start()
        portal.wait_until_ready()
        yield portal
    finally:
        portal.stop()


def environment_of(data: Path) -> dict[str, str]:
    """Return what a command needs to work on the portal that runs on `data`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(OF_ANOTHER)}
    return ours | json.loads(running_portal.file_in(data).read_text())


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    taken = {name: value for name, value in os.environ.items() if name.startswith(names)}
    for name in taken:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(taken)


@contextmanager
def _with(more: Mapping[str, str]) -> Iterator[None]:
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]
