"""Invitations and new passwords: links that work once, in mails."""

import re
from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import account_mail, account_messages, invitations
from accounts.models import AccountMail, Invitation, User
from accounts.states import AccountMailKind, Role
from accounts.tasks import purge, send_account_mail
from core import clock
from tests.forms import form_of
from tests.makers import PASSWORD, make_call, make_user

pytestmark = pytest.mark.django_db
NEW = "three words of nobody"


def link_in(message):
    return re.search(r"http://[^/\s]+(/account/\S+)", message.body)[1]


@pytest.fixture(autouse=True)
def call():
    return make_call(slug="the-call")


def invited(address="pat@example.org", role=Role.MANAGER):
    call_command("invite", address, f"--as={role}", "--call=the-call")
    send_account_mail()
    return link_in(mail.outbox[-1])


def accepts(client, link, password=NEW):
    return client.post(
        link, {"name": "Pat Example", "new_password1": password, "new_password2": password}
    )


def test_invited_person_chooses_a_password_and_is_signed_in(client):
    link = invited()
    assert mail.outbox[0].to == ["pat@example.org"]
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
    invited("sam@example.org")
    purge()
    assert Invitation.objects.count() == 2
    Invitation.objects.update(expires_at=datetime.now(UTC))
    purge()
    assert not Invitation.objects.exists()
    assert User.objects.filter(email="pat@example.org").exists()


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


def test_pages_of_an_invitation_name_its_address(client, call):
    client.force_login(make_user(is_superuser=True))
    fields = {"email": "sam@example.org", "call": call.pk, "role": Role.CODER}
    added = client.post(INVITE, fields | {"_addanother": "1"}, follow=True)
    assert "The invitation goes to sam@example.org within a minute." in added.content.decode()
    assert added.redirect_chain == [(INVITE, 302)]
    page = f"/admin/accounts/invitation/{Invitation.objects.get().pk}/delete/"
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
    assert "Choose a call and a role there, or tick" in answer.content.decode()
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


def test_new_password_by_mail_works_once_and_ends_the_sign_ins(client):
    user = make_user(email="pat@example.org")
    client.force_login(user)
    client.post("/account/forgotten/", {"email": "Pat@example.org"})
    send_account_mail()
    link = link_in(mail.outbox[0])
    form = client.get(link, follow=True).redirect_chain[-1][0]
    assert client.post(form, {"new_password1": NEW, "new_password2": NEW}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert client.get("/account/").status_code == 302
    assert "no longer works" in client.get(link).content.decode()
    send_account_mail()
    assert mail.outbox[1].subject == "Your password for the evidence portal was changed"


def test_link_to_a_new_password_is_over_once_its_person_has_left(client):
    user = make_user(email="pat@example.org")
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "no longer works" in client.get(link_in(mail.outbox[0]), follow=True).content.decode()


def test_link_to_a_new_password_goes_to_who_signs_in_of_two_with_an_address(client):
    make_user(username="left", email="pat@example.org", is_active=False)
    make_user(username="pat", email="pat@example.org")
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    assert "for your account, pat." in mail.outbox[0].body


def test_two_with_one_address_get_a_link_each_in_one_mail(client):
    pat = make_user(username="pat", email="pat@example.org")
    sam = make_user(username="sam", email="Pat@example.org")
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    (sent,) = mail.outbox
    assert re.findall(r"for your account,? (\w+)", sent.body, re.I) == ["pat", "sam"]
    links = re.findall(r"http://[^/\s]+(/account/\S+)", sent.body)
    for number, (user, link) in enumerate(zip((pat, sam), links, strict=True)):
        form = client.get(link, follow=True).redirect_chain[-1][0]
        new = f"{NEW} {number}"
        assert client.post(form, {"new_password1": new, "new_password2": new}).status_code == 302
        user.refresh_from_db()
        assert user.check_password(new)


def test_unknown_address_gets_the_same_answer_and_no_mail(client):
    make_user(email="pat@example.org")
    answers = [
        client.post("/account/forgotten/", {"email": address}, follow=True)
        for address in ("pat@example.org", "nobody@example.org")
    ]
    assert answers[0].content == answers[1].content
    assert AccountMail.objects.count() == 2
    send_account_mail()
    assert [message.to for message in mail.outbox] == [["pat@example.org"]]
    assert AccountMail.objects.count() == 0


def test_link_to_a_new_password_goes_to_no_address_that_only_looks_alike(client):
    make_user(email="pat@mike.example")
    client.post("/account/forgotten/", {"email": "pat@mıke.example"})  # the database finds pat
    send_account_mail()
    assert mail.outbox == []
    client.post("/account/forgotten/", {"email": "PAT@Mike.example"})
    send_account_mail()
    assert [message.to for message in mail.outbox] == [["pat@mike.example"]]


def test_known_and_unknown_address_cost_the_same_queries(client, django_assert_num_queries):
    make_user(email="pat@example.org")
    client.post("/account/forgotten/", {"email": "first@example.org"})
    for address in ("pat@example.org", "nobody@example.org"):
        with django_assert_num_queries(9):
            client.post("/account/forgotten/", {"email": address})


def test_no_mail_about_a_new_password_goes_to_somebody_who_left(client):
    make_user(email="pat@example.org", is_active=False)
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (
            "Example Trust",
            "Your account, pat, has no password. You sign in with Example Trust:\n"
            "http://testserver/steering/sign-in/",
        ),
        (
            "",
            "Your account, pat, has no password. Ask the people who run the portal how you sign "
            "in.",
        ),
    ],
)
def test_whoever_has_no_password_is_told_how_to_sign_in(client, settings, provider, said):
    settings.OIDC_NAME = provider
    user = make_user(username="pat", email="pat@example.org")
    User.objects.filter(pk=user.pk).update(password="!")
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    (sent,) = mail.outbox
    assert sent.subject == "How you sign in to the evidence portal"
    assert sent.body.split("\n\n", 1)[1] == (
        f"Somebody asked for a link to a new password.\n\n{said}\n\n"
        "If you did not ask for it, you need do nothing.\n"
    )


