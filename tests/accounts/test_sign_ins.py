"""Sign-ins: they end unused and after a day, with the password and the rights; they are listed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Membership, SignIn, User
from accounts.signed_in import browser_in_words
from accounts.states import Role
from tests.makers import PASSWORD, make_call, make_user

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def wall(monkeypatch):
    standing = {"now": datetime.now(UTC)}
    monkeypatch.setattr("core.clock.wall_now", lambda: standing["now"])

    def wait(**time):
        standing["now"] += timedelta(**time)

    return wait


def signed_in(user, agent=FIREFOX):
    client = Client(HTTP_USER_AGENT=agent)
    client.post("/steering/sign-in/", {"username": user.username, "password": PASSWORD})
    return client


def is_in(client):
    return client.get("/account/").status_code == 200


def test_sign_in_ends_after_an_hour_without_a_request(wall):
    client = signed_in(make_user())
    wall(minutes=59)
    assert is_in(client)
    wall(minutes=59)
    assert is_in(client)
    wall(minutes=61)
    assert not is_in(client)


def test_sign_in_ends_after_a_day_however_much_it_is_used(wall):
    client = signed_in(make_user())
    for _ in range(23):
        wall(minutes=59)
        assert is_in(client)
    wall(minutes=59)
    assert is_in(client)
    wall(minutes=59)
    assert not is_in(client)


def test_account_page_leads_back_to_where_its_person_works():
    make_call()
    for role, work in ((Role.REVIEWER, "/admin/"), (Role.STEERING_MEMBER, "/steering/")):
        page = signed_in(make_user(role)).get("/account/").content.decode()
        assert f'<a href="{work}">Go to your work</a>' in page
    assert "Go to your work" not in signed_in(make_user()).get("/account/").content.decode()


def test_staff_find_their_account_from_the_admin():
    make_call()
    page = signed_in(make_user(Role.REVIEWER)).get("/admin/").content.decode()
    assert page.count('<a href="/account/">Your account</a>') == 1


def test_sign_ins_are_listed_to_their_person_who_ends_them():
    user, another = make_user(), make_user()
    here, there, others = signed_in(user), signed_in(user, "Safari/1 iPhone"), signed_in(another)
    page = here.get("/account/").content.decode()
    assert [page.count(text) for text in ("Firefox on Windows", "Safari on iPhone")] == [2, 2]
    of_there = SignIn.objects.get(browser="Safari on iPhone")
    assert others.post(f"/account/sign-ins/{of_there.pk}/end/").status_code == 404
    # Who had to sign in first is led here.
    assert here.get(f"/account/sign-ins/{of_there.pk}/end/").url == "/account/"
    assert is_in(there)
    here.post(f"/account/sign-ins/{of_there.pk}/end/")
    assert (is_in(here), is_in(there), is_in(others)) == (True, False, True)


def test_sign_in_that_has_ended_meanwhile_is_ended():
    client = signed_in(make_user())
    gone = signed_in(make_user()).get("/account/").context["mine"].pk
    SignIn.objects.filter(pk=gone).delete()
    answer = client.post(f"/account/sign-ins/{gone}/end/")
    assert (answer.status_code, answer.url) == (302, "/account/")


def test_somebody_else_who_signs_in_here_ends_the_sign_in_before():
    first, second = make_user(), make_user()
    client = signed_in(first)
    client.post("/steering/sign-in/", {"username": second.username, "password": PASSWORD})
    assert [row.user for row in SignIn.objects.all()] == [second]


def test_changed_password_ends_the_other_sign_ins():
    user = make_user()
    here, there = signed_in(user), signed_in(user)
    answer = here.post(
        "/account/password/",
        {
            "old_password": PASSWORD,
            "new_password1": "three words of nobody",
            "new_password2": "three words of nobody",
        },
    )
    assert (answer.status_code, answer.url) == (302, "/account/")
    assert (is_in(here), is_in(there)) == (True, False)
    assert SignIn.objects.filter(user=user).count() == 1


CHANGES = {
    "role": lambda user: user.memberships.update(role=Role.CODER),
    "more than the role": lambda user: user.memberships.update(also=["export_named"]),
    "less than the role": lambda user: user.memberships.update(without=["export"]),
    "membership ended": lambda user: user.memberships.all().delete(),
    "superuser": lambda user: User.objects.filter(pk=user.pk).update(is_superuser=True),
    "inactive": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_rights_end_every_sign_in(change):
    make_call()
    user = make_user(Role.STEERING_MEMBER)
    client = signed_in(user)
    assert is_in(client)
    change(user)
    assert not is_in(client)


def test_other_changes_of_a_person_end_nothing():
    make_call()
    user = make_user(Role.MANAGER)
    client = signed_in(user)
    User.objects.filter(pk=user.pk).update(first_name="Pat", last_login=datetime.now(UTC))
    assert Membership.objects.filter(person=user).update(wants_digest=True) == 1
    assert is_in(client)


def test_session_without_its_row_is_nobodys(client):
    user = make_user()
    client.force_login(user)
    SignIn.objects.all().delete()
    assert client.get("/admin/").status_code == 302


def test_signing_out_deletes_the_row():
    for address in ("/steering/sign-out/", "/admin/logout/"):
        client = signed_in(make_user())
        asks = client.get(address)
        assert asks.status_code == 200
        assert '<button class="button" type="submit">Sign out</button>' in asks.content.decode()
        assert SignIn.objects.count() == 1
        client.post(address)
        assert SignIn.objects.count() == 0
        assert client.get(address)["Location"] == "/steering/sign-in/"


def test_signing_in_again_in_one_browser_is_one_sign_in():
    user = make_user()
    client = signed_in(user)
    client.post("/steering/sign-in/", {"username": user.username, "password": PASSWORD})
    assert SignIn.objects.count() == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("X Chrome/120 Safari/537 Edg/120 Mac OS X", "Edge on Mac OS"),
        ("", "Another browser"),
    ],
)
def test_browser_is_said_in_a_few_words(agent, words):
    assert browser_in_words(agent) == words


@pytest.mark.parametrize(
    "page",
    [
        "",
        "password/",
        "again/",
        "second-factor/",
        "second-factor/code/again/",
        "second-factor/app/",
        "second-factor/recovery-codes/new/",
        "second-factor/passkeys/add/",
        "second-factor/passkeys/again/",
    ],
)
def test_pages_of_ones_own_account_lead_strangers_to_the_sign_in(client, page):
    answer = client.get(f"/account/{page}")
    assert answer.status_code == 302
    assert answer.url.partition("?")[0] in {"/steering/sign-in/", "/account/sign-in/"}


@pytest.mark.parametrize("page", ["app/remove/", "passkeys/1/remove/"])
def test_strangers_take_no_second_factor_away(client, page):
    answers = [
        client.get(f"/account/second-factor/{page}"),
        client.post(f"/account/second-factor/{page}"),
    ]
    assert [answer.status_code for answer in answers] == [302, 302]
