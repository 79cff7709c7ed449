from datetime import UTC, datetime

import pytest

from devserver import server_settings
from devserver.errors import InvalidSetting
from devserver.server_settings import DEFAULT_DATA, ServerSettings

STANDARD = {
    "port": 8000,
    "data": DEFAULT_DATA,
    "portal_url": "http://127.0.0.1:8000",
    "database_url": None,
    "migration_database_url": None,
    "broker_url": None,
    "email_url": None,
    "rehearse_from": None,
    "demo_password": None,
}


def test_settings_without_any_variable_are_the_standard_ones():
    assert server_settings.read({}) == ServerSettings(**STANDARD)


def test_empty_variables_are_the_same_as_none():
    assert server_settings.read(
        dict.fromkeys(("PORT", "PORTAL_DATA", "REHEARSE_FROM"), " ")
    ) == ServerSettings(**STANDARD)


@pytest.mark.parametrize(
    ("variables", "changes"),
    [
        ({"PORT": "8123"}, {"port": 8123, "portal_url": "http://127.0.0.1:8123"}),
        ({"PORTAL_URL": "https://x.example/"}, {"portal_url": "https://x.example"}),
        ({"DATABASE_URL": "postgresql://u@h/n"}, {"database_url": "postgresql://u@h/n"}),
        (
            {"MIGRATION_DATABASE_URL": "postgresql://o@h/n"},
            {"migration_database_url": "postgresql://o@h/n"},
        ),
        ({"REHEARSE_FROM": "off"}, {"rehearse_from": False}),
        (
            {"REHEARSE_FROM": "2019-07-24T11:59:59+01:00"},
            {"rehearse_from": datetime(2019, 7, 24, 10, 59, 59, tzinfo=UTC)},
        ),
        ({"PORTAL_DEMO_PASSWORD": "open sesame"}, {"demo_password": "open sesame"}),
    ],
)
def test_setting_follows_its_variable(variables, changes):
    assert server_settings.read(variables) == ServerSettings(**(STANDARD | changes))


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PORT", "eighty", "is 'eighty': write a number from 1 to 65535, such as 8000."),
        ("PORT", "0", "is '0': write a number from 1 to 65535, such as 8000."),
        ("PORT", "65536", "is '65536': write a number from 1 to 65535, such as 8000."),
        ("PORT", "٨٠٠٠", "is '٨٠٠٠': write a number from 1 to 65535, such as 8000."),
        (
            "PORTAL_URL",
            "localhost:8000",
            "is 'localhost:8000': write scheme and host, such as http://127.0.0.1:8000",
        ),
        (
            "PORTAL_URL",
            "http://[::1",
            "is 'http://[::1': write scheme and host, such as http://127.0.0.1:8000",
        ),
        ("DATABASE_URL", "sqlite:///x", "must start with postgres:// or postgresql://"),
        ("DATABASE_URL", "postgres://[h/n", "must start with postgres:// or postgresql://"),
        (
            "EMAIL_URL",
            "mail.example",
            "must start with file:// or smtp:// or smtp+tls:// or smtps://",
        ),
        (
            "REHEARSE_FROM",
            "2019-07-23T10:00",
            "is '2019-07-23T10:00': write a date and time with its offset from UTC, such as "
            "2019-07-23T10:00+01:00, or off for the real clock.",
        ),
        (
            "PORTAL_ENV",
            "production",
            "is 'production', but script/server runs a portal for this machine only. "
            "Unset it, or deploy with docker-compose.yml.",
        ),
    ],
)
def test_unusable_value_is_refused_by_the_name_of_its_variable(name, value, remedy):
    with pytest.raises(InvalidSetting) as refusal:
        server_settings.read({name: value})
    assert str(refusal.value) == f"{name} {remedy}"


def test_refused_address_does_not_show_its_password():
    with pytest.raises(InvalidSetting) as refusal:
        server_settings.read({"DATABASE_URL": "mysql://user:hush@host/name"})
    assert "hush" not in str(refusal.value)
