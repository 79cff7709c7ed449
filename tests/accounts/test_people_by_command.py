"""Commands that make or change people put that on record, as the admin does."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts import tries
from accounts.management.commands import changepassword
from accounts.models import AccountMail, AuditEvent, Tries, User
from core import clock
from tests.makers import PASSWORD, make_user, without_key

pytestmark = pytest.mark.django_db


def recorded():
    events = AuditEvent.objects.values_list("action", "actor", "detail")
    return [(action, actor, without_key(detail)) for action, actor, detail in events]


def test_superuser_made_at_the_command_line_is_on_record():
    User.objects.create_superuser("earlier")
    words = ("--noinput", "--username", "ada", "--email", "ada@example.org")
    said = io.StringIO()
    call_command("createsuperuser", *words, stdout=said)
    assert said.getvalue() == "Superuser created successfully.\n"
    detail = {"person": "ada", "is_superuser": True, "through": "createsuperuser"}
    assert recorded() == [("person_changed", None, detail)]


def test_superuser_who_is_made_without_a_terminal_is_not_said_to_be_there():
    said = io.StringIO()
    with pytest.raises(CommandError, match=r"^Nobody was made\.$"):
        call_command("createsuperuser", stdin=io.StringIO(), stdout=said)
    assert said.getvalue().startswith("Superuser creation skipped due to not running in a TTY.")
    assert (User.objects.count(), recorded()) == (0, [])


def test_superuser_with_the_address_of_another_is_refused():
    make_user(username="pat", email="Pat@example.org")
    words = ("--noinput", "--username", "ada", "--email", "pat@example.org")
    with pytest.raises(CommandError, match=r"pat has the address pat@example\.org"):
        call_command("createsuperuser", *words, stdout=(said := io.StringIO()))
    assert (User.objects.count(), said.getvalue()) == (1, "")


def test_superuser_who_cannot_be_made_leaves_nothing_on_record():
    make_user(username="ada")
    with pytest.raises(CommandError, match="already taken"):
        call_command("createsuperuser", "--noinput", "--username", "ada", "--email", "a@b.org")
    assert recorded() == []


def test_password_set_at_the_command_line_is_on_record(monkeypatch):
    user = make_user(username="ada", email="ada@example.org")
    monkeypatch.setattr(changepassword.Command, "_get_pass", lambda *_: f"{PASSWORD} new")
    tries.count_try(tries.of_account("password", "ada"), at=clock.wall_now())
    call_command("changepassword", "ada", stdout=io.StringIO())
    user.refresh_from_db()
    assert user.check_password(f"{PASSWORD} new")
    assert not Tries.objects.exists()
    detail = {"person": "ada", "through": "changepassword"}
    assert recorded() == [("password_changed", None, detail)]
    told = AccountMail.objects.get()
    assert (told.kind, told.to_address) == ("password_changed", "ada@example.org")
