import pytest
from django.urls import reverse

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
        assert described(page, field)[0].startswith("Error: Enter your")


def test_wrong_name_and_wrong_password_are_told_apart_by_nobody(client):
    user = make_user()
    _, wrong_password = errors_of(client, username=user.username, password="nothing like it")
    _, wrong_name = errors_of(client, username="nobody", password=PASSWORD)
    sentence = "The username or the password is wrong. Passwords are case-sensitive."
    assert wrong_password == wrong_name == [(sentence, "#id_username")]


def test_sign_in_fields_help_password_managers(client):
    page = read(client.get(reverse("sign_in")).content.decode())
    assert page.by_id("id_username").attrs["autocomplete"] == "username"
    assert page.by_id("id_password").attrs["autocomplete"] == "current-password"
