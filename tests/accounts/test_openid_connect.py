"""Signing in with an organisation's account, against a provider that runs here."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import AuditEvent, SignIn, User
from accounts.states import Role
from core import clock
from evidence_portal.sign_in_settings import read_openid_connect
from tests.accounts.oidc_provider import Provider
from tests.forms import form_of
from tests.makers import make_call, make_user, without_key

pytestmark = pytest.mark.django_db
LOGIN = "/account/sso/sso/login/"


@pytest.fixture
def provider(settings, monkeypatch):
    running = Provider()
    monkeypatch.setenv("OIDC_URL", running.url)
    monkeypatch.setenv("OIDC_CLIENT_ID", "portal")
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "client-secret")
    monkeypatch.setenv("OIDC_NAME", "Example Trust")
    settings.OIDC_NAME, settings.SOCIALACCOUNT_PROVIDERS = read_openid_connect(production=False)
    make_call()
    yield running
    running.close()


def comes_back(client, provider):
    asked = client.get(LOGIN)
    query = dict(parse_qsl(urlsplit(asked.url).query))
    assert asked.url.startswith(f"{provider.url}/authorization?")
    return client.get(f"{LOGIN}callback/", provider.authorize(query))


def failures():
    failed = AuditEvent.objects.filter(action="sign_in_failed")
    return [without_key(detail) for detail in failed.values_list("detail", flat=True)]


def test_sign_in_page_offers_the_provider_by_its_name(client, provider):
    page = client.get("/steering/sign-in/?next=/steering/").content.decode()
    assert "Sign in with Example Trust" in page
    assert f'href="{LOGIN}?next=/steering/"' in page


def test_without_the_setting_no_provider_is_offered(client):
    assert "/account/sso/" not in client.get("/steering/sign-in/").content.decode()
    assert client.get(LOGIN).status_code == 404


def test_person_with_the_verified_address_of_an_account_is_signed_in(client, provider):
    make_user(email="pat@example.org", is_active=False)  # an account that they had before
    user = make_user(Role.STEERING_MEMBER, email="pat@example.org")
    answer = comes_back(client, provider)
    assert (answer.status_code, answer.url) == (302, "/steering/")
    assert client.get("/steering/").status_code == 200
    assert [row.user for row in SignIn.objects.all()] == [user]


def test_issuer_may_end_with_a_slash(client, provider, settings, monkeypatch):
    monkeypatch.setenv("OIDC_URL", f"{provider.url}/")
    settings.OIDC_NAME, settings.SOCIALACCOUNT_PROVIDERS = read_openid_connect(production=False)
    asked = client.get(LOGIN)
    assert (asked.status_code, asked.url.partition("?")[0]) == (
        302,
        f"{provider.url}/authorization",
    )


def test_person_is_known_again_when_their_address_there_changes(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    comes_back(client, provider)
    client.post("/steering/sign-out/")
    provider.person["email"] = "patricia@example.org"
    assert comes_back(client, provider).url == "/steering/"


def test_link_ends_when_an_administrator_changes_the_address_here(client, provider):
    user = make_user(Role.STEERING_MEMBER, username="pat", email="pat@example.org")
    comes_back(client, provider)
    boss = Client()
    boss.force_login(make_user(is_superuser=True))
    page = f"/admin/accounts/user/{user.pk}/change/"

    def changed_to(address):
        boss.post(page, form_of(boss.get(page), "user_form") | {"email": address})

    changed_to("Pat@example.org")
    assert client.get("/steering/").status_code == 200
    changed_to("patricia@example.org")
    assert client.get("/steering/").status_code == 302
    assert boss.get("/admin/").status_code == 200
    assert comes_back(client, provider).status_code == 403
    provider.person["email"] = "patricia@example.org"
    assert comes_back(client, provider).url == "/steering/"
    changes = AuditEvent.objects.filter(action="person_changed").order_by("pk")
    assert [event.detail.get("unlinked") for event in changes] == [None, True]


def test_another_provider_knows_nobody_by_the_identifiers_of_the_one_before(
    client, provider, settings, monkeypatch
):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    comes_back(client, provider)
    client.post("/steering/sign-out/")
    another = Provider()
    another.person["email"] = "sam@example.org"
    monkeypatch.setenv("OIDC_URL", another.url)
    settings.OIDC_NAME, settings.SOCIALACCOUNT_PROVIDERS = read_openid_connect(production=False)
    assert comes_back(client, another).status_code == 403
    another.close()


def test_nothing_that_the_provider_says_is_kept(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    provider.person |= {"name": "Pat Example", "phone_number": "020 7946 0000"}
    comes_back(client, provider)
    comes_back(client, provider)
    assert [link.extra_data for link in SocialAccount.objects.all()] == [{}]


def test_case_of_an_address_makes_no_other_person(client, provider):
    user = make_user(Role.STEERING_MEMBER, email="pat@example.org")
    User.objects.filter(pk=user.pk).update(email="Pat@Example.org")
    provider.person["email"] = "PAT@example.org"
    assert comes_back(client, provider).url == "/steering/"


def test_domain_may_be_written_in_its_other_form(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@straße.example")
    provider.person["email"] = "Pat@xn--strae-oqa.example"
    assert comes_back(client, provider).url == "/steering/"


def test_address_says_nothing_to_the_provider_but_where_to_go_on(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    plain = dict(parse_qsl(urlsplit(client.get(LOGIN).url).query))
    more = {"process": "connect", "scope": "everything", "auth_params": "prompt=none"}
    asked = dict(parse_qsl(urlsplit(client.get(LOGIN, more | {"next": "/account/"}).url).query))
    assert asked.keys() == plain.keys()
    assert asked["scope"] == plain["scope"]
    answer = client.get(f"{LOGIN}callback/", provider.authorize(asked))
    assert (answer.status_code, answer.url) == (302, "/account/")


def test_provider_that_does_not_answer_is_told_in_words(client, provider):
    provider.close()
    answer = client.get(LOGIN)
    assert answer.status_code == 503
    assert "You could not be signed in" in answer.content.decode()


@pytest.mark.parametrize(
    ("person", "has_address"),
    [
        ({"sub": "2", "email": "nobody@example.org", "email_verified": True}, True),
        ({"sub": "2", "email": "pat@example.org", "email_verified": False}, False),
        ({"sub": "2"}, False),
        ({"sub": "2", "email": '"pat"@example.org', "email_verified": True}, False),
        # Two people share it.
        ({"sub": "2", "email": "team@example.org", "email_verified": True}, True),
    ],
)
def test_anybody_else_is_told_that_they_have_no_account(
    client, provider, caplog, person, has_address
):
    for address in ("pat@example.org", "", "team@example.org", "Team@example.org"):
        make_user(Role.STEERING_MEMBER, email=address)
    provider.person = person
    answer = comes_back(client, provider)
    assert answer.status_code == 403
    assert "You have no account here" in answer.content.decode()
    assert client.get("/steering/").status_code == 302
    assert User.objects.count() == 4
    assert failures() == [{"what": "organisation account"}]
    unverified = "sign-in: the provider does not say that an address is verified"
    assert (unverified in caplog.messages) is not has_address


@pytest.mark.parametrize(
    ("in_token", "status"),
    [
        ({"xms_edov": True}, 302),
        ({"xms_edov": "1"}, 302),
        ({"email_verified": True}, 302),
        ({}, 403),
        ({"xms_edov": False}, 403),
        ({"xms_edov": True, "email_verified": False}, 403),
        ({"xms_edov": True, "email": "sam@example.org"}, 403),
    ],
)
def test_id_token_alone_may_say_that_the_address_is_verified(
    client, provider, caplog, in_token, status
):
    """Microsoft Entra has no `email_verified`, and says `xms_edov` in no answer but this."""
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    provider.person = {"sub": "1", "email": "pat@example.org"}
    provider.in_token = in_token
    assert comes_back(client, provider).status_code == status
    said = "sign-in: the provider does not say that an address is verified" in caplog.messages
    assert said is (status == 403)


def test_userinfo_that_says_an_address_is_not_verified_is_believed(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    provider.person["email_verified"] = False
    provider.in_token = {"email_verified": True}
    assert comes_back(client, provider).status_code == 403


def test_log_says_why_the_answer_of_another_issuer_cannot_be_used(client, provider, caplog):
    provider.in_token = {"iss": "https://login.example.org/another"}
    assert comes_back(client, provider).status_code == 403
    assert "sign-in: the provider's answer cannot be used: InvalidIssuerError" in caplog.messages


def test_answer_that_the_provider_never_gave_signs_nobody_in(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    query = dict(parse_qsl(urlsplit(client.get(LOGIN).url).query))
    for forged in ({"code": "made-up", "state": query["state"]}, {"code": "x", "state": "y"}):
        answer = client.get(f"{LOGIN}callback/", forged)
        assert answer.status_code == 403
        assert "You could not be signed in" in answer.content.decode()
    assert client.get("/steering/").status_code == 302


def test_second_factor_of_the_portal_is_needed_all_the_same(client, provider, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    comes_back(client, provider)
    assert client.get("/steering/").status_code == 302
    assert client.get("/account/second-factor/").status_code == 200


def test_somebody_without_a_password_takes_their_time_to_set_up_a_second_factor(
    client, provider, settings
):
    settings.SECOND_FACTOR_REQUIRED = True
    user = make_user(Role.STEERING_MEMBER, email="pat@example.org")
    User.objects.filter(pk=user.pk).update(password=make_password(None))
    comes_back(client, provider)
    began_at = clock.wall_now() - timedelta(minutes=11)
    SignIn.objects.update(began_at=began_at)
    assert client.get("/account/second-factor/app/").status_code == 200


def test_somebody_who_left_is_not_signed_in(client, provider):
    user = make_user(Role.STEERING_MEMBER, email="pat@example.org")
    comes_back(client, provider)
    client.post("/steering/sign-out/")
    User.objects.filter(pk=user.pk).update(is_active=False)
    comes_back(client, provider)
    assert client.get("/steering/").status_code == 302
    assert failures() == [{"what": "organisation account", "person": user.get_username()}]


def test_somebody_who_signs_in_again_by_the_provider_has_one_sign_in(client, provider):
    make_user(Role.STEERING_MEMBER, email="pat@example.org")
    comes_back(client, provider)
    comes_back(client, provider)
    assert SignIn.objects.count() == 1
