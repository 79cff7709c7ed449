"""All settings of the portal.

`environment` and `service_urls` read and check what comes from environment variables, or from files
of their names (`credentials`). PORTAL_ENV is
`production` unless it says otherwise; `local` (script/server) and `test` relax only what
tests/settings lists.
"""

import os
from datetime import timedelta
from pathlib import Path

from core import moved_clock
from evidence_portal import credentials, error_reports
from evidence_portal.environment import (
    host_of,
    languages_in,
    read_addresses,
    read_allowed_hosts,
    read_backup_recipients,
    read_language,
    read_log_format,
    read_log_level,
    read_monitoring_token,
    read_number,
    read_portal_env,
    read_portal_url,
    read_rehearsal_offset,
    read_secret_key,
    read_security_contact,
    read_sender,
    read_text,
)
from evidence_portal.file_stores import read_stores
from evidence_portal.service_urls import (
    read_broker_url,
    read_database,
    read_mail_server,
    read_migration_database,
    read_scanner,
)
from evidence_portal.sign_in_settings import ALLAUTH, read_openid_connect
from submissions.mail import providers

BASE_DIR = Path(__file__).resolve().parent.parent

PORTAL_ENV = read_portal_env()
PRODUCTION = PORTAL_ENV == "production"
DEBUG = False
SECRET_KEY = read_secret_key(production=PRODUCTION)
# Keys of before: what was signed with one of them still counts.
SECRET_KEY_FALLBACKS = read_text("SECRET_KEY_FALLBACKS", default="").split()

_portal = read_portal_url(production=PRODUCTION)
PORTAL_URL = _portal.geturl()
PORTAL_HOST = host_of(_portal)
ALLOWED_HOSTS = read_allowed_hosts(own=PORTAL_HOST, production=PRODUCTION)
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
# How many proxies stand before the portal and add to X-Forwarded-For. The limits on how often
# somebody may try something count clients by it.
TRUSTED_PROXIES = read_number("TRUSTED_PROXIES", default=0)

# The virus scanner's address, "" for none. With one, each file is held back until it is scanned.
CLAMD_URL = read_scanner()

# How far the rehearsal clock is from the real one, and the file that says how far
# `manage.py rehearse` has moved it since.
_offset = read_rehearsal_offset(production=PRODUCTION)
REHEARSAL = _offset is not None
REHEARSAL_OFFSET = _offset or timedelta(0)
REHEARSAL_MOVED = (
    Path(read_text("PORTAL_DATA", default=str(BASE_DIR / ".portal"))) / moved_clock.NAME
)

DATABASES = {"default": read_database()}
# How `migrate` connects: as the owner of the tables. None: there is one role for everything.
MIGRATION_DATABASE = read_migration_database(DATABASES["default"])
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = read_broker_url()
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

# EMAIL_BACKEND, EMAIL_HOST and the others.
globals().update(read_mail_server())
EMAIL_TIMEOUT = 20  # seconds
# 0: as fast as the mail server takes it.
MAIL_PER_MINUTE = read_number("MAIL_PER_MINUTE", default=0)
# /readyz/ warns of mail that has waited for longer.
MAIL_STALE_MINUTES = read_number("MAIL_STALE_MINUTES", default=15, most=366 * 24 * 60)
# Mail beyond these waits; 0 is no limit. Links that somebody asks for count as mail, too.
MAIL_TO_ADDRESS_PER_HOUR = read_number("MAIL_TO_ADDRESS_PER_HOUR", default=10)
MAIL_TO_ADDRESS_PER_DAY = read_number("MAIL_TO_ADDRESS_PER_DAY", default=30)
MAIL_OF_CLIENT_PER_HOUR = read_number("MAIL_OF_CLIENT_PER_HOUR", default=60)
MAIL_IN_ALL_PER_HOUR = read_number("MAIL_IN_ALL_PER_HOUR", default=5_000)
MAIL_IN_ALL_PER_DAY = read_number("MAIL_IN_ALL_PER_DAY", default=50_000)
# Responses that may be begun: an office, a college or a library may be one client. 0 is no limit.
DRAFTS_OF_CLIENT_PER_HOUR = read_number("DRAFTS_OF_CLIENT_PER_HOUR", default=60)
DRAFTS_IN_ALL_PER_HOUR = read_number("DRAFTS_IN_ALL_PER_HOUR", default=3_000)
# Uploads leave so much free where files are kept.
DISK_RESERVE_MB = read_number("DISK_RESERVE_MB", default=1_024)
# The public keys that backups are encrypted to, the folder that they lie in, and after how many
# hours without a good one the portal warns.
BACKUP_RECIPIENTS = read_backup_recipients()
PORTAL_BACKUPS = Path(read_text("PORTAL_BACKUPS", default=str(BASE_DIR / ".portal" / "backups")))
BACKUP_STALE_HOURS = read_number("BACKUP_STALE_HOURS", default=36, most=366 * 24)
# Who may read at /readyz/ how each part is; "" for nobody but the machine itself.
MONITORING_TOKEN = read_monitoring_token()
# Where faults are reported, stripped of data; "" for nowhere.
SENTRY_DSN = read_text("SENTRY_DSN", default="")
# Who gets reports of holes, for /.well-known/security.txt.
SECURITY_CONTACT = read_security_contact()
DEFAULT_FROM_EMAIL = read_sender(default=f"evidence@{PORTAL_HOST}")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The provider that reports bounces and complaints, and the secrets that prove its reports.
ANYMAIL_PROVIDER = read_text("ANYMAIL_PROVIDER", default="")
ANYMAIL = providers.anymail_from(
    {**os.environ, **{name: read_text(name, default="") for name in providers.VARIABLES}}
)
# Who gets the daily digest of each call.
STAFF_DIGEST_TO = read_addresses("STAFF_DIGEST_TO")
# Functions of the call and `address`: the lines that the digest to this address has more.
STAFF_DIGEST_LINES = ["review.noting.lines_of_digest", "review.asking.lines_of_digest"]

