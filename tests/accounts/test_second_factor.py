"""The second factor: set up before anything else is shown, asked for at each sign-in."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.test import Client

from accounts.adapters import MFAAdapter
from accounts.models import AuditEvent, SignIn, Tries
from accounts.states import Role
from core import clock
from tests.makers import PASSWORD, make_call, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def codes_to_scan_are_not_drawn(monkeypatch, request):
    """One takes as long as three pages; where somebody sets an app up first, it is drawn."""
    if "nobody_gets_a_page" not in request.node.name:
        monkeypatch.setattr(MFAAdapter, "build_totp_svg", lambda _adapter, _url: "<svg/>")


@pytest.fixture
def needed(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    make_call(slug="the-call")


def code_of(secret):
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def sign_in(client, user, to="/admin/login/"):
    return client.post(to, {"username": user.username, "password": PASSWORD})


def set_up_app(client):
    page = client.get("/account/second-factor/app/").content.decode()
    secret = re.search(r"<code>(\w+)</code>", page)[1]
    answer = client.post("/account/second-factor/app/", {"code": code_of(secret)})
    return secret, answer


@pytest.mark.parametrize(
    ("role", "page"), [(Role.MANAGER, "/admin/"), (Role.STEERING_MEMBER, "/steering/")]
)
def test_nobody_gets_a_page_before_the_second_factor_is_set_up(client, needed, role, page):
    user = make_user(role)
    sign_in(client, user)
    assert client.get(page).status_code == 302
    assert client.get("/admin/submissions/submission/").status_code == 302
    assert client.get("/steering/the-call/export.csv").status_code == 302
    led = client.get(page, follow=True)
    assert led.redirect_chain[-1] == ("/account/second-factor/", 302)
    assert 'src="data:image/svg+xml' in client.get("/account/second-factor/app/").content.decode()
    _, answer = set_up_app(client)
    assert answer.url == "/account/second-factor/recovery-codes/"
    assert client.get(page).status_code == 200


@pytest.mark.parametrize(("minutes", "is_asked"), [(9, False), (11, True)])
def test_password_is_asked_for_again_ten_minutes_after_a_sign_in(client, minutes, is_asked):
    sign_in(client, make_user(Role.MANAGER))
    SignIn.objects.update(began_at=clock.wall_now() - timedelta(minutes=minutes))
    answer = client.get("/account/second-factor/app/")
    assert answer.headers.get("Location", "").startswith("/account/again/") is is_asked


def test_sign_in_asks_for_the_code_and_takes_each_once(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    other = Client()
    answer = sign_in(other, user)
    assert answer.url == "/account/second-factor/code/"
    assert other.get("/admin/").status_code == 302
    wrong = other.post("/account/second-factor/code/", {"code": "000000"})
    assert "The code is wrong" in wrong.content.decode()
    assert other.get("/admin/").status_code == 302
    Authenticator.objects.update(last_used_at=None)
    code = code_of(secret)
    right = other.post("/account/second-factor/code/", {"code": code})
    assert right.url == "/admin/"
    assert other.get("/admin/").status_code == 200
    third = Client()
    sign_in(third, user)
    again = third.post("/account/second-factor/code/", {"code": code})
    assert again.status_code == 200
    assert third.get("/admin/").status_code == 302


def test_code_that_one_process_took_is_refused_by_another(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    code = code_of(secret)
    for typed, is_let_in in ((code, True), (f"{code[:3]}-{code[3:]}", False)):
        browser = Client()
        sign_in(browser, user)
        answer = browser.post("/account/second-factor/code/", {"code": typed})
        assert (answer.status_code == 302) == is_let_in
        assert (browser.get("/admin/").status_code == 200) == is_let_in
        cache.clear()  # what another process does not have
    assert "The code is wrong" in answer.content.decode()


def test_recovery_code_is_shown_once_and_works_once(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    set_up_app(client)
    page = client.get("/account/second-factor/recovery-codes/").content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)
    assert len(codes) == 10
    assert "You have 10 recovery codes left." in client.get("/account/").content.decode()
    assert codes[0] not in client.get("/account/second-factor/recovery-codes/").content.decode()
    for opens in (True, False):
        other = Client()
        sign_in(other, user)
        answer = other.post("/account/second-factor/code/", {"code": codes[0]})
        assert (other.get("/admin/").status_code == 200) is opens
    said = errors_of(answer)
    assert said == [
        "The code is wrong. Type the one that your app shows now, or a recovery code that you have "
        "not used yet: each works once"
    ]
    assert errors_of(other.post("/account/second-factor/code/", {"code": "00000000"})) == said
    assert "You have 9 recovery codes left." in client.get("/account/").content.decode()


def test_wrong_code_of_an_app_that_is_set_up_says_nothing_of_recovery_codes(client, needed):
    sign_in(client, make_user(Role.MANAGER))
    client.get("/account/second-factor/app/")
    assert errors_of(client.post("/account/second-factor/app/", {"code": "000000"})) == [
        "The code is wrong. Type the one that your app shows now"
    ]


def test_secret_is_not_in_the_database_as_it_is(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    totp = Authenticator.objects.get(type="totp")
    assert secret not in str(totp.data)
    assert decrypt(totp.data["secret"]) == secret


def test_second_factor_that_is_set_up_ends_the_other_sign_ins(client, needed):
    user = make_user(Role.MANAGER)
    other = Client()
    sign_in(other, user)
    sign_in(client, user)
    assert other.get("/account/").status_code == 200
    Client().force_login(make_user(Role.MANAGER))
    set_up_app(client)
    assert other.get("/account/").status_code == 302
    assert SignIn.objects.get(user=user).second_factor
    assert not SignIn.objects.exclude(user=user).get().second_factor


def test_second_factor_that_is_taken_away_has_to_be_set_up_again(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    set_up_app(client)
    assert client.get("/admin/").status_code == 200
    client.post("/account/second-factor/app/remove/")
    assert client.get("/admin/").status_code == 302


def test_wrong_codes_earn_a_pause(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    Authenticator.objects.update(last_used_at=None)
    other = Client()
    sign_in(other, user)
    for _ in range(5):
        other.post("/account/second-factor/code/", {"code": "000000"})
    refused = other.post("/account/second-factor/code/", {"code": code_of(secret)})
    assert "There were several wrong tries. Wait 5 seconds" in refused.content.decode()
    assert other.get("/admin/").status_code == 302


def test_without_the_need_nobody_is_asked(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    make_call()
    sign_in(client, make_user(Role.MANAGER))
    assert client.get("/admin/").status_code == 200


JUNK = ["{}", "[]", '"words"', '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}']


def errors_of(answer):
    """What the summary of errors says."""
    page = answer.content.decode()
    assert ("Error:" in page.partition("</title>")[0]) == ("error-summary" in page)
    summary = page.partition('class="error-summary"')[2].partition("</div>")[0]
    return [re.sub("<.*?>", "", text) for text in re.findall(r"<li>(.*?)</li>", summary)]


def test_what_no_passkey_made_is_refused_in_words(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    typed = [*JUNK, "", "no JSON"]
    refused = [["The passkey was not accepted. Try again"]] * len(typed)

    def said(browser, page):
        for credential in typed:
            Tries.objects.all().delete()  # several would earn a pause
            browser.get(page)
            yield errors_of(browser.post(page, {"credential": credential}))

    assert [*said(client, "/account/second-factor/passkeys/add/")] == refused
    set_up_app(client)
    other = Client()
    sign_in(other, user)
    assert [*said(other, "/account/second-factor/code/")] == refused
    assert other.get("/admin/").status_code == 302


def test_passkey_within_a_pause_is_told_so(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    set_up_app(client)
    other = Client()
    sign_in(other, user)
    for _ in range(5):
        other.post("/account/second-factor/code/", {"credential": JUNK[-1]})
    answer = other.post("/account/second-factor/code/", {"credential": JUNK[-1]})
    assert errors_of(answer) == ["There were several wrong tries. Wait 5 seconds, then try again"]


def test_somebody_with_a_second_factor_signs_in_where_somebody_else_is_signed_in(client, needed):
    user, before = make_user(Role.MANAGER), make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    shared = Client()
    sign_in(shared, before)
    set_up_app(shared)
    answer = sign_in(shared, user, "/steering/sign-in/")
    assert answer.url == "/account/second-factor/code/"
    assert not SignIn.objects.filter(user=before).exists()
    assert shared.get(answer.url).status_code == 200
    shared.post(answer.url, {"code": code_of(secret)})
    assert shared.get("/account/").context["user"] == user


def test_app_that_is_set_up_by_two_presses_leads_to_its_recovery_codes(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    again = client.post("/account/second-factor/app/", {"code": code_of(secret)})
    assert again.url == "/account/second-factor/recovery-codes/"
    assert client.get("/account/second-factor/app/").url == "/account/second-factor/"


CHANGED_MEANWHILE = {
    "password": lambda user: user.set_password("three words of nobody"),
    "left": lambda user: setattr(user, "is_active", False),
}


@pytest.mark.parametrize("change", CHANGED_MEANWHILE.values(), ids=CHANGED_MEANWHILE)
def test_code_signs_nobody_in_whose_password_counts_no_more(client, needed, change):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    secret, _ = set_up_app(client)
    other = Client()
    sign_in(other, user)
    change(user)
    user.save()
    SignIn.objects.all().delete()
    answer = other.post("/account/second-factor/code/", {"code": code_of(secret)})
    assert answer.url == "/steering/sign-in/"
    assert SignIn.objects.count() == 0
    assert AuditEvent.objects.filter(action="signed_in").count() == 1
    assert other.get("/account/second-factor/code/").status_code == 302


def test_key_of_before_counts_as_long_as_it_is_named(client, needed, settings):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    set_up_app(client)
    page = client.get("/account/second-factor/recovery-codes/").content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", page)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "of today"
    for code, named in zip(codes, ([before], []), strict=False):
        settings.SECRET_KEY_FALLBACKS = named
        other = Client()
        sign_in(other, user)
        other.post("/account/second-factor/code/", {"code": code})
        assert (other.get("/admin/").status_code == 200) is bool(named)


def test_recovery_codes_of_another_secret_key_are_made_anew(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    set_up_app(client)
    codes = Authenticator.objects.get(type="recovery_codes")
    Authenticator.objects.filter(pk=codes.pk).update(data=codes.data | {"seed": "of another key"})
    assert "You have 0 recovery codes left." in client.get("/account/").content.decode()
    new = "/account/second-factor/recovery-codes/new/"
    assert client.get("/account/second-factor/recovery-codes/").url == new
    assert client.get(new).status_code == 200
    made = client.post(new, follow=True).content.decode()
    assert len(re.findall(r"<li><code>(\d+)</code>", made)) == 10


def test_passkeys_can_be_told_apart(client, needed):
    user = make_user(Role.MANAGER)
    sign_in(client, user)
    added = datetime(2026, 6, 3, 12, tzinfo=UTC)
    for used in (None, datetime(2026, 7, 1, 12, tzinfo=UTC)):
        name = MFAAdapter().generate_authenticator_name(user, Authenticator.Type.WEBAUTHN)
        key = Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
        )
        Authenticator.objects.filter(pk=key.pk).update(created_at=added, last_used_at=used)
    page = " ".join(client.get("/account/second-factor/").content.decode().split())
    assert "<li>Passkey, added on 3 June 2026. <a" in page
    second = "Passkey 2, added on 3 June 2026, last used on 1 July 2026."
    assert f"<li>{second} <a" in page
    remove = client.get(f"/account/second-factor/passkeys/{key.pk}/remove/").content.decode()
    assert f"<p>{second}" in remove
