"""Two superusers at one person or group: passwords and deletions, too, carry what they saw."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.forms import form_of
from tests.makers import make_user

pytestmark = pytest.mark.django_db
NEW = {"password1": "a long password", "password2": "a long password", "set-password": "x"}


@pytest.fixture
def chief():
    return signed_in("chief")


@pytest.fixture
def deputy():
    return signed_in("deputy")


def signed_in(name):
    client = Client()
    client.force_login(make_user(username=name, is_staff=True, is_superuser=True))
    return client


def said(page):
    """The errors and messages of the page."""
    found = re.findall(
        r'<li(?: class="error")?>((?:\w+ set a|While|These|The page) .*?)</li>',
        page.content.decode(),
    )
    return [text.replace("&#x27;", "'") for text in found]


def test_later_password_is_refused_and_the_page_says_who_set_one(chief, deputy):
    person = make_user(username="person")
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    seen = form_of(deputy.get(address))
    assert person.password not in deputy.get(address).content.decode()
    assert chief.post(address, form_of(chief.get(address)) | NEW).status_code == 302
    theirs = {"password1": "another password", "password2": "another password"}
    page = deputy.post(address, seen | NEW | theirs)
    assert said(page) == [
        "chief set a password while this page was open. Yours is not saved. Type it again and "
        "save to put it in its place."
    ]
    person.refresh_from_db()
    assert person.check_password("a long password")
    assert deputy.post(address, form_of(page) | NEW | theirs).status_code == 302
    person.refresh_from_db()
    assert person.check_password("another password")


def test_password_without_what_the_page_showed_is_refused(chief):
    person = make_user(username="person")
    before = person.password
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    assert chief.post(address, NEW).status_code == 200
    person.refresh_from_db()
    assert person.password == before


def test_person_who_changed_meanwhile_is_shown_again_before_being_deleted(chief, deputy):
    person = make_user(username="person", first_name="Old")
    change = reverse("admin:accounts_user_change", args=[person.pk])
    delete = reverse("admin:accounts_user_delete", args=[person.pk])
    seen = form_of(deputy.get(delete))
    first = form_of(chief.get(change)) | {"first_name": "Ada", "is_superuser": "on"}
    assert chief.post(change, first).status_code == 302
    page = deputy.post(delete, seen)
    assert said(page) == [
        "While this page was open, chief saved “Ada” as “First name”. This page had “Old”. Delete "
        "again if you still want to.",
        "While this page was open, chief saved “yes” as “Superuser status”. This page had “no”. "
        "Delete again if you still want to.",
    ]
    assert User.objects.filter(pk=person.pk).exists()
    assert deputy.post(delete, form_of(page)).status_code == 302
    assert not User.objects.filter(pk=person.pk).exists()


def test_deletion_without_what_the_page_showed_is_refused(chief):
    person = make_user(username="person")
    delete = reverse("admin:accounts_user_delete", args=[person.pk])
    refused = ["The page did not say what it showed. Look at it again before you delete."]
    for seen in ("", "[]", "{}", '{"values": "", "deleted": ""}'):
        page = chief.post(delete, {"post": "yes", "base_values": seen})
        assert (seen, said(page)) == (seen, refused)
        assert User.objects.filter(pk=person.pk).exists(), seen


def test_several_users_are_not_deleted_at_once(chief):
    person = make_user()
    address = "/admin/accounts/user/"
    assert "delete_selected" not in chief.get(address).content.decode()
    sent = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    chief.post(address, sent)
    assert User.objects.filter(pk=person.pk).exists()


def test_username_of_somebody_else_in_capitals_is_refused(chief):
    make_user(username="pat")
    person = make_user(username="sam")
    address = reverse("admin:accounts_user_change", args=[person.pk])
    page = chief.post(address, form_of(chief.get(address), "user_form") | {"username": "Pat"})
    assert "A user with that username already exists." in page.content.decode()
    assert User.objects.get(pk=person.pk).username == "sam"
