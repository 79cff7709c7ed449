"""The sign-ins of a rehearsal."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.states import Role
from tests.makers import make_call

PASSWORD = "a password for rehearsing"


def said(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


@pytest.fixture
def rehearsal(settings, monkeypatch):
    settings.REHEARSAL = True
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", PASSWORD)


@pytest.mark.django_db
def test_rehearsal_makes_three_sign_ins_that_work(rehearsal, client):
    call = make_call()
    assert said("prepare_rehearsal") == "rehearsal sign-ins ready: admin, staff, steering\n"
    shapes = {
        user.username: (user.is_superuser, [(m.call, m.role) for m in user.memberships.all()])
        for user in User.objects.all()
    }
    assert shapes == {
        "admin": (True, []),
        "staff": (False, [(call, Role.MANAGER)]),
        "steering": (False, [(call, Role.STEERING_MEMBER)]),
    }
    assert {user.email.split("@")[1] for user in User.objects.all()} == {"rehearsal.invalid"}
    for name in shapes:
        assert client.login(username=name, password=PASSWORD)


@pytest.mark.django_db
def test_preparing_again_keeps_the_password_and_a_new_one_replaces_it(
    rehearsal, client, monkeypatch
):
    said("prepare_rehearsal")
    before = list(User.objects.order_by("pk").values_list("pk", "password"))
    said("prepare_rehearsal")
    assert list(User.objects.order_by("pk").values_list("pk", "password")) == before
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", "another password")
    said("prepare_rehearsal")
    assert not client.login(username="admin", password=PASSWORD)
    assert client.login(username="admin", password="another password")


@pytest.mark.django_db
def test_somebodys_own_sign_in_is_left_alone(rehearsal):
    own = User.objects.create_user("staff", email="me@example.org", password="my own password")
    err = StringIO()
    call_command("prepare_rehearsal", stdout=StringIO(), stderr=err)
    assert err.getvalue() == "left as they are, somebody's own sign-ins: staff\n"
    own.refresh_from_db()
    assert own.check_password("my own password")
    assert (own.email, own.memberships.count()) == ("me@example.org", 0)


@pytest.mark.django_db
def test_sign_ins_are_refused_outside_a_rehearsal(rehearsal, settings, client):
    said("prepare_rehearsal")
    settings.REHEARSAL = False
    assert not client.login(username="admin", password=PASSWORD)
    with pytest.raises(CommandError, match="No rehearsal clock runs"):
        said("prepare_rehearsal")


@pytest.mark.django_db
def test_missing_password_is_said_in_a_line(rehearsal, monkeypatch):
    monkeypatch.delenv("PORTAL_DEMO_PASSWORD")
    with pytest.raises(CommandError, match="PORTAL_DEMO_PASSWORD is not set"):
        said("prepare_rehearsal")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_preparing_again_is_cheap(rehearsal):
    said("prepare_rehearsal")
    with CaptureQueriesContext(connection) as queries:
        said("prepare_rehearsal")
    assert len(queries) < 40
