"""Mails about accounts, where a mail server is away, slow, or refuses them."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import account_mail
from accounts.models import AccountMail, Invitation
from accounts.states import AccountMailKind
from accounts.tasks import purge, send_account_mail
from core import clock
from tests.forms import form_of
from tests.makers import make_call, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def call():
    return make_call(slug="the-call")


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
    assert "Nothing waits for you" not in client.get("/admin/accounts/").content.decode()
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
    limits = send_account_mail.soft_time_limit, send_account_mail.time_limit
    assert limits[0] < limits[1] < account_mail.CLAIM_LASTS.total_seconds()
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
