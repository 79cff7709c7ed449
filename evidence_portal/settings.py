"""Settings, all of them, from the environment. Each fault names its remedy.

PORTAL_ENV is `production` unless it says otherwise; `local` (script/server) and `test` relax
only what the tests of this file list.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import to_language

from core import moved_clock
from submissions.mail.providers import anymail_from

BASE_DIR = Path(__file__).resolve().parent.parent
MAKE_A_KEY = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
# What every connection to PostgreSQL begins with, unless DATABASE_URL has `options` of its own.
# No statement_timeout: an export of a large call takes the time that it takes.
SESSION_OPTIONS = "-c lock_timeout=10s -c idle_in_transaction_session_timeout=10min"


def env(name: str, *, default: str | None = None, remedy: str = "") -> str:
    """Return the variable's value; an unset or empty one without a default is refused."""
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. {remedy}".strip())
    return value


def env_number(name: str, *, default: int) -> int:
    value = env(name, default=str(default))
    if not value.isascii() or not value.isdigit():
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number, such as {default}.")
    return int(value)


def split_url(name: str, url: str, *, schemes: set[str], remedy: str) -> SplitResult:
    """Return the URL in parts. The value may hold a password, so no message repeats it."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is no number is found out here
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must look like {remedy}")
    return parts


def env_moment(name: str) -> datetime | None:
    """Return the variable as an aware moment, None if it is unset or `off`."""
    value = env(name, default="off")
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
    return moment.astimezone(UTC)


def languages_in(folder: Path) -> dict[str, str]:
    """Return the languages with a compiled catalogue in `folder`: own names by code."""
    catalogues = sorted(folder.glob("*/LC_MESSAGES/django.mo"))
    codes = [to_language(catalogue.parents[1].name) for catalogue in catalogues]
    return {code: LANG_INFO.get(code, {}).get("name_local", code) for code in codes}


def database_from(url: str) -> dict[str, object]:
    """Return Django's settings for `postgresql://user:password@host:port/name?option=value`.

    The host may be a query parameter, as libpq has it for unix sockets. An empty `options=`
    sends none, for poolers that take none.
    """
    remedy = (
        "postgresql://user:password@host:5432/name. "
        "PostgreSQL is the only database that the portal runs on."
    )
    parts = split_url("DATABASE_URL", url, schemes={"postgres", "postgresql"}, remedy=remedy)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL must look like {remedy}")
    options = {"connect_timeout": "5", "options": SESSION_OPTIONS}
    options |= dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options["options"]:
        del options["options"]
    return {
        "ENGINE": "evidence_portal.database",
        "NAME": name,
        "USER": options.pop("user", unquote(parts.username or "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def mail_from(url: str) -> dict[str, object]:
    """Return Django's mail settings for `smtp://`, `smtp+tls://`, `smtps://` or `file:///path`."""
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


def broker_from(url: str) -> str:
    """Return the address as Celery knows it: Valkey speaks Redis's protocol."""
    remedy = "redis://:password@host:6379/0, rediss://host:6379/0 or redis+socket:///path."
    parts = split_url(
        "BROKER_URL",
        url,
        schemes={"redis", "rediss", "redis+socket", "valkey", "valkeys"},
        remedy=remedy,
    )
    if not (parts.path.strip("/") if parts.scheme == "redis+socket" else parts.hostname):
        raise ImproperlyConfigured(f"BROKER_URL must look like {remedy}")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(parts.scheme, parts.scheme)
    return f"{scheme}{url.removeprefix(parts.scheme)}"


PORTAL_ENV = env("PORTAL_ENV", default="production")
if PORTAL_ENV not in {"production", "local", "test"}:
    raise ImproperlyConfigured(f"PORTAL_ENV is {PORTAL_ENV!r}: write production, local or test.")
PRODUCTION = PORTAL_ENV == "production"
DEBUG = False

SECRET_KEY = env("SECRET_KEY", remedy=MAKE_A_KEY)
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise ImproperlyConfigured(f"SECRET_KEY is too short or too simple. {MAKE_A_KEY}")

PORTAL_URL = env(
    "PORTAL_URL", remedy="Write the public address, such as https://evidence.example.org"
).rstrip("/")
_portal = split_url(
    "PORTAL_URL",
    PORTAL_URL,
    schemes={"http", "https"},
    remedy="https://evidence.example.org: scheme and host, and a port if there is one.",
)
if not _portal.hostname or f"{_portal.scheme}://{_portal.netloc}" != PORTAL_URL:
    raise ImproperlyConfigured(
        f"PORTAL_URL is {PORTAL_URL!r}: write scheme and host only, "
        "such as https://evidence.example.org"
    )
if PRODUCTION and _portal.scheme != "https":
    raise ImproperlyConfigured("PORTAL_URL must begin with https:// in production.")
PORTAL_HOST = _portal.hostname
ALLOWED_HOSTS = env("ALLOWED_HOSTS", default=_portal.hostname).replace(",", " ").split()
if PRODUCTION and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS may not hold * in production: name the hosts.")
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]

# The rehearsal clock: it stood at REHEARSE_FROM when the real clock stood at REHEARSE_STARTED_AT.
_rehearse_from = env_moment("REHEARSE_FROM")
REHEARSAL = _rehearse_from is not None
if PRODUCTION and REHEARSAL:
    raise ImproperlyConfigured(
        "REHEARSE_FROM is set: a rehearsal clock cannot run in production. Unset it."
    )
if PRODUCTION and os.environ.get("PORTAL_DEMO_PASSWORD"):
    raise ImproperlyConfigured(
        "PORTAL_DEMO_PASSWORD is set: rehearsal sign-ins cannot exist in production. Unset it."
    )
