"""What harms most asks for the password again, and then goes on with what was asked for."""

from copy import deepcopy

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Invitation, Membership, User
from accounts.states import Action, Role
from tests.forms import form_of
from tests.makers import PASSWORD, allow, make_call, make_submitted, make_user

pytestmark = pytest.mark.django_db
AGAIN = "/account/again/"


def signed_in(user):
    client = Client()
    client.post("/steering/sign-in/", {"username": user.username, "password": PASSWORD})
    return client


def exporter(*actions):
    user = make_user(Role.STEERING_MEMBER)
    allow(user, *actions)
    return signed_in(user)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_rows)


def make_rows():
    call = make_call(slug="the-call")
    make_submitted(call)
    return call


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


def gives_password(client, answer):
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, AGAIN)
    assert client.get(answer.url).status_code == 200
    target = {"next": answer.url.partition("next=")[2].replace("%2F", "/")}
    return client.post(AGAIN, {"password": PASSWORD, **target})


@pytest.mark.parametrize(
    ("actions", "chosen"),
    [
        ([Action.EXPORT_NAMED, Action.SEE_IDENTITY], {"named": "yes"}),
        ([Action.EXPORT_CONFIDENTIAL, Action.READ_RESPONSES], {"confidential": "yes"}),
    ],
)
def test_named_or_confidential_export_asks_again_and_then_comes(call, actions, chosen):
    client = exporter(*actions)
    fields = {"format": "csv", "reason": "For the report", **chosen}
    answer = gives_password(client, client.post("/steering/the-call/exports/", fields))
    assert answer["Content-Type"].startswith("text/csv")
    assert b"TST-" in b"".join(answer.streaming_content)


def test_wrong_password_gets_no_export(call):
    client = exporter(Action.EXPORT_NAMED, Action.SEE_IDENTITY)
    fields = {"format": "csv", "reason": "For the report", "named": "yes"}
    client.post("/steering/the-call/exports/", fields)
    answer = client.post(AGAIN, {"password": "nothing", "next": "/steering/the-call/exports/"})
    assert "The password is wrong" in answer.content.decode()
    again = client.post("/steering/the-call/exports/", fields)
    assert again.status_code == 302


def test_pseudonymised_export_asks_nothing(call):
    answer = exporter().post("/steering/the-call/exports/", {"format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    assert b"TST-" in b"".join(answer.streaming_content)


def test_grant_of_rights_asks_again_and_then_happens(call):
    client = signed_in(make_user(is_superuser=True))
    other = make_user(email="pat@example.org")
    page = f"/admin/accounts/user/{other.pk}/change/"
    seen = client.get(page).context["adminform"].form
    fields = {name: seen[name].value() or "" for name in seen.fields} | {"is_superuser": "on"}
    fields = {name: value for name, value in fields.items() if value not in (None, "", False)}
    answer = client.post(page, fields)
    other.refresh_from_db()
    assert not other.is_superuser
    gives_password(client, answer)
    other.refresh_from_db()
    assert other.is_superuser


def test_membership_asks_again_before_it_is_given_changed_and_ended(call):
    def manager():
        return signed_in(make_user(Role.MANAGER))

    other = make_user(username="pat")
    page = "/admin/accounts/membership/add/"
    client = manager()
    fields = {"typed_person": "pat", "call": call.pk, "role": Role.CODER}
    answer = client.post(page, fields)
    assert not other.memberships.exists()
    gives_password(client, answer)
    given = other.memberships.get()
    assert given.role == Role.CODER
    for path in (f"{given.pk}/change/", f"{given.pk}/delete/"):
        answer = manager().post(f"/admin/accounts/membership/{path}", {"role": Role.REVIEWER})
        assert answer.url.startswith(AGAIN)
    assert Membership.objects.get(pk=given.pk).role == Role.CODER


def test_what_was_posted_from_a_filtered_list_goes_on_after_asking_again(call):
    client = signed_in(make_user(Role.MANAGER))
    member = make_user(Role.CODER).memberships.get()
    page = f"/admin/accounts/membership/{member.pk}/change/"
    filtered = f"{page}?_changelist_filters=role%3Dcoder"
    fields = form_of(client.get(filtered), "membership_form") | {"role": Role.REVIEWER}
    answer = gives_password(client, client.post(filtered, fields))
    assert answer.url == "/admin/accounts/membership/?role=coder"
    member.refresh_from_db()
    assert member.role == Role.REVIEWER


def test_choice_about_ones_own_digest_asks_nothing(call):
    user = make_user(Role.REVIEWER, email="pat@example.org")
    own = user.memberships.get()
    client = signed_in(user)
    page = f"/admin/accounts/membership/{own.pk}/change/"
    seen = client.get(page).context["adminform"].form
    fields = {name: seen[name].value() or "" for name in seen.fields} | {"wants_digest": "on"}
    assert client.post(page, fields).url == "/admin/accounts/membership/"
    own.refresh_from_db()
    assert own.wants_digest


@pytest.mark.parametrize("page", ["accounts/user/add/", "accounts/invitation/add/"])
def test_new_people_ask_again(call, page):
    client = signed_in(make_user(is_superuser=True))
    answer = client.post(f"/admin/{page}", {"email": "sam@example.org"})
    assert answer.url.startswith(AGAIN)
    assert Invitation.objects.count() == 0


def test_setting_somebodys_password_asks_again(call):
    client = signed_in(make_user(is_superuser=True))
    other = make_user()
    page = f"/admin/accounts/user/{other.pk}/password/"
    answer = client.post(page, {"password1": "typed-words-of-mine"})
    assert answer.url == f"{AGAIN}?next={page.replace('/', '%2F')}"
    assert User.objects.get(pk=other.pk).check_password(PASSWORD)
    # Nor does it wait in the session meanwhile.
    assert "typed-words" not in str([kept.get_decoded() for kept in Session.objects.all()])
    assert gives_password(client, answer).url == page
    assert client.get(page).status_code == 200
