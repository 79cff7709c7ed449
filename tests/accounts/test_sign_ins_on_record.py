"""What people do about signing in is on record, without anything that was typed."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import tries
from accounts.account_mail import tell
from accounts.models import AuditEvent, Invitation, Tries, User
from accounts.states import AccountMailKind, Role
from accounts.tasks import send_account_mail
from core import clock
from tests.forms import form_of
from tests.makers import PASSWORD, make_call, make_user, without_key

pytestmark = pytest.mark.django_db
SIGN_IN = "/steering/sign-in/"
NEW = "three words of nobody"


def recorded():
    """Action, who did it, and the details without keys, the first one first."""
    return [
        (event.action, event.actor and event.actor.username, without_key(event.detail))
        for event in AuditEvent.objects.order_by("pk")
    ]


def sign_in(user, password=PASSWORD):
    client = Client()
    client.post(SIGN_IN, {"username": user.username, "password": password})
    return client


def set_up_app(client):
    page = client.get("/account/second-factor/app/").content.decode()
    secret = re.search(r"<code>(\w+)</code>", page)[1]
    client.post("/account/second-factor/app/", {"code": code_of(secret)})
    Authenticator.objects.update(last_used_at=None)
    return secret


def code_of(secret):
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def test_signing_in_and_out_is_on_record():
    client = sign_in(make_user(username="pat"))
    client.post("/steering/sign-out/")
    assert recorded() == [("signed_in", "pat", {"second_factor": False}), ("signed_out", "pat", {})]


def test_ended_sign_in_is_on_record():
    user = make_user(username="pat")
    client = sign_in(user)
    client.post(f"/account/sign-ins/{user.sign_ins.get().pk}/end/")
    assert recorded()[1:] == [("sign_in_ended", "pat", {})]


def test_failure_is_on_record_with_whose_name_it_was_and_nothing_that_was_typed():
    make_user(username="pat")
    for name in ("pat", " pat", "a-password-in-the-wrong-place"):
        Client().post(SIGN_IN, {"username": name, "password": "typed-words"})
    known = ("sign_in_failed", None, {"what": "password", "person": "pat"})
    assert recorded() == [known, known, ("sign_in_failed", None, {"what": "password"})]


def test_try_within_a_pause_is_no_failure_more():
    make_user(username="pat")
    for _ in range(9):
        Client().post(SIGN_IN, {"username": "pat", "password": "typed-words"})
    assert len(recorded()) == 5


def test_second_factor_is_on_record_from_its_set_up_to_its_end():
    user = make_user(username="pat")
    first = sign_in(user)
    secret = set_up_app(first)
    other = sign_in(user)
    other.post("/account/second-factor/code/", {"code": "000000"})
    other.post("/account/second-factor/code/", {"code": code_of(secret)})
    other.post("/account/second-factor/recovery-codes/new/")
    other.post("/account/second-factor/app/remove/")
    assert recorded()[1:] == [
        ("second_factor_set_up", "pat", {"factor": "app"}),
        ("sign_in_failed", None, {"what": "code", "person": "pat"}),
        ("signed_in", "pat", {"second_factor": True}),
        ("second_factor_set_up", "pat", {"factor": "recovery codes"}),
        ("second_factor_removed", "pat", {"factor": "app"}),
    ]


def test_second_factor_that_the_server_takes_away_is_on_record():
    user = make_user(username="pat")
    set_up_app(sign_in(user))
    for _ in range(2):  # the second time there is none
        call_command("remove_second_factor", "Pat")
    assert recorded()[2:] == [("second_factor_removed", None, {"person": "pat"})]


def test_second_factor_of_nobody_is_not_taken_away():
    with pytest.raises(CommandError, match=r"nobody with the username pat\. .* in /admin/"):
        call_command("remove_second_factor", "pat")


def test_new_passwords_are_on_record_with_how():
    user = make_user(username="pat", email="pat@example.org")
    client = sign_in(user)
    fields = {"new_password1": NEW, "new_password2": NEW}
    client.post("/account/password/", fields | {"old_password": "typed-words"})
    client.post("/account/password/", fields | {"old_password": PASSWORD})
    send_account_mail()
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    link = re.search(r"http://[^/\s]+(/account/\S+)", mail.outbox[-1].body)[1]
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"new_password1": NEW + "!", "new_password2": NEW + "!"})
    assert recorded()[1:] == [
        ("sign_in_failed", None, {"what": "password asked again", "person": "pat"}),
        ("password_changed", "pat", {"how": "changed it"}),
        ("password_changed", "pat", {"how": "by a link that was sent"}),
    ]


def test_password_that_an_administrator_sets_is_on_record(client):
    client.force_login(make_user(username="boss", is_superuser=True))
    other = make_user(username="pat")
    page = f"/admin/accounts/user/{other.pk}/password/"
    etag = client.get(page).context["form"]["base_etag"].value()
    fields = {"usable_password": "true", "password1": NEW, "password2": NEW, "base_etag": etag}
    tries.count_try(tries.of_account("password", "pat"), at=clock.wall_now())
    assert client.post(page, fields).status_code == 302
    assert recorded() == [("password_changed", "boss", {"person": "pat"})]
    assert not Tries.objects.exists()  # nobody waits with it for tries of the one before


def subjects():
    send_account_mail()
    return [(message.to, message.subject) for message in mail.outbox]


def test_person_hears_of_a_password_that_an_administrator_sets(client):
    client.force_login(make_user(is_superuser=True))
    other = make_user(email="pat@example.org")
    page = f"/admin/accounts/user/{other.pk}/password/"
    etag = client.get(page).context["form"]["base_etag"].value()
    fields = {"usable_password": "true", "password1": NEW, "password2": NEW}
    client.post(page, fields)
    assert subjects() == []
    client.post(page, fields | {"base_etag": etag})
    assert subjects() == [
        (["pat@example.org"], "Your password for the evidence portal was changed")
    ]


def test_whoever_has_no_password_is_sent_to_no_page_for_another(client, settings):
    settings.OIDC_NAME = "Example Trust"
    client.force_login(make_user(is_superuser=True))
    other = make_user(email="pat@example.org")
    page = f"/admin/accounts/user/{other.pk}/password/"
    posted = form_of(client.get(page)) | {"usable_password": "false"}
    client.post(page, posted | {"set-password": "1"})  # contradicts itself: nothing is saved
    assert (recorded(), subjects()) == ([], [])
    client.post(page, posted | {"unset-password": "1"})
    assert [action for action, *_ in recorded()] == ["password_changed"]
    tell(other, AccountMailKind.SECOND_FACTOR, at=clock.wall_now())
    send_account_mail()
    switched_off, second_factor = (message.body for message in mail.outbox)
    assert "An administrator switched the password of your account off" in switched_off
    assert "If it was not you, tell the people who run the portal at once." in second_factor
    assert "/account/forgotten/" not in switched_off + second_factor


def test_person_hears_of_a_second_factor_that_the_server_takes_away():
    user = make_user(username="pat", email="pat@example.org")
    call_command("remove_second_factor", "pat")
    assert subjects() == []
    Authenticator.objects.create(user=user, type="totp", data={})
    call_command("remove_second_factor", "pat")
    assert subjects() == [
        (["pat@example.org"], "Your second factor for the evidence portal was changed")
    ]


def test_old_address_hears_that_an_administrator_changed_it(client):
    client.force_login(make_user(username="boss", is_superuser=True))
    other = make_user(username="pat", email="pat@example.org")
    page = f"/admin/accounts/user/{other.pk}/change/"

    def changed_to(address):
        fields = form_of(client.get(page), "user_form") | {"email": address}
        return client.post(page, fields, follow=True).content.decode()

    assert "A mail tells" not in changed_to("Pat@Example.org")
    assert subjects() == []
    assert "A mail tells Pat@example.org that the address changed." in changed_to("p@example.org")
    about = (["Pat@example.org"], "Your address for the evidence portal was changed")
    assert subjects() == [about]
    assert "p@example.org" not in mail.outbox[0].body
    changed_to("")
    changed_to("pat@example.org")
    assert subjects() == [about, (["p@example.org"], about[1])]


def test_username_that_an_administrator_changes_is_on_record_with_the_one_before(client):
    client.force_login(make_user(username="boss", is_superuser=True))
    other = make_user(username="pat")
    page = f"/admin/accounts/user/{other.pk}/change/"
    fields = form_of(client.get(page), "user_form") | {"username": "patricia"}
    assert client.post(page, fields).status_code == 302
    detail = {"person": "patricia", "changed": ["username"], "before": "pat"}
    assert recorded() == [("person_changed", "boss", detail)]


def test_invitation_is_on_record_until_the_account_is_there(client):
    call = make_call()
    boss = make_user(username="boss", is_superuser=True)
    client.force_login(boss)
    fields = {"email": "sam@example.org", "call": call.pk, "role": Role.CODER}
    client.post("/admin/accounts/invitation/add/", fields)
    made = Invitation.objects.get().pk
    send_account_mail()
    link = re.search(r"http://[^/\s]+(/account/\S+)", mail.outbox[-1].body)[1]
    Client().post(link, {"name": "Sam", "new_password1": NEW, "new_password2": NEW})
    sam = "sam@example.org"
    assert recorded() == [
        ("person_invited", "boss", {"invitation": made, "role": "coder"}),
        ("invitation_accepted", sam, {"invitation": made}),
        ("membership_given", "boss", {"person": sam, "role": "coder", "invitation": made}),
        ("signed_in", sam, {"second_factor": False}),
    ]
    assert [e.call for e in AuditEvent.objects.order_by("pk")] == [call, None, call, None]


def test_invitation_that_is_taken_back_is_on_record(client):
    call_command("invite", "sam@example.org", "--as=administrator")
    made = Invitation.objects.get().pk
    client.force_login(make_user(username="boss", is_superuser=True))
    client.post(f"/admin/accounts/invitation/{made}/delete/", {"post": "yes"})
    assert recorded() == [
        ("person_invited", None, {"invitation": made, "role": "administrator"}),
        ("invitation_revoked", "boss", {"invitation": made}),
    ]


def test_grant_to_administer_is_on_record(client):
    client.force_login(make_user(username="boss", is_superuser=True))
    other = make_user(username="pat", email="pat@example.org")
    page = f"/admin/accounts/user/{other.pk}/change/"
    seen = client.get(page).context["adminform"].form
    fields = {name: seen[name].value() or "" for name in seen.fields} | {"is_superuser": "on"}
    fields = {name: value for name, value in fields.items() if value not in (None, "", False)}
    assert client.post(page, fields).status_code == 302
    assert User.objects.get(pk=other.pk).is_superuser
    detail = {"person": "pat", "changed": ["is_superuser"], "is_superuser": True}
    assert recorded() == [("person_changed", "boss", detail)]
