"""The link back as it is mailed, and what is kept of that mail."""

import re
from datetime import timedelta

import pytest

from core import clock
from submissions.mail import rendering, sending
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, returning
from submissions.responses.errors import LinkDead
from submissions.responses.models import ReturnToken
from tests.makers import make_draft, make_submitted, while_open
from tests.submissions.mail.mail_sink import HANG_UP

pytestmark = pytest.mark.django_db
LINK = re.compile(r"http://testserver/calls/([^/\s]+)/return/([\w-]{43})/")


def enqueue(submission):
    at = while_open(submission.call)
    assert returning.send_links_to(submission=submission, address="jo@example.org", at=at)


def render(mail, *, at=None):
    return rendering.render(mail, at=at or mail.created_at)


def send(submission, sink):
    """Send what is due; return each mail's text and HTML as they went out."""
    sending.send_due(portal_now=lambda: while_open(submission.call), wall_now=clock.wall_now)
    return [
        (m.get_body(("plain",)).get_content(), m.get_body(("html",)).get_content())
        for m in sink.messages
    ]


def opens(submission, token):
    at = while_open(submission.call)
    return returning.look_up_link(call=submission.call, token=token, at=at)


def test_mailed_link_opens_the_response_in_text_and_html(sink):
    draft = make_draft()
    enqueue(draft)
    ((text, html),) = send(draft, sink)
    ((slug, token),) = LINK.findall(text)
    assert LINK.findall(html) == [(slug, token)]
    assert slug == draft.call.slug
    assert opens(draft, token) == draft


def test_nothing_that_is_kept_holds_the_token(sink):
    draft = make_draft()
    enqueue(draft)
    ((text, _),) = send(draft, sink)
    token = LINK.search(text)[2]
    kept = str(OutboxEmail.objects.values().get()) + str(ReturnToken.objects.values().get())
    assert token not in kept
    mail = OutboxEmail.objects.get()
    assert "/return/left-out-of-this-copy/" in mail.body


@pytest.mark.parametrize("kind", ["confirmation", "amended"])
def test_receipt_opens_nothing_and_keeps_no_token(sink, kind):
    submission = make_submitted()
    OutboxEmail.objects.update(kind=kind)
    ((text, html),) = send(submission, sink)
    assert LINK.findall(text) == LINK.findall(html) == []
    token = re.search(r"/confirm/([\w-]{43})/", text)[1]
    with pytest.raises(LinkDead):
        opens(submission, token)
    assert token not in OutboxEmail.objects.get().body


def test_receipt_ends_no_link_that_opens_the_response(sink):
    submission = make_submitted(email="jo@example.org")
    OutboxEmail.objects.all().delete()
    enqueue(submission)
    ((text, _),) = send(submission, sink)
    OutboxEmail.objects.update(sent_at=while_open(submission.call) - timedelta(hours=1))
    at = while_open(submission.call)
    queue.enqueue(
        kind="amended",
        call=submission.call,
        submission=submission,
        version=submission.current_version,
        to_address="jo@example.org",
        at=at,
    )
    assert len(send(submission, sink)) == 2
    assert opens(submission, LINK.search(text)[2]) == submission


def test_link_dates_from_the_attempt_that_carries_it():
    draft = make_draft()
    enqueue(draft)
    mail = OutboxEmail.objects.get()
    text = render(mail, at=mail.created_at + timedelta(hours=5)).message.body
    assert ReturnToken.objects.get().expires_at == mail.created_at + timedelta(hours=77)
    assert "The link works once, until 5pm on Friday 26 July 2019 (UK time)" in text


def test_second_attempt_carries_the_link_of_the_first(sink):
    draft = make_draft()
    enqueue(draft)
    sink.replies["DATA", None] = HANG_UP  # after the mail was taken
    ((first, _),) = send(draft, sink)
    sink.replies.clear()
    OutboxEmail.objects.update(next_attempt_at=None)
    second = send(draft, sink)[1][0]
    assert LINK.search(second)[2] == LINK.search(first)[2]
    assert opens(draft, LINK.search(first)[2]) == draft


def test_link_that_arrived_works_while_the_newer_ones_mail_is_deferred(sink):
    draft = make_draft()
    enqueue(draft)
    ((text, _),) = send(draft, sink)
    token = LINK.search(text)[2]
    enqueue(draft)
    sink.replies["RCPT", None] = "451 4.3.0 not now"
    send(draft, sink)
    assert opens(draft, token) == draft
    sink.replies.clear()
    OutboxEmail.objects.update(next_attempt_at=None)
    newer = LINK.search(send(draft, sink)[1][0])[2]
    with pytest.raises(LinkDead):
        opens(draft, token)
    assert opens(draft, newer) == draft


def test_mail_says_which_response_and_that_it_is_still_to_submit():
    draft = make_draft()
    enqueue(draft)
    text = render(OutboxEmail.objects.get()).message.body
    assert "Last saved: midday on Tuesday 23 July 2019 (UK time)" in text
    assert "Your response counts as evidence once you submit it." in text
    assert "The call closes at midday on Wednesday 24 July 2019 (UK time)." in text


def test_mail_about_a_submitted_response_gives_its_reference_and_urges_nothing():
    submission = make_submitted()
    enqueue(submission)
    mail = OutboxEmail.objects.get(kind="return_link")
    text = render(mail).message.body
    assert f"Reference: {submission.reference}\n" in text
    assert "once you submit" not in text
    amending.reopen(submission=submission, at=while_open(submission.call))
    mail = OutboxEmail.objects.get(kind="return_link")
    assert "Your changes count once you submit them." in render(mail).message.body


def test_mail_of_a_link_holds_no_answer():
    draft = make_draft(story="A secret story", email="someone@example.org")
    enqueue(draft)
    rendered = render(OutboxEmail.objects.get(kind="return_link"))
    assert "secret story" not in rendered.message.body + rendered.html
    assert "someone@" not in rendered.message.body + rendered.html
