"""Reading the URLs of the services that the portal uses: database, broker, mail server, scanner."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from django.core.exceptions import ImproperlyConfigured
from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn

from core.time_outs import TIME_OUTS
from evidence_portal.broker_address import for_kombu
from evidence_portal.environment import read_text, split_url

# What every connection to PostgreSQL begins with, unless DATABASE_URL has `options` of its own.
CONNECTION_OPTIONS = " ".join(f"-c {name}={value}" for name, value in TIME_OUTS.items())
# Of the broker's databases; "" is 0.
NUMBERED = re.compile(r"[0-9]{0,4}")
# For how long a pooler lends a connection: PgBouncer's words. "" is for no pooler.
POOL_MODES = ("", "session", "transaction")


def read_database() -> dict[str, Any]:
    """Return Django's database settings out of DATABASE_URL, the role that serves."""
    url = read_text(
        "DATABASE_URL",
        remedy="Start script/server, or write postgresql://user:password@host:5432/name",
    )
    database = _database("DATABASE_URL", url)
    pool_mode = read_text("DATABASE_POOL_MODE", default="")
    if pool_mode not in POOL_MODES:
        raise ImproperlyConfigured(
            "DATABASE_POOL_MODE must be transaction or session, the pool_mode of the connection "
            f"pooler that DATABASE_URL leads to, or unset where it leads to PostgreSQL: {pool_mode}"
        )
    if pool_mode:
        # A pooler refuses start-up options. The time-outs are the role's own: see `migrate`.
        database["OPTIONS"].pop("options", None)
    # Each transaction may have another connection, which knows no cursor of the one before.
    database["DISABLE_SERVER_SIDE_CURSORS"] = pool_mode == "transaction"
    return database


def read_migration_database(database: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how to reach `database` as its owner, out of MIGRATION_DATABASE_URL; None without.

    The same role as of DATABASE_URL counts as none: then there is one role for both.
    """
    url = read_text("MIGRATION_DATABASE_URL", default="")
    if not url:
        return None
    owner = _database("MIGRATION_DATABASE_URL", url)
    if owner["NAME"] != database["NAME"]:
        raise ImproperlyConfigured(
            "MIGRATION_DATABASE_URL and DATABASE_URL must name the same database, "
            "with two users: its owner, and the role that serves."
        )
    if owner["USER"] == database["USER"]:
        return None
    return {name: owner[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}


def _database(variable: str, url: str) -> dict[str, Any]:
    """Read `postgresql://user:password@host:port/name?option=value`.

    The host may be a query parameter, as libpq has it for unix sockets. An empty `options=` sends
    no options.
    """
    remedy = (
        "postgresql://user:password@host:5432/name. "
        "PostgreSQL is the only database that the portal runs on."
    )
    parts = split_url(variable, url, schemes={"postgres", "postgresql"}, remedy=remedy)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured(f"{variable} must look like {remedy}")
    options = {"connect_timeout": "5", "options": CONNECTION_OPTIONS}
    options |= dict(parse_qsl(parts.query, keep_blank_values=True))
    if not _are_options(options) or "\0" in unquote(url):
        raise ImproperlyConfigured(
            f"{variable} has an option after its ? that PostgreSQL's clients do not have, or a "
            f"value that is none of it. It must look like {remedy}"
        )
    if not options["options"]:
        del options["options"]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": options.pop("user", unquote(parts.username or "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _are_options(options: Mapping[str, str]) -> bool:
    """Return whether libpq has all of these, or Django, and those that are numbers are some."""
    try:
        make_dsn(**{name: value for name, value in options.items() if name != "assume_role"})
    except ProgrammingError:
        return False
    return all(options.get(name, "0").isdecimal() for name in ("connect_timeout", "port"))


def read_broker_url() -> str:
    """Return BROKER_URL as Celery writes it."""
    url = read_text("BROKER_URL", remedy="Start script/server, or write redis://host:6379/0")
    remedy = "redis://:password@host:6379/0, rediss://host:6379/0 or redis+socket:///path."
    parts = split_url(
        "BROKER_URL",
        url,
        schemes={"redis", "rediss", "redis+socket", "valkey", "valkeys"},
        remedy=remedy,
    )
    name = parts.path.strip("/")
    is_socket = parts.scheme == "redis+socket"
    if not (name if is_socket else parts.hostname) or not (is_socket or NUMBERED.fullmatch(name)):
        raise ImproperlyConfigured(f"BROKER_URL must look like {remedy}")
    return for_kombu(url)


def read_mail_server() -> dict[str, Any]:
    """Return Django's EMAIL_ settings out of EMAIL_URL.

    `smtp://`, `smtp+tls://` (STARTTLS), `smtps://`, or `file:///folder` to write mail to files.
    """
    url = read_text("EMAIL_URL", remedy="Write smtp+tls://user:password@host:587")
    remedy = (
        "smtp+tls://user:password@host:587 (STARTTLS), "
        "smtps://user:password@host:465, smtp://host:25 or file:///folder."
    )
    parts = split_url(
        "EMAIL_URL", url, schemes={"smtp", "smtp+tls", "smtps", "file"}, remedy=remedy
    )
    if parts.scheme == "file" and parts.path.strip("/") and not parts.netloc:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme == "file" or not parts.hostname:
        raise ImproperlyConfigured(f"EMAIL_URL must look like {remedy}")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def read_scanner() -> str:
    """Return CLAMD_URL, the virus scanner: `tcp://host:port` or `unix:///path`; "" for none."""
    url = read_text("CLAMD_URL", default="")
    if not url:
        return ""
    remedy = "tcp://host:3310 or unix:///run/clamav/clamd.ctl."
    parts = split_url("CLAMD_URL", url, schemes={"tcp", "unix"}, remedy=remedy)
    is_whole = parts.hostname if parts.scheme == "tcp" else parts.path.strip("/")
    if not is_whole or (parts.scheme == "unix" and parts.netloc):
        raise ImproperlyConfigured(f"CLAMD_URL must look like {remedy}")
    return url
