"""Settings out of the environment: what is refused, in which words, and what comes of the rest."""

import io
import os
import runpy
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from evidence_portal import environment, file_stores
from tests.settings.environments import BUCKET, LOCAL, MAKE_A_KEY, PRODUCTION, REFUSED, ROOT


@pytest.fixture
def settings_with(monkeypatch):
    """Read the settings file in production's environment with changes; None takes one out.

    The portal has no catalogue then, whatever `locale/` has here.
    """
    monkeypatch.setattr(environment, "languages_in", lambda _folder: {})

    def read(**changes):
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in (PRODUCTION | changes).items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "evidence_portal" / "settings.py"))

    return read


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_setting_is_refused_with_its_name_and_the_remedy(settings_with, changes, message):
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(**changes)
    assert str(refused.value) == message


def test_garbage_is_collected_once_all_apps_are_loaded_and_no_sooner():
    program = (
        "import django, evidence_portal, gc; print(gc.isenabled()); django.setup(); "
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "evidence_portal.settings"}
        | PRODUCTION,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "False\nTrue True\n"


@pytest.mark.parametrize("name", ["DATABASE_URL", "BROKER_URL", "EMAIL_URL"])
def test_refused_address_is_not_repeated_with_its_password(settings_with, name):
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(**{name: "ftp://user:hunter2@host/x"})
    assert "hunter2" not in str(refused.value)


def test_production_is_what_runs_unless_told_otherwise(settings_with):
    settings = settings_with(PORTAL_ENV=None)
    assert settings["PRODUCTION"] is True
    assert settings["DEBUG"] is False
    assert settings["REHEARSAL"] is False


def test_rehearsal_clock_may_be_off_in_production(settings_with):
    settings = settings_with(REHEARSE_FROM="off")
    assert settings["REHEARSAL_OFFSET"] == timedelta(0)


def test_rehearsal_is_an_offset_from_the_real_clock(settings_with):
    settings = settings_with(
        **LOCAL,
        REHEARSE_FROM="2019-07-23T10:00+01:00",
        REHEARSE_STARTED_AT="2019-07-30T09:00:00+00:00",
    )
    assert settings["REHEARSAL"] is True
    assert settings["REHEARSAL_OFFSET"] == timedelta(days=-7)


def test_database_address_is_taken_apart(settings_with):
    assert settings_with()["DATABASES"]["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "evidence",
        "USER": "evidence",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "5433",
        "OPTIONS": {
            "connect_timeout": "5",
            "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=10min",
        },
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }


def test_database_options_of_the_address_come_first(settings_with):
    url = "postgresql://evidence@/evidence?host=/run/pg&sslmode=require&connect_timeout=2&options="
    database = settings_with(DATABASE_URL=url)["DATABASES"]["default"]
    assert database["HOST"] == "/run/pg"
    assert database["OPTIONS"] == {"sslmode": "require", "connect_timeout": "2"}


@pytest.mark.parametrize(
    ("mode", "no_lasting_cursors"), [("transaction", True), ("session", False)]
)
def test_pooler_gets_no_options_and_no_cursor_that_outlives_its_turn(
    settings_with, mode, no_lasting_cursors
):
    database = settings_with(DATABASE_POOL_MODE=mode)["DATABASES"]["default"]
    assert database["OPTIONS"] == {"connect_timeout": "5"}
    assert database["DISABLE_SERVER_SIDE_CURSORS"] is no_lasting_cursors


def test_pool_mode_in_another_word_is_refused(settings_with):
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(DATABASE_POOL_MODE="statement")
    assert str(refused.value) == (
        "DATABASE_POOL_MODE must be transaction or session, the pool_mode of the connection pooler "
        "that DATABASE_URL leads to, or unset where it leads to PostgreSQL: statement"
    )


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp+tls://mail.example.org", 587, True, False),
        ("smtps://mail.example.org", 465, False, True),
        ("smtps://mail.example.org:2465", 2465, False, True),
    ],
)
def test_mail_address_is_taken_apart(settings_with, url, port, tls, ssl):
    settings = settings_with(EMAIL_URL=url)
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert settings["EMAIL_HOST"] == "mail.example.org"
    assert (settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (
        port,
        tls,
        ssl,
    )


def test_mail_user_and_password_are_decoded(settings_with):
    settings = settings_with()
    assert (settings["EMAIL_HOST_USER"], settings["EMAIL_HOST_PASSWORD"]) == ("sender", "p/ss")


def test_mail_may_be_written_into_a_folder(settings_with):
    settings = settings_with(EMAIL_URL="file:///var/mail%20box")
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert settings["EMAIL_FILE_PATH"] == "/var/mail box"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("redis://:p@cache:6379/0", "redis://:p@cache:6379/0"),
        ("valkey://cache:6379/1", "redis://cache:6379/1"),
        ("valkeys://cache:6379/1", "rediss://cache:6379/1?ssl_cert_reqs=required"),
        ("rediss://cache?ssl_cert_reqs=none", "rediss://cache?ssl_cert_reqs=none"),
        (
            "rediss://cache?ssl_ca_certs=/ca",
            "rediss://cache?ssl_ca_certs=/ca&ssl_cert_reqs=required",
        ),
        ("redis+socket:///run/valkey/socket", "redis+socket:///run/valkey/socket"),
    ],
)
def test_broker_address_is_in_celerys_words(settings_with, given, taken):
    assert settings_with(BROKER_URL=given)["CELERY_BROKER_URL"] == taken


