"""An answer that leads to a page of help, as of somebody under 16."""

from datetime import timedelta

import pytest

from submissions.mail import reminding
from submissions.outbox.models import OutboxEmail
from submissions.responses import drafting, returning, signposting
from submissions.responses.models import ReturnAddress, Submission
from tests.makers import make_call, while_open
from tests.submissions.respondent.answering import address, answers_of, start, text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def call(at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def draft(client, call):
    draft = start(client, call)
    fields = {"roles": ["provider"], "email": "young@example.org", "age": "child"}
    response = client.post(address(call, "response/about/"), fields)
    assert response["Location"] == address(call, "response/help/age/")
    return draft


def save(draft, call, **values):
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))


def test_address_is_not_kept(draft):
    assert answers_of(draft) == {"roles": ["provider"], "age": "child"}


def test_no_other_section_and_no_link_by_mail_is_offered(client, call, draft):
    assert "of 1 section" in text_of(client.get(address(call, "response/")))
    for page in ("response/evidence/", "response/leave/"):
        response = client.get(address(call, page), follow=True)
        assert response.redirect_chain != []


def test_no_mail_is_due_even_to_an_address_that_was_known_before(call, draft):
    save(draft, call, email="young@example.org")
    ReturnAddress.objects.create(
        submission=draft, address="young@example.org", given_at=while_open(call)
    )
    Submission.objects.update(started_at=call.opens_at)
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 0
    assert reminding.enqueue_closing_notices(at=call.closes_at + DAY) == 0
    at = while_open(call)
    assert returning.enqueue_links(call=call, address="young@example.org", at=at) == 0
    save(draft, call, age="adult")
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 1


def test_author_deletes_what_was_typed_at_once(client, call, draft):
    page = text_of(client.get(address(call, "response/help/age/")))
    assert "We keep it for 24 hours, so that you can change your answer." in page
    response = client.post(address(call, "response/delete/"), follow=True)
    assert "What you typed is deleted" in text_of(response)
    assert not Submission.objects.exists()
    assert client.get(address(call, "response/")).status_code == 404


def test_nobody_else_deletes_a_draft_so(client, call, draft):
    save(draft, call, age="adult")
    client.post(address(call, "response/delete/"))
    assert Submission.objects.count() == 1


def test_it_is_deleted_a_day_later_unless_the_answer_was_changed(call, draft):
    other = start_another(call)
    at = while_open(call)
    assert signposting.delete_signposted(at=at + DAY - timedelta(seconds=1)) == 0
    assert signposting.delete_signposted(at=at + DAY) == 1
    assert [one.pk for one in Submission.objects.all()] == [other.pk]
    assert not OutboxEmail.objects.exists()


def start_another(call):
    other = drafting.start(call=call, at=while_open(call))
    save(other, call, age="adult", story="Long")
    return other
