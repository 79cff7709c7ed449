"""What a respondent is sent: the receipt, in words that are the same in text and HTML."""

import html
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.urls import reverse

from submissions.calls.models import Call
from submissions.mail import rendering
from submissions.mail.live_data import LiveData
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses import amending, drafting, returning, submitting
from submissions.responses.confirmed_addresses import enqueue_copy
from tests.makers import (
    complete_answers,
    confirm_address,
    make_call,
    make_draft,
    make_submitted,
    mark_as_sent,
    send_link,
)

pytestmark = pytest.mark.django_db
LAST_SECOND = datetime(2019, 7, 24, 10, 59, 59, 999_999, tzinfo=UTC)


def mail_of(call=None, **answers):
    return make_submitted(call, **answers).mails.get()


def render(mail):
    return rendering.render(mail, at=mail.created_at)


def sent(mail):
    """The message as it goes over the network, read back."""
    raw = render(mail).message.message().as_bytes(linesep="\r\n")
    return message_from_bytes(raw, policy=policy.default)


def words_of_html(page):
    body = page[page.index("<main>") :]
    spaced = re.sub(r"<[^>]+>", " ", body)
    return html.unescape(spaced).split()


def amended_mail():
    submission = make_submitted(at=LAST_SECOND - timedelta(hours=1), story="First words.")
    call = Call.objects.get(pk=submission.call_id)
    amending.reopen(submission=submission, at=LAST_SECOND)
    drafting.save_answers(
        submission=submission, call=call, values={"story": "Second words."}, at=LAST_SECOND
    )
    submitting.submit(submission=submission, at=LAST_SECOND)
    return submission.mails.get(kind=MailKind.AMENDED)


def withdrawn_mail():
    submission = make_submitted(at=LAST_SECOND - timedelta(hours=1))
    amending.withdraw(submission=submission, at=LAST_SECOND)
    return OutboxEmail.objects.get(kind=MailKind.WITHDRAWN)


def test_changed_response_is_confirmed_as_its_new_version():
    mail = amended_mail()
    confirm_address(mail)
    rendered = render(mail)
    reference = mail.submission.reference
    assert rendered.message.subject.startswith(f"Changes to response {reference} received: ")
    assert f"Reference: {reference}\nVersion: 2\n" in rendered.message.body
    assert "Second words." in rendered.message.body
    assert "First words." not in rendered.message.body
    assert "Received at: 11:59:59am on Wednesday 24 July 2019 (UK time)\n" in rendered.message.body


def test_withdrawal_is_confirmed_without_the_evidence():
    mail = withdrawn_mail()
    rendered = render(mail)
    assert rendered.message.subject.startswith(f"Response {mail.submission.reference} withdrawn: ")
    assert "Withdrawn at: 11:59:59am on Wednesday 24 July 2019 (UK time)\n" in rendered.message.body
    assert "Words about story." not in rendered.message.body


def test_receipt_tells_reference_exact_time_and_fingerprint():
    submission = make_submitted(at=LAST_SECOND)
    version = submission.current_version
    text = render(submission.mails.get()).message.body
    assert f"Reference: {submission.reference}\n" in text
    assert "Received at: 11:59:59am on Wednesday 24 July 2019 (UK time)\n" in text
    assert f"Fingerprint: {version.receipt_digest}\n" in text
    assert f"Fingerprint in full (SHA-256): {version.sha256}\n" in text
    assert "deadline, midday on Wednesday 24 July 2019 (UK time)." in text


def test_receipt_of_what_came_after_closing_offers_no_change():
    offer = "or to change it until the call closes"
    call = make_call(grace_minutes=15)
    draft = make_draft(call, at=LAST_SECOND, **complete_answers(call))
    submitting.submit(submission=draft, at=LAST_SECOND + timedelta(minutes=5))
    for mail, offers in ((draft.mails.get(), False), (mail_of(call), True)):
        rendered = render(mail)
        for words in (rendered.message.body.split(), words_of_html(rendered.html)):
            assert (offer in " ".join(words)) is offers
            assert "ask for a link. We email it to you" in " ".join(words)


def test_mail_to_an_address_that_nobody_confirmed_has_nothing_that_was_typed():
    typed = "Buy at https://example.net/spam"
    mail = mail_of(email="stranger@example.org", story=typed, role_other=typed)
    rendered = render(mail)
    assert mail.submission.reference in rendered.subject
    for text in (rendered.subject, rendered.message.body, rendered.html, rendered.kept):
        assert typed not in text
        assert "example.net" not in text
    assert mail.version.sha256 in rendered.message.body
    assert "This email does not have your answers" in " ".join(rendered.message.body.split())


def test_link_that_went_elsewhere_confirms_no_other_address():
    mail = mail_of(email="stranger@example.org", story="Mine.")
    link = send_link(mail.submission, at=mail.created_at, address="mine@example.org")
    returning.use_link(call=mail.call, token=link.token, at=mail.created_at)
    assert "Mine." not in render(mail).message.body


def test_answers_follow_once_the_address_is_confirmed():
    mail = mail_of(email="jo@example.org", story="Mine.")
    mark_as_sent(mail, at=mail.created_at)
    link = send_link(mail.submission, at=mail.created_at, address="Jo@example.org")
    later = mail.created_at + timedelta(minutes=5)
    returning.use_link(call=mail.call, token=link.token, at=later)
    about = {"submission": mail.submission, "token": link.token, "at": later}
    assert enqueue_copy(**about)
    assert not enqueue_copy(**about)
    copy = OutboxEmail.objects.get(resend_of=mail)
    assert copy.to_address == "Jo@example.org"
    assert "Mine." in render(copy).message.body


