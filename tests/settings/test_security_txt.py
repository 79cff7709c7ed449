"""Who finds a hole finds out whom to tell."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from evidence_portal.environment import read_security_contact


def test_security_txt_names_the_contact_and_an_end_within_a_year(client, settings, monkeypatch):
    now = datetime(2026, 11, 27, 8, 30, 15, 999, tzinfo=UTC)
    monkeypatch.setattr("core.clock.wall_now", lambda: now)
    settings.SECURITY_CONTACT = "mailto:security@example.org"
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == (
        "Contact: mailto:security@example.org\n"
        "Expires: 2027-02-25T08:30:15Z\n"
        "Preferred-Languages: en\n"
        "Canonical: http://testserver/.well-known/security.txt\n"
    )


@pytest.mark.django_db
def test_security_txt_is_not_there_without_a_contact(client):
    assert client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize("contact", ["mailto:security@example.org", "https://example.org/security"])
def test_contact_is_a_mail_address_or_a_page(monkeypatch, contact):
    monkeypatch.setenv("SECURITY_CONTACT", contact)
    assert read_security_contact() == contact


@pytest.mark.parametrize(
    "contact",
    [
        *("security@example.org", "mailto:nobody", "http://a.example"),
        *("https://", "https:///security", "https://a.example/our holes"),
    ],
)
def test_other_contact_is_refused_with_the_remedy(monkeypatch, contact):
    monkeypatch.setenv("SECURITY_CONTACT", contact)
    with pytest.raises(ImproperlyConfigured, match=r"SECURITY_CONTACT is .*: write mailto: and"):
        read_security_contact()
