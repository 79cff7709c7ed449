"""How long a browser's session leads back to its response."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import Client

from accounts.states import Action, Role
from submissions.responses.models import Answer
from tests.makers import (
    PASSWORD,
    allow,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    send_link,
    while_open,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client, at):
    call = make_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    return call


@pytest.mark.parametrize(
    ("left", "status"), [(timedelta(minutes=1), 200), (timedelta(seconds=-1), 404)]
)
def test_session_ends_by_the_real_clock(client, call, left, status):
    """The portal's clock stands in the call's own year, long before either moment."""
    Session.objects.update(expire_date=datetime.now(UTC) + left)
    assert client.get(f"/calls/{call.slug}/response/").status_code == status


@pytest.mark.parametrize(
    ("left", "offers"), [(timedelta(minutes=1), False), (timedelta(seconds=-1), True)]
)
def test_call_page_offers_the_way_back_to_a_browser_whose_session_ended(client, call, left, offers):
    Session.objects.update(expire_date=datetime.now(UTC) + left)
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert ("Get back to your response" in page) is offers


def sign_in(client, *, path="/steering/sign-in/", **user):
    made = make_user(Role.STEERING_MEMBER, **user)
    if "admin" in path:
        allow(made, Action.SEE_CALL)
    answer = client.post(path, {"username": made.username, "password": PASSWORD})
    assert answer.status_code == 302
    return made


def is_signed_in(client):
    return client.get("/steering/").status_code == 200


def opens(client, call):
    return client.get(f"/calls/{call.slug}/response/").status_code == 200


@pytest.mark.parametrize(
    ("sign_in_at", "sign_out_at"),
    [("/steering/sign-in/", "/steering/sign-out/"), ("/admin/login/", "/admin/logout/")],
)
def test_signing_in_and_out_keeps_the_draft(client, call, sign_in_at, sign_out_at):
    before = client.session.session_key
    sign_in(client, path=sign_in_at, is_staff=True)
    signed_in = client.session.session_key
    assert opens(client, call)
    assert client.post(sign_out_at).status_code == 200
    assert opens(client, call)
    assert not is_signed_in(client)
    after = client.session.session_key
    assert len({before, signed_in, after}) == 3
    # Nothing of the person is left, nor a session under an earlier key.
    [left] = Session.objects.all()
    assert (left.session_key, set(left.get_decoded())) == (after, {"responses"})


def test_other_person_who_signs_in_keeps_the_draft_and_nothing_of_the_first(client, call):
    sign_in(client)
    messages_of_first = client.session
    messages_of_first["_messages"] = "of the first"
    messages_of_first.save()
    before = client.session.session_key
    second = sign_in(client)
    assert opens(client, call)
    assert client.session["_auth_user_id"] == str(second.pk)
    assert "_messages" not in client.session
    assert client.session.session_key != before
    assert Session.objects.count() == 1


def test_changed_password_ends_the_sign_in_and_keeps_the_draft(client, call):
    user = sign_in(client)
    user.set_password("another password, at that")
    user.save()
    assert not is_signed_in(client)
    assert opens(client, call)


def test_sign_in_ends_by_itself_and_the_draft_stays(client, call, monkeypatch, settings):
    sign_in(client)
    later = datetime.now(UTC) + timedelta(seconds=settings.SIGN_IN_IDLE_SECONDS - 60)
    monkeypatch.setattr("core.clock.wall_now", lambda: later)
    assert is_signed_in(client)
    idle = timedelta(seconds=settings.SIGN_IN_IDLE_SECONDS)
    monkeypatch.setattr("core.clock.wall_now", lambda: later + idle)
    assert not is_signed_in(client)
    assert opens(client, call)


def test_session_with_a_draft_lasts_as_long_as_one_that_nobody_signed_in_to(client, call, settings):
    sign_in(client)
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE


def test_session_lasts_on_while_its_author_comes_back(client, call):
    def ends():
        return Session.objects.get().expire_date

    Session.objects.update(expire_date=F("expire_date") - timedelta(days=6))
    before = ends()
    assert opens(client, call)
    assert ends() == before
    Session.objects.update(expire_date=F("expire_date") - timedelta(days=2))
    answer = client.get(f"/calls/{call.slug}/response/")
    assert ends() > before + timedelta(days=5)
    assert answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == settings.SESSION_COOKIE_AGE
    # Of somebody who is signed in it lasts no longer: the sign-in would, too.
    sign_in(client)
    Session.objects.update(expire_date=F("expire_date") - timedelta(days=8))
    before = ends()
    assert opens(client, call)
    assert ends() == before


def test_signing_out_without_a_draft_ends_the_session(client):
    sign_in(client)
    client.post("/steering/sign-out/")
    assert Session.objects.count() == 0


def test_request_under_way_while_the_key_changes_leaves_the_new_one(client, call):
    """The page saves while it is hidden, and another tab opens a link or signs in meanwhile."""
    under_way = Client()
    under_way.cookies.load(client.cookies.output(header="", sep=";"))
    sign_in(client)
    answer = under_way.post(f"/calls/{call.slug}/response/save/", {"_section": "about"})
    assert (answer.status_code, settings.SESSION_COOKIE_NAME in answer.cookies) == (404, False)
    client.cookies.update(answer.cookies)
    assert opens(client, call)


def test_forgetting_the_response_leaves_the_sign_in(client, call):
    sign_in(client)
    before = client.session.session_key
    client.post(f"/calls/{call.slug}/response/forget/", {"confirmed": "1"})
    assert not opens(client, call)
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert Session.objects.count() == 1


def posted_by(page):
    """What a form of the page posts beside what somebody types."""
    said = dict(re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return {name: said[name] for name in ("csrfmiddlewaretoken", "_base_etags") if name in said}


def open_another(browser, call):
    token = send_link(make_draft(call), at=while_open(call)).token
    page = browser.get(f"/calls/{call.slug}/return/{token}/").content.decode()
    form = posted_by(page) | {"token": token}
    assert browser.post(f"/calls/{call.slug}/return/open/", form).status_code == 302


def sign_out_and_start_another(browser, call):
    page = browser.get(f"/calls/{call.slug}/response/leave/").content.decode()
    form = posted_by(page) | {"confirmed": "1"}
    assert browser.post(f"/calls/{call.slug}/response/forget/", form).status_code == 302
    page = browser.get(f"/calls/{call.slug}/").content.decode()
    assert browser.post(f"/calls/{call.slug}/start/", posted_by(page)).status_code == 302


@pytest.mark.parametrize("switch", [open_another, sign_out_and_start_another])
@pytest.mark.parametrize("by", ["page", "script"])
def test_page_left_open_saves_nothing_into_another_response(at, switch, by):
    call = make_call()
    at(while_open(call))
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(f"/calls/{call.slug}/").content.decode()
    browser.post(f"/calls/{call.slug}/start/", posted_by(page))
    path = f"/calls/{call.slug}/response/about/"
    typed = posted_by(browser.get(path).content.decode()) | {"role_other": "Typed for the first"}
    if by == "script":
        path, typed = f"/calls/{call.slug}/response/save/", typed | {"_section": "about"}
    assert browser.post(path, typed).status_code != 403
    Answer.objects.all().delete()
    switch(browser, call)
    refused = browser.post(path, typed)
    assert (refused.status_code, Answer.objects.count()) == (403, 0)
    assert "or opened another response" in refused.content.decode()
    assert "Typed for the first" in refused.content.decode()


def test_page_goes_on_where_its_own_response_is_opened_once_more(at):
    call = make_call()
    at(while_open(call))
    browser = Client(enforce_csrf_checks=True)
    submission = make_submitted(call)
    pages = []
    for _ in range(2):
        token = send_link(submission, at=while_open(call)).token
        page = browser.get(f"/calls/{call.slug}/return/{token}/").content.decode()
        form = posted_by(page) | {"token": token}
        assert browser.post(f"/calls/{call.slug}/return/open/", form).status_code == 302
        pages.append(browser.get(f"/calls/{call.slug}/response/submitted/").content.decode())
    form = posted_by(pages[0])
    assert browser.post(f"/calls/{call.slug}/response/amend/", form).status_code == 302