def test_of_two_with_one_address_the_one_without_a_password_is_told_so(client, settings):
    settings.OIDC_NAME = "Example Trust"  # whose account would lead to neither of the two
    make_user(username="pat", email="pat@example.org")
    sam = make_user(username="sam", email="pat@example.org")
    User.objects.filter(pk=sam.pk).update(password="!")
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    send_account_mail()
    (sent,) = mail.outbox
    assert sent.subject == "Choose a new password for the evidence portal"
    assert sent.body.count("/account/new-password/") == 1
    assert "new password for your account, pat." in sent.body
    assert "Your account, sam, has no password. Ask the people who run the portal" in sent.body


def test_mail_server_that_is_away_delays_a_mail_and_loses_none(client, monkeypatch):
    make_user(email="pat@example.org")
    client.post("/account/forgotten/", {"email": "pat@example.org"})

    def refuse(*_args, **_options):
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        send_account_mail()
    waiting = AccountMail.objects.get()
    assert (waiting.state, mail.outbox) == ("waiting", [])
    monkeypatch.setattr("core.clock.wall_now", lambda: waiting.next_attempt_at)
    send_account_mail()
    assert len(mail.outbox) == 1


def refused_with(monkeypatch, error):
    def refuse(*_args, **_options):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)


GONE = SMTPRecipientsRefused({"pat@example.org": (550, b"5.1.1 pat@example.org unknown")})


def test_invitation_that_is_refused_for_good_is_shown_to_administrators(client, monkeypatch):
    client.force_login(make_user(is_superuser=True))
    invitations_page = "/admin/accounts/invitation/"

    def invite(address):
        call_command("invite", address, "--as=coder", "--call=the-call")
        return Invitation.objects.get(email=address)

    made = invite("pat@example.org")
    assert "Waits to be sent" in client.get(invitations_page).content.decode()
    with monkeypatch.context() as patch:
        refused_with(patch, GONE)
        send_account_mail()
    said = "There is no such mailbox at the address. (550 5.1.1)"
    for page in (invitations_page, f"{invitations_page}{made.pk}/change/"):
        assert f"Did not arrive. {said}" in client.get(page).content.decode()
    first = client.get("/admin/").content.decode()
    assert f"Invitation to pat@example.org: it did not arrive. {said}" in first
    assert f'href="{invitations_page}{made.pk}/change/"' in first
    assert "Nothing waits for you" not in first
    send_account_mail()
    assert mail.outbox == []
    invite("pat@example.org")
    assert "did not arrive" not in client.get("/admin/").content.decode()
    send_account_mail()
    assert ">Sent<" in client.get(invitations_page).content.decode()


def test_invitations_with_their_mails_are_listed_in_the_same_queries(client):
    client.force_login(make_user(is_superuser=True))

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get("/admin/accounts/invitation/")
        return len(caught)

    call_command("invite", "pat@example.org", "--as=coder", "--call=the-call")
    queries()
    before = queries()
    for name in ("sam", "kim"):
        call_command("invite", f"{name}@example.org", "--as=coder", "--call=the-call")
    assert queries() == before