def test_answers_follow_a_receipt_that_a_worker_claimed_before_the_address_was_confirmed():
    mail = mail_of(email="jo@example.org", story="Mine.")
    (claimed,) = queue.claim_due(wall_now=mail.created_at, limit=1)
    data = LiveData(at=mail.created_at, mails=[claimed])
    link = send_link(mail.submission, at=mail.created_at, address="jo@example.org")
    later = mail.created_at + timedelta(seconds=5)
    returning.use_link(call=mail.call, token=link.token, at=later)
    assert "Mine." not in rendering.render_with(claimed, data).message.body
    about = {"submission": mail.submission, "token": link.token, "at": later}
    assert enqueue_copy(**about)
    assert "Mine." in render(OutboxEmail.objects.get(resend_of=mail)).message.body


def test_batch_is_told_which_of_its_addresses_are_confirmed():
    mails = [mail_of(email="jo@example.org"), mail_of(email="jo@example.org")]
    confirm_address(mails[1])
    data = LiveData(at=mails[0].created_at, mails=mails)
    assert [data.is_confirmed(mail) for mail in mails] == [False, True]


def test_no_copy_follows_where_the_receipt_had_the_answers():
    mail = mail_of(email="jo@example.org")
    link = confirm_address(mail)
    (claimed,) = queue.claim_due(wall_now=mail.created_at, limit=1)
    kept = render(claimed).kept
    at = mail.created_at + timedelta(minutes=5)
    assert queue.mark_sent(claimed, at=at, subject="Received", body=kept)
    assert not enqueue_copy(submission=mail.submission, token=link.token, at=mail.created_at)


def test_mail_holds_the_whole_evidence_and_nobodys_identity():
    mail = mail_of(email="jo.bloggs@example.org", story="One.\n\nTwo & <three>.")
    confirm_address(mail)
    rendered = render(mail)
    assert mail.version.canonical_text.strip("\n") in rendered.message.body
    assert "One.<br><br>Two &amp; &lt;three&gt;." in rendered.html
    assert "jo.bloggs" not in rendered.message.body + rendered.html


def full_mail():
    return mail_of(make_call(contact_phone="0300 000 0000"), story="A & B <b>x</b>")


@pytest.mark.parametrize("make_mail", [full_mail, amended_mail, withdrawn_mail])
def test_text_and_html_say_the_same(make_mail):
    rendered = render(make_mail())
    text = re.sub(r"^-+$", "", rendered.message.body, flags=re.MULTILINE)
    said = [word for word in text.split() if not word.startswith("http")]
    # Facts have a colon after their name and links one before the address, in text only.
    assert [word.rstrip(":") for word in words_of_html(rendered.html)] == [
        word.rstrip(":") for word in said
    ]


def test_mail_links_to_the_calls_page_and_says_whom_to_ask(settings):
    call = make_call(
        contact_name="The team", contact_email="ask@example.org", contact_phone="0300 000 0000"
    )
    settings.PORTAL_URL = "https://portal.example"
    rendered = render(mail_of(call))
    address = f"https://portal.example{reverse('call', args=[call.slug])}"
    assert f"Read about this call for evidence:\n{address}\n" in rendered.message.body
    assert f'<a href="{address}">' in rendered.html
    assert (
        "Ask: The team\nEmail: ask@example.org\nTelephone: 0300 000 0000\n" in rendered.message.body
    )


def test_what_happens_next_keeps_its_paragraphs():
    call = make_call(what_happens_next="First this.\r\n\r\nThen that,\r\non two lines.")
    rendered = render(mail_of(call))
    assert "\n\nFirst this.\n\nThen that,\non two lines.\n\n" in rendered.message.body
    assert "<p>First this.</p>\n\n<p>Then that,<br>on two lines.</p>" in rendered.html


def test_headers_are_a_receipts():
    mail = mail_of(email="to@example.org")
    message = sent(mail)
    assert message["To"] == "to@example.org"
    assert message["From"] == "evidence@testserver"
    assert message["Reply-To"] == "The project team <evidence@example.org>"
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    parts = [part["Content-Transfer-Encoding"] for part in message.iter_parts()]
    assert parts == ["quoted-printable"] * 2
    assert message["Subject"] == f"Response {mail.submission.reference} received: {mail.call.title}"


def test_every_rendering_carries_the_same_message_id():
    mail = mail_of()
    assert [sent(mail)["Message-ID"] for _ in range(2)] == [mail.message_id] * 2


def test_line_ends_in_a_calls_words_begin_no_header():
    mail = mail_of()
    Call.objects.update(title="Call\r\nBcc: spy@example.org", contact_name="A\nX-Evil: 1")
    message = sent(type(mail).objects.get(pk=mail.pk))
    assert message["Subject"].endswith("received: Call Bcc: spy@example.org")
    assert message["Bcc"] is None
    assert message["X-Evil"] is None


def test_words_beyond_ascii_and_long_lines_pass_any_server():
    story = "Dŵr, naïve – “quoted” 🙂. " * 200
    mail = mail_of(make_call(title="Galwad â thystiolaeth", contact_name="Siân Ŵ"), story=story)
    confirm_address(mail)
    raw = render(mail).message.message().as_bytes(linesep="\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()
    message = message_from_bytes(raw, policy=policy.default)
    assert story.strip() in message.get_body(("plain",)).get_content()
    assert message["Subject"].endswith("Galwad â thystiolaeth")
    assert message["Reply-To"] == "Siân Ŵ <evidence@example.org>"


def test_rehearsal_says_so(settings):
    mail = mail_of()
    assert "rehearsal" not in render(mail).message.body.lower()
    settings.REHEARSAL = True
    rendered = render(mail)
    assert rendered.message.subject.startswith("Rehearsal: Response ")
    assert "This is a rehearsal." in rendered.message.body
