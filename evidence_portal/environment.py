"""Reading the variables that `settings` is made of; URLs are in `service_urls`.

Each function refuses what cannot be used with ImproperlyConfigured: one line that names the
variable and the remedy. A value that may hold a password is never repeated.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import formataddr, getaddresses
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import to_language

from core.addresses import ascii_address, clean_address, is_address
from core.time_limits import EARLIEST, YEARS_AHEAD, latest_moment
from evidence_portal.credentials import FOLDER, given

MAKE_A_KEY = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
SHORTEST_KEY = 50  # characters
SHORTEST_TOKEN = 32  # characters
LATEST_YEAR = 2999
MOST = 1_000_000_000
CONTACT_PAGE = re.compile(r"https://[^\s/?#]+[!-~]*", re.ASCII)
HOST = re.compile(r"\*|\.?[a-z0-9_.-]+|\[[0-9a-f:.]+\]", re.ASCII | re.IGNORECASE)


def read_text(name: str, *, default: str | None = None, remedy: str = "") -> str:
    """Return the value of the variable, or of the credential of its name.

    An empty one counts as unset, and needs a default.
    """
    try:
        value = given(name) or default
    except NotADirectoryError:
        raise ImproperlyConfigured(
            f"{FOLDER} names no folder that is there: write the one with the files of secrets, or "
            "unset it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ImproperlyConfigured(
            f"{name}: its file in {FOLDER} cannot be read ({reason}). "
            "It must be a text file that the portal's account may read."
        ) from error
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. {remedy}".strip())
    return value


def read_number(name: str, *, default: int, least: int = 0, most: int = MOST) -> int:
    value = read_text(name, default=str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number, such as {default}.")
    digits = value.lstrip("0") or "0"
    if len(digits) > len(str(most)) or not least <= int(digits) <= most:
        raise ImproperlyConfigured(
            f"{name} must be a number from {least} to {most}: write for instance {default}."
        )
    return int(digits)


def read_list(name: str, *, default: str | None) -> list[str]:
    """Return the words of the variable, which commas or spaces divide."""
    return read_text(name, default=default).replace(",", " ").split()


def read_moment(name: str) -> datetime | None:
    """Return the variable as an aware moment (UTC), None if it is unset or `off`."""
    value = read_text(name, default="off")
    if value == "off":
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: write a date and time with its offset from UTC, "
            "such as 2019-07-23T10:00+01:00, or off."
        )
    if not EARLIEST.year <= moment.year <= LATEST_YEAR:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: write a moment in the years {EARLIEST.year} to {LATEST_YEAR}."
        )
    return moment.astimezone(UTC)


def read_portal_env() -> str:
    """Return PORTAL_ENV: `production` unless it says otherwise."""
    name = read_text("PORTAL_ENV", default="production")
    if name not in {"production", "local", "test"}:
        raise ImproperlyConfigured(f"PORTAL_ENV is {name!r}: write production, local or test.")
    return name


def read_secret_key(*, production: bool) -> str:
    """Return SECRET_KEY. In production it must be as long as Django's own deployment check asks."""
    key = read_text("SECRET_KEY", remedy=MAKE_A_KEY)
    if production and (len(key) < SHORTEST_KEY or len(set(key)) < 5):
        raise ImproperlyConfigured(f"SECRET_KEY is too short or too simple. {MAKE_A_KEY}")
    return key


def read_portal_url(*, production: bool) -> SplitResult:
    """Return PORTAL_URL in parts: scheme, host, and a port if there is one."""
    url = read_text(
        "PORTAL_URL", remedy="Write the public address, such as https://evidence.example.org"
    ).rstrip("/")
    remedy = "https://evidence.example.org: scheme and host, and a port if there is one."
    parts = split_url("PORTAL_URL", url, schemes={"http", "https"}, remedy=remedy)
    if "@" in parts.netloc:  # what stands before it may be a password
        raise ImproperlyConfigured(f"PORTAL_URL must look like {remedy}")
    if not parts.hostname or " " in url or f"{parts.scheme}://{parts.netloc}" != url:
        raise ImproperlyConfigured(
            f"PORTAL_URL is {url!r}: write scheme and host only, "
            "such as https://evidence.example.org"
        )
    if production and parts.scheme != "https":
        raise ImproperlyConfigured("PORTAL_URL must begin with https:// in production.")
    if not parts.hostname.isascii():
        written = _in_ascii(parts.hostname) or "xn--..."
        raise ImproperlyConfigured(
            f"PORTAL_URL is {url!r}: write its host as browsers send it, "
            f"{parts.scheme}://{parts.netloc.lower().replace(parts.hostname, written)}"
        )
    return parts


