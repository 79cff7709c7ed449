"""Addresses of people who sign in are checked as every other address is."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from rehearsal.sign_ins import ensure_rehearsal_sign_ins
from tests.forms import form_of
from tests.makers import OPENS_AT, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough one")


def create(address):
    call_command("createsuperuser", "--noinput", "--username", "ada", "--email", address)


def test_superuser_with_an_address_that_no_mail_reaches_is_refused():
    with pytest.raises(CommandError) as refused:
        create("jürgen@example.org")
    assert "before the @" in str(refused.value)
    assert not User.objects.exists()


def test_address_of_a_superuser_is_kept_in_the_one_form():
    create("Ada@xn--strae-oqa.Example.")
    assert User.objects.get().email == "Ada@straße.example"


@pytest.mark.parametrize(
    ("address", "status", "kept"),
    [
        ("staff@rehearsal.invalid", 302, "staff@rehearsal.invalid"),
        ("staff@example.org.", 302, "staff@example.org"),
        ("other@rehearsal.invalid", 200, "staff@rehearsal.invalid"),
    ],
)
def test_sign_in_of_a_rehearsal_can_be_saved_with_its_own_address(client, address, status, kept):
    ensure_rehearsal_sign_ins("a long enough one", at=OPENS_AT)
    user = User.objects.get(username="staff")
    client.force_login(make_user(is_superuser=True, is_staff=True))
    page = f"/admin/accounts/user/{user.pk}/change/"
    form = client.get(page).context["adminform"].form
    posted = {}
    for bound in form:
        value = bound.value()
        if bound.name != "password" and value not in (None, False):
            posted[bound.html_name] = posted[bound.html_initial_name] = value
    posted |= {"email": address, "initial-email": "staff@rehearsal.invalid"}
    assert client.post(page, posted).status_code == status
    user.refresh_from_db()
    assert user.email == kept


def test_address_of_somebody_else_is_refused(client):
    boss = make_user(username="boss", is_superuser=True, email="boss@example.org")
    client.force_login(boss)
    left = make_user(username="left", email="pat@example.org", is_active=False)
    twin = make_user(username="twin", email="pat@example.org")

    def save(user, **fields):
        page = f"/admin/accounts/user/{user.pk}/change/"
        form = form_of(client.get(page), "user_form") | fields
        answer = client.post(page, {name: value for name, value in form.items() if value != ""})
        return answer.context["adminform"].form.errors if answer.context else answer.status_code

    said = {
        "email": [
            f"{name} has this address. An address leads to one person: change it there first."
            for name in ("left",)
        ]
    }
    assert save(boss, email="PAT@example.org") == said
    assert save(twin, first_name="Tess") == 302  # both had it before
    assert save(twin, is_active="") == 302
    assert save(left, is_active="on") == {"email": [said["email"][0].replace("left", "twin")]}
    assert save(boss, email="b@example.org") == 302
