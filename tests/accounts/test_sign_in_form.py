import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from tests.makers import PASSWORD, make_user
from tests.submissions.respondent.forms.drawing import described, read

pytestmark = pytest.mark.django_db


def errors_of(client, **posted):
    page = read(client.post(reverse("sign_in"), posted).content.decode())
    [summary] = page.find("div", class_="error-summary")
    return page, [(link.text, link.attrs["href"]) for link in summary.find("a")]


def test_empty_sign_in_says_what_to_enter_beside_each_field(client):
    page, links = errors_of(client)
    assert links == [
        ("Enter your username", "#id_username"),
        ("Enter your password", "#id_password"),
    ]
    assert page.find("title")[0].text.startswith("Error: Sign in")
    for _text, target in links:
        field = page.by_id(target[1:])
        assert field.attrs["aria-invalid"] == "true"
        assert described(page, field)[-1].startswith("Error: Enter your")
    who = "If you were invited by email: the address to which the invitation came."
    assert described(page, page.by_id("id_username"))[0] == who


def test_wrong_name_and_wrong_password_are_told_apart_by_nobody(client):
    user = make_user()
    _, wrong_password = errors_of(client, username=user.username, password="nothing like it")
    _, wrong_name = errors_of(client, username="nobody", password=PASSWORD)
    sentence = "The username or the password is wrong. Passwords are case-sensitive."
    assert wrong_password == wrong_name == [(sentence, "#id_username")]


def test_username_is_taken_in_any_case_unless_two_differ_by_it(client):
    def signs_in_as(typed):
        browser = Client()
        browser.post(reverse("sign_in"), {"username": typed, "password": PASSWORD})
        page = browser.get("/account/")
        return page.context["user"] if page.status_code == 200 else None

    pat = make_user(username="Pat.O'Brien@example.org")
    typed = ("Pat.O'Brien@example.org", "pat.o'brien@example.org", " PAT.O'BRIEN@example.org")
    assert [signs_in_as(name) for name in typed] == [pat] * 3
    other = make_user(username="pat.o'brien@example.org")
    assert [signs_in_as(name) for name in typed] == [pat, other, None]
    make_user(username="kim")
    assert signs_in_as("k\u0131m") is None  # a dotless i; in capitals PostgreSQL sees none


def test_failure_is_recorded_of_the_person_in_any_case(client):
    make_user(username="kim")
    for typed in ("KIM", "nobody"):
        errors_of(client, username=typed, password="nothing like it")
    recorded = AuditEvent.objects.filter(action="sign_in_failed").order_by("pk")
    assert [event.detail.get("person") for event in recorded] == ["kim", None]


def test_sign_in_fields_help_password_managers(client):
    page = read(client.get(reverse("sign_in")).content.decode())
    assert page.by_id("id_username").attrs["autocomplete"] == "username"
    assert page.by_id("id_password").attrs["autocomplete"] == "current-password"
