"""Invitations: links that work once, in mails."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import account_mail, account_messages, invitations
from accounts.models import AccountMail, Invitation, User
from accounts.states import AccountMailKind, Role
from accounts.tasks import purge, send_account_mail
from core import clock
from core.admin.uk_time import in_uk_time
from tests.accounts.inviting import NEW, accepts, invited, link_in
from tests.forms import form_of
from tests.makers import make_call, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def call():
    return make_call(slug="the-call")


def test_invited_person_chooses_a_password_and_is_signed_in(client):
    link = invited()
    assert mail.outbox[0].to == ["pat@example.org"]
    assert mail.outbox[0].message()["Message-ID"].endswith("@testserver>")
    answer = accepts(client, link)
    assert (answer.status_code, answer.url) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200
    user = User.objects.get(username="pat@example.org")
    assert [(m.call.slug, m.role) for m in user.memberships.all()] == [("the-call", Role.MANAGER)]
    assert (user.first_name, user.is_superuser, user.check_password(NEW)) == (
        "Pat Example",
        False,
        True,
    )


def test_mail_to_an_address_that_no_mail_reaches_keeps_no_other_back():
    kind = AccountMailKind.SECOND_FACTOR
    account_mail.enqueue(kind, to="admin@rehearsal.invalid", at=clock.wall_now())
    invited()
    assert [sent.to for sent in mail.outbox] == [["pat@example.org"]]
    assert not AccountMail.objects.exists()


def test_mail_that_cannot_be_written_keeps_no_other_back_and_is_tried_again(monkeypatch):
    def broken(*_):
        raise KeyError("a template")

    monkeypatch.setitem(account_messages._WRITERS, AccountMailKind.TOKEN_ENDS, broken)
    account_mail.enqueue(AccountMailKind.TOKEN_ENDS, to="ada@example.org", at=clock.wall_now())
    invited()
    assert [sent.to for sent in mail.outbox] == [["pat@example.org"]]
    (left,) = AccountMail.objects.all()
    assert (left.state, left.next_attempt_at > clock.wall_now()) == ("waiting", True)


def test_inviting_the_same_address_in_capitals_ends_the_link_before(client):
    before = invited("Pat@example.org")
    invited("pat@example.org", role=Role.CODER)
    assert client.get(before).status_code == 410


def test_steering_group_is_invited_to_its_own_pages(client):
    answer = accepts(client, invited(role=Role.STEERING_MEMBER))
    assert answer.url == "/steering/"
    assert [m.role for m in User.objects.get().memberships.all()] == [Role.STEERING_MEMBER]
    assert client.get("/steering/").status_code == 200


def test_link_of_an_invitation_works_once(client):
    link = invited()
    accepts(client, link)
    for answer in (client.get(link), accepts(client, link)):
        assert answer.status_code == 410
    assert User.objects.count() == 1


def test_link_of_an_invitation_ends_after_seven_days(client, monkeypatch):
    link = invited()
    later = datetime.now(UTC) + timedelta(days=7, seconds=1)
    monkeypatch.setattr("core.clock.wall_now", lambda: later)
    assert client.get(link).status_code == 410


def test_address_of_an_invitation_is_forgotten_with_it_also_of_a_used_one(client):
    accepts(client, invited())
    User.objects.update(username="patricia", email="patricia@example.org")
    invited()
    purge()
    assert Invitation.objects.count() == 2
    Invitation.objects.update(expires_at=datetime.now(UTC))
    purge()
    assert not Invitation.objects.exists()
    assert User.objects.filter(email="patricia@example.org").exists()


def test_second_invitation_ends_the_link_of_the_first(client):
    first, second = invited(), invited()
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200
    assert Invitation.objects.count() == 1


def test_token_is_in_the_mail_only(client):
    token = invited().split("/")[-2]
    stored = str(list(Invitation.objects.values())) + str(list(AccountMail.objects.values()))
    assert token not in stored


def test_address_of_somebody_who_has_an_account_is_not_invited():
    make_user(email="pat@example.org")
    with pytest.raises(CommandError, match="has an account already"):
        call_command("invite", "PAT@example.org", "--as=administrator")


def test_address_that_is_the_username_of_somebody_else_is_not_invited(client, call):
    make_user(username="Pat@example.org", email="patricia@example.org")
    said = "Somebody with another address has the username pat@example.org."
    with pytest.raises(CommandError, match=said):
        call_command("invite", "pat@example.org", "--as=administrator")
    client.force_login(make_user(is_superuser=True))
    fields = {"email": "pat@example.org", "call": call.pk, "role": Role.CODER}
    assert said in client.post(INVITE, fields).content.decode()
    assert Invitation.objects.count() == 0


def test_invitation_that_was_used_while_its_page_was_open_is_not_said_to_be_taken_back(client):
    link = invited()
    page = f"/admin/accounts/invitation/{Invitation.objects.get().pk}/delete/"
    boss = Client()
    boss.force_login(make_user(is_superuser=True))
    boss.get(page)
    accepts(client, link)
    answer = boss.post(page, {"post": "yes"}, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said == [
        "pat@example.org made an account by this invitation: it cannot be taken back. To keep "
        "them out, untick “Active” at their user."
    ]
    assert Invitation.objects.get().used_at


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short words", "at least 12 characters"),
        ("Liverpool2019!!", "Many people use this password"),
        ("sunshinesunshine", "Many people use this password"),
        ("P4ssw0rd!!!!!", "Many people use this password"),
        ("172839405162", "entirely numeric"),
        ("pat@example.org", "too similar"),
    ],
)
def test_weak_password_is_refused(client, password, said):
    answer = accepts(client, invited(), password)
    assert said in answer.content.decode()
    assert User.objects.count() == 0


INVITE = "/admin/accounts/invitation/add/"


def test_administrator_invites_to_a_call_on_a_page_of_the_admin(client, call):
    client.force_login(make_user(is_superuser=True))
    fields = {"email": "sam@example.org", "call": call.pk, "role": Role.CODER}
    assert client.post(INVITE, fields).status_code == 302
    made = Invitation.objects.get()
    assert (made.email, made.call, made.role, made.is_administrator) == (
        "sam@example.org",
        call,
        Role.CODER,
        False,
    )
    assert [m.to_address for m in AccountMail.objects.all()] == ["sam@example.org"]
    # To the same call again, the link is a new one and nothing else. To another call, it ends.
    said = f"Their invitation to “{call}” ended: only the link sent last works."
    for other, ended in ((call, False), (make_call(slug="another-call"), True)):
        again = client.post(INVITE, fields | {"call": other.pk}, follow=True).content.decode()
        assert (said in again) == ended, other
    out = io.StringIO()
    call_command("invite", "Sam@example.org", "--as=administrator", stdout=out)
    assert "Their invitation to “" in out.getvalue()


def test_pages_of_an_invitation_name_its_address(client, call):
    client.force_login(make_user(is_superuser=True))
    fields = {"email": "sam@example.org", "call": call.pk, "role": Role.CODER}
    added = client.post(INVITE, fields | {"_addanother": "1"}, follow=True)
    assert (
        "Invited sam@example.org. The list of invitations says whether the mail was sent."
        in added.content.decode()
    )
    assert added.redirect_chain == [(INVITE, 302)]
    made = Invitation.objects.get()
    listed = client.get("/admin/accounts/invitation/").content.decode()
    assert in_uk_time(made.expires_at) in listed
    opened = client.get(f"/admin/accounts/invitation/{made.pk}/change/").content.decode()
    assert in_uk_time(made.expires_at) in opened
    page = f"/admin/accounts/invitation/{made.pk}/delete/"
    assert "Invitation: sam@example.org" in client.get(page).content.decode()
    gone = client.post(page, {"post": "yes"}, follow=True)
    assert "The invitation is taken back: sam@example.org." in gone.content.decode()
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize(
    "chosen",
    [{}, {"role": "coder"}, {"call": "its"}, {"is_administrator": "on", "role": "coder"}],
)
def test_invitation_is_to_a_call_in_a_role_or_to_administer(client, call, chosen):
    client.force_login(make_user(is_superuser=True))
    fields = {"email": "sam@example.org", **chosen}
    answer = client.post(INVITE, fields | ({"call": call.pk} if "call" in chosen else {}))
    assert answer.context["errors"] == [
        ["Choose a call and a role in it, or tick “Administrator” and choose neither."]
    ]
    assert Invitation.objects.count() == 0


def test_invited_administrator_may_do_everything(client):
    call_command("invite", "pat@example.org", "--as=administrator")
    send_account_mail()
    assert accepts(client, link_in(mail.outbox[-1])).url == "/admin/"
    assert [(u.is_superuser, u.memberships.count()) for u in User.objects.all()] == [(True, 0)]


def test_invitation_is_over_once_its_administrator_is_none(client, call):
    boss = make_user(is_superuser=True)
    client.force_login(boss)
    client.post(INVITE, {"email": "sam@example.org", "call": call.pk, "role": Role.CODER})
    send_account_mail()
    link = link_in(mail.outbox[-1])
    assert client.get(link).status_code == 200
    User.objects.filter(pk=boss.pk).update(is_superuser=False)
    assert client.get(link).status_code == 410


def test_administrator_who_is_none_while_the_password_is_hashed_invited_nobody(call):
    boss = make_user(is_superuser=True)
    now = datetime.now(UTC)
    made = invitations.invite(
        email="sam@example.org", call=None, role=None, by=boss, at=now, wall_now=now
    )
    invitations.make_token(made)
    User.objects.filter(pk=boss.pk).update(is_superuser=False)
    assert invitations.accept(made, name="Sam", password_hash="!", at=now, wall_now=now) is None


def test_invitation_that_is_sent_again_while_the_password_is_hashed_ends_its_first_link():
    now = datetime.now(UTC)
    made = invitations.invite(
        email="sam@example.org", call=None, role=None, by=None, at=now, wall_now=now
    )
    before = invitations.find(invitations.make_token(made), wall_now=now)
    invitations.make_token(made)
    assert invitations.accept(before, name="Sam", password_hash="!", at=now, wall_now=now) is None


def test_invitation_is_over_once_its_address_has_an_account(client):
    link = invited()
    make_user(username="pat", email="Pat@example.org")
    assert accepts(client, link).status_code == 410
    assert User.objects.count() == 1


def test_two_addresses_that_begin_with_the_same_150_characters_make_one_account(client):
    links = [invited(f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{end}") for end in ("org", "com")]
    assert [accepts(client, link).status_code for link in links] == [302, 410]


def test_administrator_saves_the_user_of_an_address_that_is_no_username_to_django(client):
    accepts(client, invited("o'brien@example.org"))
    client.force_login(make_user(is_superuser=True))
    user = User.objects.get(email="o'brien@example.org")
    page = f"/admin/accounts/user/{user.pk}/change/"
    fields = form_of(client.get(page), "user_form")
    del fields["is_active"]
    client.post(page, fields)
    user.refresh_from_db()
    assert (user.is_active, user.username) == (False, "o'brien@example.org")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--as=coder"], "in which call"),
        (["--as=coder", "--call=another"], r"there is no call another\. Calls: the-call"),
        (["--as=administrator", "--call=the-call"], "leave --call out"),
    ],
)
def test_command_that_invites_says_what_is_missing(options, said):
    with pytest.raises(CommandError, match=said):
        call_command("invite", "pat@example.org", *options)