INSTALLED_APPS = [
    "evidence_portal.apps.PortalAdminConfig",
    # Before Django's own: its commands put on record what they change of people.
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "crispy_forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "core",
    "submissions",
    "review",
    "exports",
    "personal_data",
    "retention",
    "backups",
    "rehearsal",
]
MIDDLEWARE = [
    # Outermost: whatever is logged of a request has its number.
    "core.request_ids.RequestIdMiddleware",
    "core.metrics.MetricsMiddleware",
    # Before the others: what another refuses, such as an unknown host, has these headers too.
    "core.security_headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Before all that reads what was posted.
    "core.upload_names.UploadNamesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.signed_in.SignedInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
CRISPY_ALLOWED_TEMPLATE_PACKS = "portal"
CRISPY_TEMPLATE_PACK = "portal"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTHENTICATION_BACKENDS = ["accounts.sign_in.PortalBackend"]
# None of these asks another computer.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "accounts.common_passwords.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
# Nobody gets a page but those of their own account before a second factor is set up.
SECOND_FACTOR_REQUIRED = PRODUCTION
# A provider of OpenID Connect that people may sign in with; empty for none.
OIDC_NAME, SOCIALACCOUNT_PROVIDERS = read_openid_connect(production=PRODUCTION)
globals().update(ALLAUTH)
PASSWORD_HASHERS = ["accounts.password_hashing.OneAtATime"]
if PORTAL_ENV == "test":
    # Good hashing is slow on purpose; the tests' passwords protect nothing.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "sign_in"

# British English is in the code. Any other language is one with a compiled catalogue in locale/.
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = list(({"en-gb": "British English"} | languages_in(LOCALE_PATHS[0])).items())
# What a catalogue lacks, and what is no page or mail, is in the language of the code.
LANGUAGE_CODE = "en-gb"
PORTAL_LANGUAGE = read_language(dict(LANGUAGES))
if len(LANGUAGES) > 1:
    # Before the others, so that their refusals are in the call's language too.
    MIDDLEWARE.insert(3, "submissions.respondent.languages.LanguageOfCallMiddleware")
# Without another language, looking each text up in a catalogue is work for nothing. The tests add
# languages of their own.
USE_I18N = len(LANGUAGES) > 1 or PORTAL_ENV == "test"
USE_TZ = True
TIME_ZONE = "Europe/London"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(read_text("PORTAL_STATIC", default=str(BASE_DIR / ".portal" / "static")))
MEDIA_ROOT = Path(read_text("PORTAL_MEDIA", default=str(BASE_DIR / ".portal" / "media")))
# Whether new files go into a bucket, and where files are. No store has a base_url: uploads have no
# address of their own. Views send them to those who may have them.
FILES_ON_S3, _stores = read_stores(MEDIA_ROOT)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PORTAL_ENV != "test"
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
    **_stores,
}

# Messages to staff about responses stay on the server; pages of respondents read none.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# A respondent's session leads back to the draft, so it outlives a long call. A sign-in ends after
# STAFF_SESSION_SECONDS at the latest, and after SIGN_IN_IDLE_SECONDS without a request.
SESSION_ENGINE = "core.sessions"
SESSION_COOKIE_AGE = 90 * 24 * 60 * 60
STAFF_SESSION_SECONDS = 24 * 60 * 60
SIGN_IN_IDLE_SECONDS = 60 * 60
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_NAME = "csrf"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "evidence_portal.error_pages.csrf_failure"
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
    SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$", r"^metrics/$"]
    # No SECURE_PROXY_SSL_HEADER: with it Django would trust X-Forwarded-Proto from anybody.
    # gunicorn trusts it from the proxies in FORWARDED_ALLOW_IPS only, and tells Django through
    # wsgi.url_scheme.

# Bytes of text in one request: several answers of the greatest length, in any script.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
# A call's page in the admin posts eight fields for each question that nobody has answered.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

LOG_LEVEL = read_log_level()
LOG_FORMAT = read_log_format()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "core.redacting_logs.RedactingFormatter"},
        "json": {"()": "core.redacting_logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's default handler mails tracebacks, and with them what people typed.
        "django": {"handlers": [], "propagate": True},
        # At DEBUG, Django logs every statement with its values.
        "django.db.backends": {"level": "INFO"},
        # It remarks on every damaged PDF that somebody uploads.
        "pikepdf": {"level": "ERROR"},
        # A dozen tasks end well every ten seconds. Said at INFO, they would fill the log of a day.
        **{
            name: {"level": "WARNING" if LOG_LEVEL == "INFO" else LOG_LEVEL}
            for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")
        },
    },
}

# The names of the variables and credentials that are set, for backups.
SETTINGS_GIVEN = credentials.found()

if SENTRY_DSN:
    error_reports.start(SENTRY_DSN, environment=PORTAL_ENV)
