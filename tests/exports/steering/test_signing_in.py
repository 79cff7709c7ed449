"""Signing in at /steering/."""

import pytest

from accounts.states import Role
from tests.makers import PASSWORD, make_call, make_user


@pytest.fixture(autouse=True)
def call(db):
    return make_call()


def test_signing_in_leads_to_the_page_in_a_session_that_is_cut(client, settings):
    settings.STAFF_SESSION_SECONDS = 1234
    user = make_user(Role.STEERING_MEMBER)
    page = client.get("/steering/", follow=True)
    assert page.redirect_chain == [("/steering/sign-in/?next=/steering/", 302)]
    answer = client.post("/steering/sign-in/", {"username": user.username, "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, "/steering/")
    assert client.session.get_expiry_age() == 1234
    assert client.post("/steering/sign-out/").status_code == 200
    assert client.get("/steering/").status_code == 302


def test_wrong_password_is_said_and_opens_nothing(client):
    user = make_user(Role.STEERING_MEMBER)
    answer = client.post("/steering/sign-in/", {"username": user.username, "password": "wrong"})
    assert answer.status_code == 200
    assert client.get("/steering/").status_code == 302


@pytest.mark.parametrize("next_page", ["https://example.org/", "//example.org", "javascript:x"])
def test_signing_in_never_leads_elsewhere(client, next_page):
    user = make_user(Role.STEERING_MEMBER)
    answer = client.post(
        "/steering/sign-in/",
        {"username": user.username, "password": PASSWORD, "next": next_page},
    )
    assert answer.url == "/steering/"