def test_hosts_are_the_portals_own_and_those_that_are_named(settings_with):
    assert settings_with()["ALLOWED_HOSTS"] == ["evidence.example.org"]
    assert settings_with(PORTAL_URL="https://[2001:db8::1]:8443")["ALLOWED_HOSTS"] == [
        "[2001:db8::1]"
    ]
    named = settings_with(ALLOWED_HOSTS="a.example.org, evidence.example.org fd00::7")
    assert named["ALLOWED_HOSTS"] == ["evidence.example.org", "a.example.org", "[fd00::7]"]


def test_cookies_in_production_belong_to_this_host_over_https_alone(settings_with):
    settings = settings_with()
    names = ("SESSION_COOKIE", "CSRF_COOKIE")
    assert [settings[f"{name}_NAME"] for name in names] == ["__Host-session", "__Host-csrf"]
    for name in names:
        assert settings[f"{name}_SECURE"] is True
        assert settings[f"{name}_HTTPONLY"] is True
        assert settings[f"{name}_SAMESITE"] == "Lax"
        # A __Host- cookie has no Domain and the path / (RFC 6265bis, 4.1.3.2): Django's defaults.
        assert f"{name}_DOMAIN" not in settings
        assert f"{name}_PATH" not in settings


def test_cookies_on_plain_http_have_names_that_browsers_take(settings_with):
    settings = settings_with(**LOCAL)
    assert (settings["SESSION_COOKIE_NAME"], settings["CSRF_COOKIE_NAME"]) == ("session", "csrf")
    assert "SECURE_SSL_REDIRECT" not in settings


def test_no_header_of_a_stranger_makes_a_request_look_secure(settings_with):
    settings = settings_with()
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    assert "USE_X_FORWARDED_HOST" not in settings
    assert settings["SECURE_SSL_REDIRECT"] is True


@pytest.mark.parametrize(
    ("level", "of_tasks"), [("DEBUG", "DEBUG"), ("INFO", "WARNING"), ("ERROR", "ERROR")]
)
def test_tasks_that_come_and_go_are_logged_at_debug_alone(settings_with, level, of_tasks):
    loggers = settings_with(LOG_LEVEL=level)["LOGGING"]["loggers"]
    for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy"):
        assert loggers[name] == {"level": of_tasks}


def test_one_language_costs_nothing(settings_with):
    settings = settings_with()
    assert settings["LANGUAGES"] == [("en-gb", "British English")]
    assert settings["USE_I18N"] is False
    assert [name for name in settings["MIDDLEWARE"] if "anguage" in name or "ocale" in name] == []


def test_catalogue_adds_its_language(settings_with, monkeypatch):
    monkeypatch.setattr(environment, "languages_in", lambda _folder: {"cy": "Cymraeg"})
    settings = settings_with(PORTAL_LANGUAGE="cy")
    assert settings["LANGUAGES"] == [("en-gb", "British English"), ("cy", "Cymraeg")]
    assert settings["USE_I18N"] is True
    assert settings["MIDDLEWARE"][3].endswith(".LanguageOfCallMiddleware")


def test_manage_py_says_what_is_missing_in_one_line():
    refused = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_ENV": "production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"SECRET_KEY is not set. {MAKE_A_KEY}\n"


def test_deployment_check_finds_nothing_in_production():
    # Addresses are read before there are translations; one of IPv6 needs no other form of its host.
    address = {"PORTAL_URL": "https://[2001:db8::1]", "LC_ALL": "C.UTF-8"}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | PRODUCTION | address,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0
    assert checked.stderr.startswith("The database does not serve: could not translate host name ")
    assert checked.stderr.endswith("; its schema is not checked.\n")
    assert checked.stderr.count("\n") == 1
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


