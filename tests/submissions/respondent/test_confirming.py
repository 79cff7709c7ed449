"""The page behind the link of a receipt: it confirms an address, and opens nothing."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from submissions.mail.rendering import render
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, returning
from submissions.responses.confirmed_addresses import confirmed_among, is_confirmed_address
from submissions.responses.housekeeping import clear
from submissions.responses.models import ReturnAddress
from tests.makers import make_call, make_submitted, mark_as_sent, send_link, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt(at):
    """The receipt of a response, sent to an address that nobody has confirmed."""
    call = make_call()
    at(while_open(call))
    return receipt_of(call, at)


def receipt_of(call, at):
    submission = make_submitted(call, email="jo@example.org", story="Mine.")
    mail = submission.mails.get()
    mark_as_sent(mail, at=mail.created_at)
    at(mail.created_at + timedelta(minutes=5))
    return mail


def address_in(mail):
    """The path of the link, as the mail has it."""
    return re.search(
        r"/calls/[\w-]+/confirm/[\w-]{43}/", render(mail, at=mail.created_at).message.body
    )[0]


def test_looking_confirms_nothing_as_scanners_do_it(client, receipt):
    page = client.get(address_in(receipt))
    assert page.status_code == 200
    assert "Confirm my email address" in page.content.decode()
    assert confirmed_among([receipt]) == set()
    assert OutboxEmail.objects.count() == 1


def test_pressing_confirms_the_address_and_has_the_answers_sent_there_once(client, receipt):
    address = address_in(receipt)
    for _ in range(2):
        page = client.post(address)
        assert "Your email address is confirmed" in page.content.decode()
    assert confirmed_among([receipt]) == {receipt.pk}
    assert is_confirmed_address(receipt.submission, "JO@example.org")
    copy = OutboxEmail.objects.get(resend_of=receipt)
    rendered = render(copy, at=copy.created_at)
    assert "Mine." in rendered.message.body
    assert "/confirm/" not in rendered.message.body
    assert OutboxEmail.objects.count() == 2


def test_answers_are_not_sent_again_once_nobody_can_read_that_they_were(client, receipt, at):
    client.post(address_in(receipt))
    # As after some weeks: the texts of mails have ended, and the digests of links.
    OutboxEmail.objects.update(state="sent", sent_at=receipt.created_at, body="")
    later = receipt.created_at + timedelta(days=40)
    at(later)
    clear(at=later)
    link = send_link(receipt.submission, at=later, address=receipt.to_address)
    client.post(reverse("return_open", args=[receipt.call.slug]), {"token": link.token})
    assert OutboxEmail.objects.filter(resend_of=receipt).count() == 1


def test_page_gives_nothing_of_the_response_away_and_opens_it_in_no_browser(client, receipt):
    reference = receipt.submission.reference
    for page in (client.get(address_in(receipt)), client.post(address_in(receipt))):
        shown = page.content.decode()
        for word in (reference, "jo@example.org", "Mine."):
            assert word not in shown
    slug = receipt.call.slug
    assert client.get(f"/calls/{slug}/response/submitted/").status_code != 200


def test_token_opens_no_response(client, receipt):
    token = address_in(receipt).split("/")[-2]
    slug = receipt.call.slug
    assert client.get(f"/calls/{slug}/return/{token}/").status_code == 410
    assert client.post(f"/calls/{slug}/return/open/", {"token": token}).status_code == 410
    assert confirmed_among([receipt]) == set()


def test_link_that_opens_a_response_confirms_nothing_here(client, receipt):
    returning.enqueue_link(
        submission=receipt.submission, address="jo@example.org", at=receipt.created_at
    )
    link = returning.make_link(
        mail=OutboxEmail.objects.get(kind="return_link"), at=receipt.created_at
    )
    page = client.post(f"/calls/{receipt.call.slug}/confirm/{link.token}/")
    assert page.status_code == 410
    assert confirmed_among([receipt]) == set()


@pytest.mark.parametrize("days", [14, 15])
def test_link_ends(client, receipt, at, days):
    address = address_in(receipt)
    at(receipt.created_at + timedelta(days=days))
    page = client.get(address)
    assert page.status_code == client.post(address).status_code == 410
    assert "This link does not work any more" in page.content.decode()
    assert confirmed_among([receipt]) == set()


def test_link_works_on_the_last_day(client, receipt, at):
    address = address_in(receipt)
    at(receipt.created_at + timedelta(days=14, microseconds=-1))
    assert client.post(address).status_code == 200
    assert confirmed_among([receipt]) == {receipt.pk}


def test_link_of_one_call_is_none_of_another(client, receipt):
    other = make_call(slug="other")
    address = address_in(receipt).replace(receipt.call.slug, other.slug)
    assert client.post(address).status_code == 410
    assert confirmed_among([receipt]) == set()


def test_address_for_links_is_noted_as_confirmed(client, receipt):
    ReturnAddress.objects.create(
        submission=receipt.submission, address="Jo@example.org", given_at=receipt.created_at
    )
    client.post(address_in(receipt))
    assert ReturnAddress.objects.get().confirmed_at == receipt.created_at + timedelta(minutes=5)


def test_no_copy_follows_a_response_that_was_withdrawn(client, receipt):
    address = address_in(receipt)
    amending.withdraw(submission=receipt.submission, at=receipt.created_at)
    OutboxEmail.objects.filter(kind="withdrawn").delete()
    assert client.post(address).status_code == 200
    assert OutboxEmail.objects.count() == 1


def test_link_pasted_with_a_stop_or_a_bracket_works(client, receipt):
    address = address_in(receipt)
    for after in (".", ")", ").", ",", "”"):
        for pasted in (f"{address}{after}", f"{address[:-1]}{after}/"):
            page = client.get(pasted, follow=True)
            assert "Confirm my email address" in page.content.decode()


def test_receipt_of_an_address_that_is_confirmed_has_no_link_that_does_anything(client, receipt):
    client.post(address_in(receipt))
    text = render(OutboxEmail.objects.get(resend_of=receipt), at=receipt.created_at).message.body
    links = re.findall(r"https?://\S+", text)
    slug = receipt.call.slug
    assert {link.partition(slug)[2] for link in links} == {"/", "/return/", "/verify/"}