def test_mail_to_a_user_that_is_refused_for_good_is_shown_until_the_address_changes(
    client, monkeypatch
):
    client.force_login(make_user(is_superuser=True))
    user = make_user(email="pat@example.org")
    page = f"/admin/accounts/user/{user.pk}/change/"
    with monkeypatch.context() as patch:
        refused_with(patch, GONE)
        account_mail.tell(user, AccountMailKind.PASSWORD_CHANGED, at=clock.wall_now())
        send_account_mail()
    assert "Notice of a changed password: it did not arrive." in client.get(page).content.decode()
    assert "q=pat%40example.org" in client.get("/admin/").content.decode()
    client.post(page, form_of(client.get(page), "user_form") | {"email": "p@example.org"})
    assert "it did not arrive" not in client.get(page).content.decode()
    assert "it did not arrive" not in client.get("/admin/").content.decode()


def test_notice_that_an_old_address_refuses_is_shown_to_nobody(client, monkeypatch):
    """Nobody has the address any more, and often for that very reason."""
    client.force_login(make_user(is_superuser=True))
    user = make_user(email="pat@example.org")
    page = f"/admin/accounts/user/{user.pk}/change/"
    refused_with(monkeypatch, GONE)
    client.post(page, form_of(client.get(page), "user_form") | {"email": "p@example.org"})
    assert AccountMail.objects.get().to_address == "pat@example.org"
    send_account_mail()
    assert not AccountMail.objects.exists()
    assert "it did not arrive" not in client.get("/admin/").content.decode()


def test_mail_that_no_server_took_for_a_day_fails_and_is_deleted_after_a_week(monkeypatch):
    now = clock.wall_now()
    make_user(email="pat@example.org")
    kind = AccountMailKind.NEW_PASSWORD
    for address in ("pat@example.org", "typed@example.org"):
        account_mail.enqueue(kind, to=address, at=now - timedelta(hours=25))
    refused_with(monkeypatch, OSError())
    monkeypatch.setattr(
        "accounts.account_messages.write", lambda *_args, **_options: EmailMessage()
    )
    send_account_mail()
    (left,) = AccountMail.objects.all()
    assert (left.state, left.to_address) == ("failed", "pat@example.org")
    assert "for a day" in left.last_error
    for age, is_there in ((timedelta(days=6), True), (timedelta(days=7), False)):
        AccountMail.objects.update(created_at=now - age)
        purge()
        assert AccountMail.objects.exists() == is_there


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SMTPRecipientsRefused({"a": (450, b"later")}), "waiting"),
        (SMTPRecipientsRefused({"a": (535, b"who are you")}), "waiting"),
        (SMTPSenderRefused(550, b"no", "portal@example.org"), "waiting"),
        (SMTPDataError(554, b"no"), "failed"),
    ],
)
def test_only_what_concerns_this_mail_is_refused_for_good(monkeypatch, error, state):
    make_user(email="pat@example.org")
    account_mail.enqueue(AccountMailKind.TOKEN_ENDS, to="pat@example.org", at=clock.wall_now())
    refused_with(monkeypatch, error)
    send_account_mail()
    assert AccountMail.objects.get().state == state


def test_slow_mail_server_leaves_the_rest_to_the_next_run(monkeypatch):
    now = clock.wall_now()
    standing = {"now": now}
    monkeypatch.setattr("core.clock.wall_now", lambda: standing["now"])
    for number in range(5):
        kind, to = AccountMailKind.PASSWORD_CHANGED, f"pat{number}@example.org"
        account_mail.enqueue(kind, to=to, at=now)
    send = EmailMessage.send

    def slowly(message):
        standing["now"] += timedelta(seconds=19)
        return send(message)

    monkeypatch.setattr(EmailMessage, "send", slowly)
    send_account_mail()
    assert [message.to for message in mail.outbox] == [[f"pat{n}@example.org"] for n in range(3)]
    assert [row.state for row in AccountMail.objects.all()] == ["waiting", "waiting"]
    send_account_mail()
    assert len(mail.outbox) == 5


def test_mail_that_a_dead_worker_claimed_goes_out(client):
    make_user(email="pat@example.org")
    now = datetime.now(UTC)
    client.post("/account/forgotten/", {"email": "pat@example.org"})
    assert len(account_mail.claim_due(wall_now=now)) == 1
    assert account_mail.claim_due(wall_now=now + timedelta(seconds=60)) == []
    assert len(account_mail.claim_due(wall_now=now + timedelta(seconds=91))) == 1


def test_own_password_is_asked_for_before_it_is_changed(client):
    user = make_user()
    client.force_login(user)
    for old, code in (("nothing like it", 200), (PASSWORD, 302)):
        fields = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
        assert client.post("/account/password/", fields).status_code == code
