"""The last administrator who can sign in stays one."""

import pytest
from django.urls import reverse

from accounts.admin import people
from accounts.administrators import LAST_ONE, THE_ONLY_ONE
from accounts.models import User
from tests.forms import form_of
from tests.makers import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    user = make_user(username="boss", is_superuser=True)
    client.force_login(user)
    return user


def save(client, user, without):
    address = reverse("admin:accounts_user_change", args=[user.pk])
    form = form_of(client.get(address), "user_form")
    form.pop(without)
    answer = client.post(address, form)
    user.refresh_from_db()
    return answer


@pytest.mark.parametrize("right", ["is_active", "is_superuser"])
def test_last_administrator_keeps_their_rights(client, boss, right):
    make_user(is_superuser=True, is_active=False)
    make_user(is_superuser=True, email="admin@rehearsal.invalid")
    person = make_user(is_superuser=True)
    User.objects.filter(pk=person.pk).update(password="!")
    answer = save(client, boss, right)
    assert answer.context["adminform"].form.errors == {right: [LAST_ONE]}
    assert getattr(boss, right)
    User.objects.filter(pk=person.pk).update(password=boss.password)
    assert save(client, boss, right).status_code == 302
    assert not getattr(boss, right)


def test_whoever_signs_in_at_a_provider_is_another_administrator(client, boss, settings):
    settings.OIDC_NAME = "Example Trust"
    person = make_user(is_superuser=True, email="pat@example.org")
    User.objects.filter(pk=person.pk).update(password="!")
    assert save(client, boss, "is_superuser").status_code == 302


def test_last_administrator_keeps_a_password_unless_a_provider_knows_them(client, boss, settings):
    address = reverse("admin:auth_user_password_change", args=[boss.pk])
    posted = form_of(client.get(address)) | {"usable_password": "false", "unset-password": "1"}
    answer = client.post(address, posted)
    assert answer.context["form"].errors == {"usable_password": [LAST_ONE]}
    settings.OIDC_NAME = "Example Trust"
    answer = client.post(address, posted)
    assert answer.context["form"].errors == {"usable_password": [LAST_ONE]}
    User.objects.filter(pk=boss.pk).update(email="boss@example.org")
    assert client.post(address, posted).status_code == 302
    boss.refresh_from_db()
    assert not boss.has_usable_password()


@pytest.mark.parametrize("password", ["", "!"])
def test_last_administrator_without_a_password_keeps_an_address(
    client, boss, settings, monkeypatch, password
):
    settings.OIDC_NAME = "Example Trust"
    monkeypatch.setattr(people.PortalUserAdmin, "_ask", lambda *_args: None)
    User.objects.filter(pk=boss.pk).update(
        email="boss@example.org", password=password or boss.password
    )
    boss.refresh_from_db()
    client.force_login(boss)
    address = reverse("admin:accounts_user_change", args=[boss.pk])
    form = form_of(client.get(address), "user_form")
    answer = client.post(address, form | {"email": ""})
    assert answer.status_code == (200 if password else 302)
    boss.refresh_from_db()
    assert boss.email == ("boss@example.org" if password else "")


def test_last_administrator_is_not_deleted(client, boss):
    delete = reverse("admin:accounts_user_delete", args=[boss.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    make_user(is_superuser=True)
    assert client.get(delete).status_code == 200


def test_page_of_the_last_administrator_says_why_they_keep_their_rights(client, boss):
    page = reverse("admin:accounts_user_change", args=[boss.pk])
    text = client.get(page).content.decode()
    assert text.count(THE_ONLY_ONE) == 1
    assert "Anyone else needs a membership" not in text
    make_user(is_superuser=True)
    text = client.get(page).content.decode()
    assert THE_ONLY_ONE not in text
    assert "Anyone else needs a membership" in text


@pytest.mark.parametrize("is_deleted", [True, False])
def test_whose_rights_ended_while_the_request_waited_changes_nobody(
    client, boss, monkeypatch, is_deleted
):
    """Another administrator, who held the lock, took them, or deleted the account."""
    other = make_user(username="other", is_superuser=True)
    lock = people.administrators.lock

    def lock_after_the_other(*, with_user):
        rows = User.objects.filter(pk=boss.pk)
        rows.delete() if is_deleted else rows.update(is_superuser=False)
        lock(with_user=with_user)

    address = reverse("admin:accounts_user_change", args=[other.pk])
    form = form_of(client.get(address), "user_form")
    form.pop("is_superuser")
    make_user(is_superuser=True)
    monkeypatch.setattr(people.administrators, "lock", lock_after_the_other)
    assert client.post(address, form).status_code == 403
    other.refresh_from_db()
    assert other.is_superuser
