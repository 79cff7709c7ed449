"""The sign-ins of a rehearsal work while its clock runs, and nowhere else."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.states import Role
from rehearsal.sign_ins import ensure_rehearsal_sign_ins
from tests.makers import OPENS_AT, PASSWORD, make_call, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def sign_ins():
    make_call()
    assert ensure_rehearsal_sign_ins(PASSWORD, at=OPENS_AT) == []


def rehearse(settings, running):
    settings.REHEARSAL = running
    settings.REHEARSAL_OFFSET = timedelta(days=-1) if running else timedelta(0)


def sign_in(client, address, name):
    client.post(address, {"username": name, "password": PASSWORD})
    return client.session.get("_auth_user_id")


WAYS_IN = [("admin", "/admin/login/"), ("staff", "/admin/login/"), ("steering", "/steering/")]


def way_in(client, address):
    """The page that asks for the password."""
    answer = client.get(address)
    return answer["Location"] if answer.status_code == 302 else address


@pytest.mark.parametrize(("name", "address"), WAYS_IN)
def test_rehearsal_sign_in_works_in_a_rehearsal(client, sign_ins, settings, name, address):
    rehearse(settings, True)
    signed_in = sign_in(client, way_in(client, address), name)
    assert signed_in == str(User.objects.get(username=name).pk)


@pytest.mark.parametrize(("name", "address"), WAYS_IN)
def test_rehearsal_sign_in_is_refused_on_the_real_clock(client, sign_ins, settings, name, address):
    rehearse(settings, False)
    assert sign_in(client, way_in(client, address), name) is None


def test_session_of_a_rehearsal_ends_with_it(client, sign_ins, settings):
    rehearse(settings, True)
    assert sign_in(client, "/admin/login/", "admin") is not None
    assert client.get("/admin/").status_code == 200
    rehearse(settings, False)
    assert client.get("/admin/").status_code == 302


def test_own_sign_in_works_on_the_real_clock(client, settings):
    rehearse(settings, False)
    make_call()
    own = make_user(Role.MANAGER, email="someone@example.org")
    assert sign_in(client, "/admin/login/", own.username) == str(own.pk)
