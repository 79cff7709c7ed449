"""Each staff and steering address refuses strangers and the wrong role, none forgotten."""

import re

import pytest
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RegexPattern

from accounts.states import Role
from tests.makers import make_call, make_user

SAMPLES = {
    "slug": "the-call",
    "uuid": "6f0c2b0e-6f0e-4b60-9f0b-0c8f3c0a6c11",
    "int": "1",
    "path": "1",
    "str": "1",
    "token": "1",
}
DOORS = {
    "admin/login/",
    "admin/logout/",
    "steering/sign-in/",
    "steering/sign-out/",
}
SIGN_IN = {"admin": "/admin/login/", "steering": "/steering/sign-in/"}


def sample(pattern):
    """The address that a pattern's part of a path stands for."""
    if isinstance(pattern, RegexPattern):
        written = re.sub(r"\(\?P<app_label>(\w+)[^)]*\)", r"\1", str(pattern))
        return re.sub(r"\(\?P<url>\.\*\)", "nowhere", written).strip("^$")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES[m[1] or "str"], str(pattern))


def addresses(patterns=None, before=""):
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        here = before + sample(entry.pattern)
        if isinstance(entry, URLPattern):
            yield here
        else:
            yield from addresses(entry.url_patterns, here)


def guarded(area):
    return sorted(
        {path for path in addresses() if path.startswith(f"{area}/") and path not in DOORS}
    )


def test_guarded_addresses_of_the_steering_group_are_these():
    assert guarded("steering") == [
        "steering/",
        "steering/the-call/",
        "steering/the-call/counts/",
        "steering/the-call/dictionary.csv",
        "steering/the-call/export.csv",
        "steering/the-call/exports/",
        f"steering/the-call/exports/{SAMPLES['uuid']}/",
        f"steering/the-call/exports/{SAMPLES['uuid']}/cancel/",
        f"steering/the-call/exports/{SAMPLES['uuid']}/file/",
        f"steering/the-call/exports/{SAMPLES['uuid']}/progress/",
        "steering/the-call/tokens/",
        "steering/the-call/tokens/1/revoke/",
    ]


def test_no_address_of_staff_lies_outside_the_two_areas():
    rest = [path for path in addresses() if not path.startswith(("admin/", "steering/"))]
    assert [path for path in rest if re.search(r"staff|export|admin", path)] == []
    assert len(guarded("admin")) > 40


@pytest.mark.django_db
@pytest.mark.parametrize("area", ["admin", "steering"])
def test_strangers_are_led_to_the_sign_in(client, area):
    make_call(slug="the-call")
    led = {path: client.get(f"/{path}") for path in guarded(area)}
    wrong = {
        path: answer.status_code
        for path, answer in led.items()
        if answer.status_code != 302 or not answer.url.startswith(f"{SIGN_IN[area]}?next=")
    }
    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("area", "group", "is_staff"),
    [
        ("admin", Role.STEERING_MEMBER, False),
        ("admin", None, False),
        ("steering", Role.MANAGER, True),
        ("steering", None, False),
    ],
)
def test_wrong_role_is_refused(client, area, group, is_staff, method):
    make_call(slug="the-call")
    client.force_login(make_user(group, is_staff=is_staff))
    refused = {403} if area == "admin" or method == "get" else {403, 405}
    answers = {path: getattr(client, method)(f"/{path}").status_code for path in guarded(area)}
    assert {path: code for path, code in answers.items() if code not in refused} == {}


@pytest.mark.django_db
def test_staff_status_without_a_membership_opens_nothing(client):
    make_call(slug="the-call")
    client.force_login(make_user(is_staff=True))
    let_in = {path for path in guarded("admin") if client.get(f"/{path}").status_code != 403}
    assert let_in == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("group", "is_superuser", "path", "code"),
    [
        (Role.STEERING_MEMBER, False, "/steering/", 200),
        (Role.STEERING_MEMBER, False, "/steering/the-call/", 200),
        (Role.STEERING_MEMBER, False, "/steering/the-call/export.csv", 200),
        (Role.STEERING_MEMBER, False, "/steering/the-call/dictionary.csv", 200),
        (Role.STEERING_MEMBER, False, "/steering/the-call/exports/", 200),
        (Role.MANAGER, False, "/admin/submissions/submission/", 200),
        (Role.MANAGER, False, "/admin/submissions/call/", 200),
        (Role.MANAGER, False, "/admin/submissions/outboxemail/", 200),
        (Role.MANAGER, False, "/admin/accounts/auditevent/", 200),
        (None, True, "/steering/the-call/export.csv", 200),
        (None, True, "/admin/accounts/user/", 200),
    ],
)
def test_right_role_is_let_in(client, group, is_superuser, path, code):
    make_call(slug="the-call")
    is_staff = group == Role.MANAGER or is_superuser
    client.force_login(make_user(group, is_staff=is_staff, is_superuser=is_superuser))
    answer = client.get(path)
    assert answer.status_code == code
    # A download that nobody reads would be put on record whenever it is forgotten.
    b"".join(answer)
