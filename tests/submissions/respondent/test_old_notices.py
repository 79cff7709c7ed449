"""Pages with a notice in their address that are opened, or loaded again, when it may be untrue."""

from datetime import timedelta
from secrets import token_hex

import pytest

from submissions.outbox.models import OutboxEmail
from submissions.respondent import returning as return_views
from submissions.responses import amending, drafting, submitting
from submissions.responses.models import Submission
from tests.makers import make_call, press_submit, while_open
from tests.submissions.respondent.answering import address, start_with, text_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ADDRESS = "me@example.org"


@pytest.fixture(autouse=True)
def no_tries_before(settings, monkeypatch):
    settings.SECRET_KEY = token_hex()
    monkeypatch.setattr(return_views, "ANSWERED_AFTER", 0)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


def page_of(client, call, rest):
    return text_of(client.get(address(call, rest)))


def test_saved_page_says_after_closing_that_the_call_has_closed(client, call, at):
    start_with(client, call)
    assert "It counts as evidence once you submit it" in page_of(
        client, call, "response/leave/?saved=1"
    )
    at(call.closes_at)
    page = page_of(client, call, "response/leave/?saved=1")
    assert "Your response is saved" in page
    assert f"This call closed at {call.closes_in_words}." in page
    assert "counts as evidence once" not in page


def test_saved_page_says_of_changes_after_closing_that_they_do_not_count(client, call, at):
    start_with(client, call)
    press_submit(client, call)
    client.post(address(call, "response/amend/"))
    at(call.closes_at)
    page = page_of(client, call, "response/leave/?saved=1")
    assert "The call closed before you submitted your changes." in page
    assert "still counts until you submit" not in page


def test_saved_page_says_nothing_once_the_response_is_submitted(client, call):
    start_with(client, call)
    press_submit(client, call)
    assert "Your response is saved" not in page_of(client, call, "response/leave/?saved=1")


def test_link_is_on_its_way_for_an_hour_and_where_it_was_not_refused(client, call, at):
    start_with(client, call)
    assert "The link is on its way" not in page_of(client, call, "response/leave/?sent=1")
    sent = client.post(address(call, "response/leave/"), {"email": ADDRESS}, follow=True)
    assert "The link is on its way" in text_of(sent)
    OutboxEmail.objects.update(state="failed")
    assert "The link is on its way" not in page_of(client, call, "response/leave/?sent=1")
    OutboxEmail.objects.update(state="waiting")
    at(while_open(call) + HOUR)
    assert "The link is on its way" not in page_of(client, call, "response/leave/?sent=1")


def test_discarded_page_says_so_until_other_changes_are_submitted(client, call, at):
    draft = start_with(client, call)
    press_submit(client, call)
    client.post(address(call, "response/amend/"))
    at(while_open(call) + HOUR)
    client.post(address(call, "response/amend/discard/"))
    assert "Your changes are discarded." in page_of(client, call, "response/submitted/?discarded=1")
    later = while_open(call) + 2 * HOUR
    draft = Submission.objects.get(pk=draft.pk)
    amending.reopen(submission=draft, at=later)
    at(later)
    drafting.save_answers(submission=draft, call=call, values={"story": "Anew"}, at=later)
    submitting.submit(submission=draft, at=later + HOUR)
    page = page_of(client, call, "response/submitted/?discarded=1")
    assert "Your changed response has been received" in page
    assert "Your changes are discarded." not in page


def test_computer_that_is_signed_out_is_told_what_leads_back(client, call):
    start_with(client, call, email=ADDRESS)
    left = client.post(address(call, "response/forget/"), follow=True)
    assert "Get a link by email to open it again." in text_of(left)
    start_with(client, call)
    assert "signed out" not in page_of(client, call, "?forgotten=link")


def test_computer_that_is_signed_out_without_an_address_is_promised_no_link(client, at):
    story = {"key": "story", "kind": "long", "label": "What happened?"}
    call = make_call(about_questions=[], evidence_questions=[story])
    at(while_open(call))
    start_with(client, call)
    left = client.post(address(call, "response/forget/"), {"confirmed": "1"}, follow=True)
    assert "This computer is signed out of your response" in text_of(left)
    assert "We do not have your email address" in text_of(left)
    assert "Get a link by email to open it again." not in text_of(left)


def test_receipt_page_says_that_no_address_was_given_until_one_is(client, at):
    story = {"key": "story", "kind": "long", "label": "What happened?"}
    call = make_call(about_questions=[], evidence_questions=[story])
    at(while_open(call))
    start_with(client, call)
    press_submit(client, call)
    assert "You gave no email address." in page_of(client, call, "response/submitted/")
    client.post(address(call, "response/leave/"), {"email": ADDRESS})
    assert "You gave no email address." not in page_of(client, call, "response/submitted/")


def test_page_of_what_was_deleted_says_so_until_a_response_is_open_again(client, call):
    assert "What you typed is deleted" in page_of(client, call, "?deleted=1")
    start_with(client, call)
    assert "What you typed is deleted" not in page_of(client, call, "?deleted=1")


def test_change_after_closing_is_refused_in_words(client, call, at):
    start_with(client, call)
    press_submit(client, call)
    at(call.closes_at)
    refused = client.post(address(call, "response/amend/"))
    assert refused.status_code == 403
    assert "You cannot change your response now" in text_of(refused)
    assert f"This call closed at {call.closes_in_words}. What you submitted counts" in text_of(
        refused
    )
    assert "Your response has been received" in text_of(refused)
    assert Submission.objects.get().amending_since is None


def test_change_before_a_call_that_was_moved_says_when_it_opens(client, call, at):
    start_with(client, call)
    press_submit(client, call)
    at(call.opens_at - HOUR)
    refused = client.post(address(call, "response/amend/"))
    assert refused.status_code == 403
    assert f"This call opens at {call.opens_in_words}." in text_of(refused)
    for withdrawing in (client.get, client.post):
        page = text_of(withdrawing(address(call, "response/withdraw/")))
        assert f"This call opens at {call.opens_in_words}." in page
        assert "The call closed" not in page
