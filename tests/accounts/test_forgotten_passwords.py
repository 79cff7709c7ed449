"""New passwords: links that work once, in mails, and what whoever has no password hears."""

import re

import pytest
from django.core import mail

from accounts.models import AccountMail, User
from accounts.tasks import send_account_mail
from tests.accounts.inviting import NEW, link_in
from tests.makers import PASSWORD, make_user

pytestmark = pytest.mark.django_db


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


def test_own_password_is_asked_for_before_it_is_changed(client):
    user = make_user()
    client.force_login(user)
    for old, code in (("nothing like it", 200), (PASSWORD, 302)):
        fields = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
        assert client.post("/account/password/", fields).status_code == code