def host_of(url: SplitResult) -> str:
    """Return the host as a request names it: an address of IPv6 stands in brackets."""
    host = url.hostname or ""
    return f"[{host}]" if ":" in host else host


def _in_ascii(host: str) -> str:
    """Return the host in ASCII (IDNA 2008), "" if there can be none such."""
    address = f"evidence@{host}"
    return ascii_address(address).partition("@")[2] if is_address(address) else ""


def read_allowed_hosts(*, own: str, production: bool) -> list[str]:
    """Return the host of PORTAL_URL, and those that ALLOWED_HOSTS names beside it."""
    hosts = [_as_named(host) for host in read_list("ALLOWED_HOSTS", default="")]
    if production and "*" in hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS may not hold * in production: name the hosts.")
    for host in hosts:
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"ALLOWED_HOSTS has {host!r}: write hosts alone, such as evidence.example.org, "
                "without scheme, port or path."
            )
    return list(dict.fromkeys([own, *hosts]))


def _as_named(host: str) -> str:
    """Return the host as a request names it: an address of IPv6 stands in brackets."""
    try:
        return f"[{IPv6Address(host)}]"
    except ValueError:
        return host


def read_web_processes() -> int:
    """Return WEB_CONCURRENCY, the number of processes of the web server."""
    return read_number("WEB_CONCURRENCY", default=2, least=1, most=1_000)


def read_proxies() -> list[str]:
    """Return FORWARDED_ALLOW_IPS, the proxies whose X-Forwarded-Proto counts: this machine's."""
    proxies = read_list("FORWARDED_ALLOW_IPS", default="127.0.0.1,::1")
    for proxy in proxies:
        try:
            _ = proxy == "*" or ip_network(proxy)
        except ValueError:
            raise ImproperlyConfigured(
                f"FORWARDED_ALLOW_IPS has {proxy!r}: write addresses or networks with commas "
                "between, such as 10.0.0.7,10.1.0.0/16, or *."
            ) from None
    return proxies


def read_rehearsal_offset(*, production: bool) -> timedelta | None:
    """Return how far the rehearsal clock is from the real one; None if no rehearsal runs.

    The rehearsal clock stood at REHEARSE_FROM when the real clock stood at REHEARSE_STARTED_AT.
    """
    starts_from = read_moment("REHEARSE_FROM")
    if production and starts_from is not None:
        raise ImproperlyConfigured(
            "REHEARSE_FROM is set: a rehearsal clock cannot run in production. Unset it."
        )
    if production and given("PORTAL_DEMO_PASSWORD"):
        raise ImproperlyConfigured(
            "PORTAL_DEMO_PASSWORD is set: rehearsal sign-ins cannot exist in production. Unset it."
        )
    if starts_from is None:
        return None
    started_at = read_moment("REHEARSE_STARTED_AT")
    if started_at is None:
        raise ImproperlyConfigured(
            "REHEARSE_FROM is set without REHEARSE_STARTED_AT, the real moment at which the "
            "rehearsal began. script/server sets both."
        )
    if starts_from > latest_moment(started_at):
        raise ImproperlyConfigured(
            f"REHEARSE_FROM is too far away: write a moment within {YEARS_AHEAD} years from now."
        )
    return starts_from - started_at