REHEARSAL_OFFSET = timedelta(0)
if _rehearse_from is not None:
    _started_at = env_moment("REHEARSE_STARTED_AT")
    if _started_at is None:
        raise ImproperlyConfigured(
            "REHEARSE_FROM is set without REHEARSE_STARTED_AT, the real moment at which the "
            "rehearsal began. script/server sets both."
        )
    REHEARSAL_OFFSET = _rehearse_from - _started_at
REHEARSAL_MOVED = Path(env("PORTAL_DATA", default=str(BASE_DIR / ".portal"))) / moved_clock.NAME

DATABASES = {
    "default": database_from(
        env(
            "DATABASE_URL",
            remedy="Start script/server, or write postgresql://user:password@host:5432/name",
        )
    )
}
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = broker_from(
    env("BROKER_URL", remedy="Start script/server, or write redis://host:6379/0")
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A nudge is tried once and briefly: beat sends what the nudge could not.
    "max_retries": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 30,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

for _name, _value in mail_from(
    env("EMAIL_URL", remedy="Write smtp+tls://user:password@host:587")
).items():
    globals()[_name] = _value
EMAIL_TIMEOUT = 20
# How many proxies stand before the portal and add to X-Forwarded-For; the limits of tries count
# clients by it.
TRUSTED_PROXIES = env_number("TRUSTED_PROXIES", default=0)
# 0: as fast as the mail server takes it.
MAIL_PER_MINUTE = env_number("MAIL_PER_MINUTE", default=0)
# /readyz/ warns of mail that has waited for longer.
MAIL_STALE_MINUTES = env_number("MAIL_STALE_MINUTES", default=15)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"evidence@{_portal.hostname}")
if len(_senders := getaddresses([DEFAULT_FROM_EMAIL])) != 1 or "@" not in _senders[0][1]:
    raise ImproperlyConfigured(
        "DEFAULT_FROM_EMAIL must be one email address, such as evidence@example.org or "
        '"The team" <evidence@example.org>. A name with a comma in it needs the quotes'
    )
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The provider that reports bounces and complaints, and what its reports are proved by.
ANYMAIL_PROVIDER = env("ANYMAIL_PROVIDER", default="")
ANYMAIL = anymail_from(os.environ)
# Who gets the daily digest of each call.
STAFF_DIGEST_TO = env("STAFF_DIGEST_TO", default="").replace(",", " ").split()
for _address in STAFF_DIGEST_TO:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", _address):
        raise ImproperlyConfigured(
            "STAFF_DIGEST_TO must list email addresses with commas between, "
            "such as team@example.org,lead@example.org"
        )

INSTALLED_APPS = [
    "evidence_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "crispy_forms",
    "core",
    "accounts",
    "submissions",
    "review",
    "exports",
    "rehearsal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.security_headers.SecurityHeadersMiddleware",
    "core.reject_nul.RejectNulMiddleware",
]
ROOT_URLCONF = "evidence_portal.urls"
WSGI_APPLICATION = "evidence_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.page_context.portal",
            ],
        },
    },
]
# Fragments of pages that are the same for everybody as long as the call's revision is the same.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "template_fragments": {"BACKEND": "evidence_portal.fragments.FragmentCache"},
}
CRISPY_ALLOWED_TEMPLATE_PACKS = "portal"
CRISPY_TEMPLATE_PACK = "portal"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTHENTICATION_BACKENDS = ["accounts.sign_in.PortalBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if PORTAL_ENV == "test":
    # Good hashing is slow on purpose; the tests' passwords guard nothing.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "sign_in"

# British English is in the code; any other language is one whose compiled catalogue is there.
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = list(({"en-gb": "British English"} | languages_in(LOCALE_PATHS[0])).items())
LANGUAGE_CODE = env("PORTAL_LANGUAGE", default="en-gb").lower()
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(
        f"PORTAL_LANGUAGE is {LANGUAGE_CODE!r}, and this portal speaks "
        f"{', '.join(code for code, _name in LANGUAGES)}: "
        "put a compiled catalogue into locale/ (docs/guides/translating.md)."
    )
if len(LANGUAGES) > 1:
    # First, so that what another one refuses is refused in the call's language too.
    MIDDLEWARE.insert(0, "submissions.respondent.languages.LanguageOfCallMiddleware")
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/London"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env("PORTAL_STATIC", default=str(BASE_DIR / ".portal" / "static")))
MEDIA_ROOT = Path(env("PORTAL_MEDIA", default=str(BASE_DIR / ".portal" / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # No base_url: an upload has no address; views hand it out to those who may have it.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": MEDIA_ROOT,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PORTAL_ENV != "test"
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}

# A respondent's session holds the way back to a draft, so it outlives a long call; staff
# sessions are cut to STAFF_SESSION_SECONDS when they sign in.
SESSION_ENGINE = "evidence_portal.sessions"
# What staff are told about responses stays on the server, and a respondent's request reads none.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 90 * 24 * 60 * 60
STAFF_SESSION_SECONDS = 10 * 60 * 60
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_NAME = "csrf"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "submissions.respondent.error_pages.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if _portal.scheme == "https":
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]
    # No SECURE_PROXY_SSL_HEADER: it would believe X-Forwarded-Proto from anybody. gunicorn believes
    # it from the proxies in FORWARDED_ALLOW_IPS only, and tells Django through wsgi.url_scheme.

# Bytes of text in one request: several answers as long as can be kept, in any script.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

LOG_LEVEL = env("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(
        f"LOG_LEVEL is {LOG_LEVEL!r}: write DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "core.redacting_logs.RedactingFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Its default handler mails tracebacks, and with them what people typed.
        "django": {"handlers": [], "propagate": True},
        # At DEBUG it logs every statement with its values.
        "django.db.backends": {"level": "INFO"},
    },
}
