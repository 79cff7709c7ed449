"""The settings of script/server, read from environment variables and checked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from devserver.errors import InvalidSetting

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = "8000"
DEFAULT_DATA = ROOT / ".portal"


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    port: int
    data: Path
    portal_url: str
    # None: the portal starts its own.
    database_url: str | None
    migration_database_url: str | None
    broker_url: str | None
    email_url: str | None
    # False: the real clock runs. None: the rehearsal goes on where the last one stopped.
    rehearse_from: datetime | Literal[False] | None
    demo_password: str | None


def read(environment: Mapping[str, str] = os.environ) -> ServerSettings:
    """Raises InvalidSetting for the first variable that cannot be used; the message names it."""
    if environment.get("PORTAL_ENV", "local") != "local":
        raise InvalidSetting(
            f"PORTAL_ENV is {environment['PORTAL_ENV']!r}, but script/server runs a portal for "
            "this machine only. Unset it, or deploy with docker-compose.yml."
        )
    port = _port(environment)
    return ServerSettings(
        port=port,
        data=data_folder(environment),
        portal_url=_web_address(environment, f"http://127.0.0.1:{port}"),
        database_url=_address(environment, "DATABASE_URL", {"postgresql", "postgres"}),
        migration_database_url=_address(
            environment, "MIGRATION_DATABASE_URL", {"postgresql", "postgres"}
        ),
        broker_url=_address(
            environment, "BROKER_URL", {"redis", "rediss", "redis+socket", "valkey", "valkeys"}
        ),
        email_url=_address(environment, "EMAIL_URL", {"smtp", "smtp+tls", "smtps", "file"}),
        rehearse_from=_moment_or_off(environment),
        demo_password=_text(environment, "PORTAL_DEMO_PASSWORD"),
    )


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return PORTAL_DATA, or `.portal` in the clone."""
    return Path(_text(environment, "PORTAL_DATA") or DEFAULT_DATA).expanduser().absolute()


def _text(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(name, "").strip() or None


def _port(environment: Mapping[str, str]) -> int:
    text = _text(environment, "PORT") or DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise InvalidSetting(f"PORT is {text!r}: write a number from 1 to 65535, such as 8000.")
    return int(text)


def _web_address(environment: Mapping[str, str], default: str) -> str:
    text = (_text(environment, "PORTAL_URL") or default).rstrip("/")
    parts = _split(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise InvalidSetting(
            f"PORTAL_URL is {text!r}: write scheme and host, such as http://127.0.0.1:8000"
        )
    return text


def _split(url: str) -> SplitResult:
    """Return the URL in parts, all of them empty for what is none, such as `http://[::1`."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _address(environment: Mapping[str, str], name: str, schemes: set[str]) -> str | None:
    text = _text(environment, name)
    if text is not None and _split(text).scheme not in schemes:
        # The value may hold a password, so it is not repeated.
        starts = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
        raise InvalidSetting(f"{name} must start with {starts}")
    return text


def _moment_or_off(environment: Mapping[str, str]) -> datetime | Literal[False] | None:
    text = _text(environment, "REHEARSE_FROM")
    if text is None:
        return None
    if text == "off":
        return False
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidSetting(
            f"REHEARSE_FROM is {text!r}: write a date and time with its offset from UTC, such as "
            "2019-07-23T10:00+01:00, or off for the real clock."
        )
    last = datetime.now(UTC).year + 5
    if not 2000 <= moment.year <= last:
        raise InvalidSetting(
            f"REHEARSE_FROM is {text!r}: write a moment in the years 2000 to {last}."
        )
    return moment
