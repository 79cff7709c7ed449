"""The groups, and the sign-ins of a rehearsal."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.groups import PERMISSIONS
from accounts.models import User
from accounts.states import PROJECT_STAFF, STEERING_GROUP

PASSWORD = "a password for rehearsing"


def said(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def permissions_of(name):
    permissions = Group.objects.get(name=name).permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


@pytest.fixture
def rehearsal(settings, monkeypatch):
    settings.REHEARSAL = True
    monkeypatch.setenv("PORTAL_DEMO_PASSWORD", PASSWORD)


@pytest.mark.django_db
def test_groups_have_exactly_their_permissions():
    for command in (["set_up_groups"], ["set_up_groups"], ["set_up_groups", "--reset"]):
        assert said(*command) == "groups ready: Project staff, Steering group\n"
    assert permissions_of(STEERING_GROUP) == {
        "submissions.see_steering",
        "submissions.export_pseudonymised",
    }
    staff = permissions_of(PROJECT_STAFF)
    assert {name for name in staff if ".view_" not in name} == {
        "submissions.add_latepass",
        "submissions.change_call",
        "submissions.change_latepass",
        "submissions.change_outboxemail",
        "submissions.change_submission",
        "submissions.see_identity",
    }
    assert {"accounts.view_auditevent", "submissions.view_submission"} < staff
    assert not staff & {"accounts.view_user", "auth.view_group"}
    assert Group.objects.count() == 2


@pytest.fixture
def changed_by_superusers():
    said("set_up_groups")
    staff, steering = (Group.objects.get(name=name) for name in (PROJECT_STAFF, STEERING_GROUP))
    staff.permissions.remove(Permission.objects.get(codename="see_identity"))
    steering.permissions.add(Permission.objects.get(codename="export_named"))


@pytest.mark.django_db
def test_what_superusers_changed_in_a_group_stays_and_is_said(changed_by_superusers):
    assert said("set_up_groups") == (
        "groups ready: Project staff, Steering group\n"
        "Project staff: left as superusers have changed it (-submissions.see_identity); "
        "--reset takes that back\n"
        "Steering group: left as superusers have changed it (+submissions.export_named); "
        "--reset takes that back\n"
    )
    assert "submissions.see_identity" not in permissions_of(PROJECT_STAFF)
    assert "submissions.export_named" in permissions_of(STEERING_GROUP)


@pytest.mark.django_db
def test_reset_takes_back_what_superusers_changed_in_a_group(changed_by_superusers):
    assert said("set_up_groups", "--reset") == "groups ready: Project staff, Steering group\n"
    assert permissions_of(STEERING_GROUP) == set(PERMISSIONS[STEERING_GROUP])
    assert permissions_of(PROJECT_STAFF) == set(PERMISSIONS[PROJECT_STAFF])


@pytest.mark.django_db
def test_new_release_gives_and_takes_its_own_permissions_only(changed_by_superusers, monkeypatch):
    given = ("submissions.see_steering", "submissions.see_identity")
    monkeypatch.setitem(PERMISSIONS, STEERING_GROUP, given)
    said("set_up_groups")
    assert permissions_of(STEERING_GROUP) == {*given, "submissions.export_named"}
    assert "submissions.see_identity" not in permissions_of(PROJECT_STAFF)


@pytest.mark.django_db
def test_rehearsal_makes_three_sign_ins_that_work(rehearsal, client):
    assert said("prepare_rehearsal") == "rehearsal sign-ins ready: admin, staff, steering\n"
    shapes = {
        user.username: (user.is_superuser, user.is_staff, [g.name for g in user.groups.all()])
        for user in User.objects.all()
    }
    assert shapes == {
        "admin": (True, True, []),
        "staff": (False, True, [PROJECT_STAFF]),
        "steering": (False, False, [STEERING_GROUP]),
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
    assert (own.email, own.is_staff) == ("me@example.org", False)


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