def read_sender(*, default: str) -> str:
    """Return DEFAULT_FROM_EMAIL, which must be one address, with or without a name."""
    sender = read_text("DEFAULT_FROM_EMAIL", default=default)
    addresses = getaddresses([sender])
    # The default has the portal's host, which on a developer's machine takes no mail.
    if len(addresses) != 1 or not (sender == default or is_address(addresses[0][1])):
        raise ImproperlyConfigured(
            "DEFAULT_FROM_EMAIL must be one email address, such as evidence@example.org or "
            '"The team" <evidence@example.org>. A name with a comma in it needs the quotes'
        )
    name, address = addresses[0]
    return formataddr((name, ascii_address(address))) if is_address(address) else sender


def read_addresses(name: str) -> list[str]:
    """Return the email addresses that the variable lists; none if it is unset."""
    addresses = read_list(name, default="")
    if not all(is_address(address) for address in addresses):
        raise ImproperlyConfigured(
            f"{name} must list email addresses with commas between, "
            "such as team@example.org,lead@example.org"
        )
    return [clean_address(address) for address in addresses]


def read_backup_recipients() -> list[str]:
    """Return BACKUP_RECIPIENTS, public keys of age; none if it is unset."""
    keys = read_list("BACKUP_RECIPIENTS", default="")
    if not all(key.startswith("age1") and key.isascii() and key.isalnum() for key in keys):
        raise ImproperlyConfigured(
            "BACKUP_RECIPIENTS must list public keys of age, which begin with age1: make a pair "
            "with: age-keygen -o backup.key"
        )
    return keys


def read_monitoring_token() -> str:
    """Return MONITORING_TOKEN; "" if it is unset."""
    token = read_text("MONITORING_TOKEN", default="")
    if token and (len(token) < SHORTEST_TOKEN or not token.isascii()):
        raise ImproperlyConfigured(
            f"MONITORING_TOKEN has fewer than {SHORTEST_TOKEN} characters, or some that are not "
            "ASCII: make one with: openssl rand -hex 24"
        )
    return token


def read_security_contact() -> str:
    """Return SECURITY_CONTACT, a URI for reports of holes (RFC 9116); "" if it is unset."""
    contact = read_text("SECURITY_CONTACT", default="")
    if contact and not (
        (contact.startswith("mailto:") and is_address(contact.removeprefix("mailto:")))
        or CONTACT_PAGE.fullmatch(contact)
    ):
        raise ImproperlyConfigured(
            f"SECURITY_CONTACT is {contact!r}: write mailto: and an email address, or an address "
            "that begins with https://"
        )
    return contact


def read_language(known: Collection[str]) -> str:
    """Return PORTAL_LANGUAGE, a code among `known`: British English unless it says otherwise."""
    code = read_text("PORTAL_LANGUAGE", default="en-gb").lower()
    if code not in known:
        raise ImproperlyConfigured(
            f"PORTAL_LANGUAGE is {code!r}, and this portal speaks {', '.join(known)}: "
            "put a compiled catalogue into locale/ (docs/guides/translating.md)."
        )
    return code


def read_log_level() -> str:
    level = read_text("LOG_LEVEL", default="INFO").upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ImproperlyConfigured(
            f"LOG_LEVEL is {level!r}: write DEBUG, INFO, WARNING, ERROR or CRITICAL."
        )
    return level


def read_log_format() -> str:
    form = read_text("LOG_FORMAT", default="line")
    if form not in {"line", "json"}:
        raise ImproperlyConfigured(f"LOG_FORMAT is {form!r}: write line or json.")
    return form


def languages_in(folder: Path) -> dict[str, str]:
    """Return the languages that have a compiled catalogue in `folder`: own names by code."""
    catalogues = sorted(folder.glob("*/LC_MESSAGES/django.mo"))
    codes = [to_language(catalogue.parents[1].name) for catalogue in catalogues]
    return {code: LANG_INFO.get(code, {}).get("name_local", code) for code in codes}


def split_url(name: str, url: str, *, schemes: set[str], remedy: str) -> SplitResult:
    """Return the variable's URL in parts. It may hold a password: no message repeats it."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for a port that is not a number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must look like {remedy}")
    return parts