@pytest.mark.django_db
def test_deployment_check_warns_of_mail_that_reaches_nobody(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    said = io.StringIO()
    call_command("check", "--deploy", "--tag", "security", stderr=said)
    assert (
        "?: (core.W005) EMAIL_URL begins with file: every mail is written into a folder, counts as "
        "sent and reaches nobody. Write smtp+tls://user:password@host:587\n" in said.getvalue()
    )


def test_reports_of_the_provider_are_proved_by_what_is_set(settings_with):
    secret = f"hook:{'x' * 20}"
    settings = settings_with(
        ANYMAIL_PROVIDER="mailgun",
        ANYMAIL_WEBHOOK_SECRET=secret,
        ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY="key",
    )
    assert settings["ANYMAIL"] == {"WEBHOOK_SECRET": secret, "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    assert settings_with()["ANYMAIL"] == {}


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("", None),
        ("postgresql://evidence:p%40ss@db.example.org:5433/evidence", None),
        ("postgresql://owner:o%40@db2.example.org:5434/evidence?options=", "owner"),
    ],
)
def test_owner_of_the_tables_is_another_role_or_none(settings_with, url, owner):
    found = settings_with(MIGRATION_DATABASE_URL=url)["MIGRATION_DATABASE"]
    expected = {"USER": owner, "PASSWORD": "o@", "HOST": "db2.example.org", "PORT": "5434"}
    expected["OPTIONS"] = {"connect_timeout": "5"}
    assert found == (owner and expected)


def test_second_factor_is_needed_in_production_and_nowhere_else(settings_with):
    assert settings_with()["SECOND_FACTOR_REQUIRED"] is True
    assert settings_with(**LOCAL)["SECOND_FACTOR_REQUIRED"] is False


def test_openid_connect_is_off_unless_a_provider_is_named(settings_with):
    assert settings_with()["SOCIALACCOUNT_PROVIDERS"] == {}
    client = {"OIDC_CLIENT_ID": "portal", "OIDC_CLIENT_SECRET": "secret"}
    settings = settings_with(OIDC_URL="https://login.example.org/realms/ours", **client)
    [app] = settings["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["settings"] == {"server_url": "https://login.example.org/realms/ours"}
    assert settings["OIDC_NAME"] == "your organisation’s account"
    with pytest.raises(ImproperlyConfigured, match="OIDC_URL must look like"):
        settings_with(OIDC_URL="http://login.example.org", **client)
    with pytest.raises(ImproperlyConfigured, match="OIDC_CLIENT_SECRET is not set"):
        settings_with(OIDC_URL="https://login.example.org", OIDC_CLIENT_ID="portal")


def test_files_are_on_the_disk_unless_there_is_a_bucket(settings_with):
    settings = settings_with()
    assert settings["FILES_ON_S3"] is False
    assert set(settings["STORAGES"]) == {"default", "private", "staticfiles"}
    assert settings["STORAGES"]["private"]["BACKEND"] == "core.disk_files.DiskFiles"


@pytest.mark.parametrize(
    ("place", "first", "second"),
    [(None, "s3", "disk"), ("s3", "s3", "disk"), ("disk", "disk", "s3")],
)
def test_with_a_bucket_both_places_are_read(settings_with, place, first, second):
    settings = settings_with(PORTAL_FILES=place, **BUCKET)
    assert settings["FILES_ON_S3"] is (first == "s3")
    stores = settings["STORAGES"]
    assert stores["private"]["OPTIONS"] == {"first": first, "second": second}
    assert stores["s3"]["OPTIONS"] == {
        "bucket_name": "evidence",
        "region_name": "eu-west-2",
        "object_parameters": {},
    }


def test_bucket_of_another_server_with_a_key_and_encryption(settings_with):
    settings = settings_with(
        PORTAL_FILES_S3_BUCKET="evidence",
        PORTAL_FILES_S3_ENDPOINT="https://s3.example.org",
        PORTAL_FILES_S3_KEY_ID="key",
        PORTAL_FILES_S3_SECRET="hunter2",
        PORTAL_FILES_S3_ENCRYPTION="aws:kms",
        PORTAL_FILES_S3_KMS_KEY="ours",
    )
    assert settings["STORAGES"]["s3"]["OPTIONS"] == {
        "bucket_name": "evidence",
        "region_name": "us-east-1",
        "endpoint_url": "https://s3.example.org",
        "access_key": "key",
        "secret_key": "hunter2",
        "object_parameters": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "ours"},
    }


def test_bucket_without_its_packages_is_refused(settings_with, monkeypatch):
    monkeypatch.setattr(file_stores, "find_spec", lambda _name: None)
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(**BUCKET)
    assert str(refused.value) == (
        "PORTAL_FILES_S3_BUCKET is set, and the packages for S3 are not installed: install "
        "requirements-s3.txt, or build the image with REQUIREMENTS=requirements-s3.txt."
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"PORTAL_URL": "https://a☃.example"},
            "PORTAL_URL is 'https://a☃.example': write its host as browsers send it, "
            "https://xn--...\n",
        ),
        (
            {"STAFF_DIGEST_TO": "ä@example.org"},
            "STAFF_DIGEST_TO must list email addresses with commas between, such as "
            "team@example.org,lead@example.org\n",
        ),
    ],
)
def test_process_refuses_addresses_before_there_are_translations(variables, said):
    read = [sys.executable, "manage.py", "verify_audit", "--help"]
    ended = subprocess.run(
        read,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | PRODUCTION | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, said)
