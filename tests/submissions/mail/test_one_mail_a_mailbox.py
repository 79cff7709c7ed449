"""Several unfinished responses of one mailbox are one mail, which lists them."""

import re
from datetime import timedelta

import pytest

from core import clock, spoken_time
from submissions.mail import bounces, reminding
from submissions.mail.rendering import render
from submissions.mail.resending import send_again
from submissions.mail.sending import SendReport, send_due
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import drafting, returning, submitting
from submissions.responses.models import ReturnAddress
from tests.makers import (
    complete_answers,
    make_call,
    make_draft,
    make_first_call,
    make_user,
    send_link,
)
from tests.submissions.mail.mail_sink import HANG_UP

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LINK = re.compile(r"/return/([\w-]{43})/")


def drafts_of(call, *addresses, **answers):
    """A draft for each address, an hour after the one before."""
    return [
        make_draft(call, at=call.opens_at + timedelta(hours=hour), **{**answers, "email": address})
        for hour, address in enumerate(addresses)
    ]


def remind(call):
    return reminding.enqueue_reminders(at=call.closes_at - DAY)


def send(call, *, at=None):
    at = at or call.closes_at - DAY
    return send_due(portal_now=lambda: at, wall_now=clock.wall_now)


def states():
    return list(OutboxEmail.objects.order_by("pk").values_list("state", flat=True))


def test_drafts_of_one_mailbox_are_one_mail_with_a_link_each(mailoutbox):
    call = make_call()
    first, second, _other = drafts_of(call, "jo@example.org", "JO@example.org", "al@example.org")
    assert remind(call) == 3
    assert send(call) == SendReport(sent=2)
    assert [message.to for message in mailoutbox] == [["jo@example.org"], ["al@example.org"]]
    message = mailoutbox[0]
    assert message.subject == f"2 responses are not submitted yet: {call.title}"
    tokens = LINK.findall(message.body)
    at = call.closes_at - DAY
    opened = [returning.look_up_link(call=call, token=token, at=at) for token in tokens]
    assert opened == [first, second]
    text = " ".join(message.body.split())
    assert "Response 1 of 2" in text
    for draft in (first, second):
        began = spoken_time.say_moment(draft.started_at, call.timezone)
        assert f"Started: {began} Last saved: {began} Open this response" in text
    assert re.findall(r'/return/([\w-]{43})/"', message.alternatives[0][0]) == tokens


def test_what_went_out_together_is_sent_together_and_its_text_kept_once(mailoutbox):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    send(call)
    lead, companion = OutboxEmail.objects.order_by("pk")
    assert companion.goes_with == lead
    assert lead.sent_at == companion.sent_at == call.closes_at - DAY
    assert "left-out-of-this-copy" in lead.body
    assert LINK.findall(lead.body) == []
    assert companion.body == ""


def test_one_that_was_submitted_meanwhile_is_not_listed(mailoutbox):
    call = make_call()
    drafts = drafts_of(call, *["jo@example.org"] * 4, **complete_answers(call))
    remind(call)
    submit(drafts[0], call)
    submit(drafts[1], call)
    assert send(call) == SendReport(sent=1)
    (message,) = mailoutbox
    assert message.subject == f"2 responses are not submitted yet: {call.title}"
    opened = [
        returning.look_up_link(call=call, token=token, at=call.closes_at - DAY)
        for token in LINK.findall(message.body)
    ]
    assert opened == drafts[2:]
    told = OutboxEmail.objects.order_by("pk").values_list("submission", flat=True)
    assert list(told) == [draft.pk for draft in drafts[2:]]


def test_companion_that_was_submitted_is_left_out(mailoutbox):
    call = make_call()
    first, second, third = drafts_of(call, *["jo@example.org"] * 3, **complete_answers(call))
    remind(call)
    submit(second, call)
    assert send(call) == SendReport(sent=1)
    opened = [
        returning.look_up_link(call=call, token=token, at=call.closes_at - DAY)
        for token in LINK.findall(mailoutbox[0].body)
    ]
    assert opened == [first, third]
    assert states() == [OutboxState.SENT] * 2


def submit(draft, call):
    submitting.submit(submission=draft, at=call.closes_at - 2 * DAY)
    OutboxEmail.objects.filter(submission=draft).exclude(kind="reminder").delete()


def test_link_stops_reminders_about_all_that_are_listed(client, mailoutbox):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    send(call)
    address = re.search(r"/calls/[\w-]+/reminders/\S+/", mailoutbox[0].body)[0]
    assert mailoutbox[0].extra_headers["List-Unsubscribe"].endswith(f"{address}>")
    page = client.get(address)
    assert "Stop reminders about your 2 responses?" in page.content.decode()
    assert ReturnAddress.objects.count() == 0
    client.post(address)
    assert ReturnAddress.objects.filter(reminders_refused_at__isnull=False).count() == 2


def test_eleven_are_two_mails(mailoutbox):
    call = make_call()
    drafts_of(call, *["jo@example.org"] * 11)
    remind(call)
    assert send(call) == SendReport(sent=2)
    assert [len(LINK.findall(message.body)) for message in mailoutbox] == [10, 1]


def test_notices_after_closing_go_together_too(mailoutbox):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    at = call.closes_at + DAY
    assert reminding.enqueue_closing_notices(at=at) == 2
    assert send(call, at=at) == SendReport(sent=1)
    assert mailoutbox[0].subject == f"2 responses were not submitted: {call.title}"
    assert len(LINK.findall(mailoutbox[0].body)) == 2


def test_one_mailbox_stays_together_whatever_is_read_at_once(monkeypatch):
    monkeypatch.setattr(reminding, "AT_ONCE", 2)
    call = make_call()
    drafts_of(call, *["jo@example.org", "al@example.org", "bo@example.org"] * 2)
    assert remind(call) == 6
    leads = OutboxEmail.objects.filter(goes_with=None)
    assert sorted(leads.values_list("to_address", flat=True)) == [
        "al@example.org",
        "bo@example.org",
        "jo@example.org",
    ]


@pytest.mark.parametrize("names_the_mail", [True, False])
def test_bounce_and_complaint_are_about_all_that_are_listed(names_the_mail, mailoutbox):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    send(call)
    lead = OutboxEmail.objects.get(goes_with=None)
    at = call.closes_at - DAY
    # Some providers name a mail by a number of their own.
    named = lead.message_id if names_the_mail else "1"
    to = lead.to_address
    bounces.note_complaint(message_id=named, recipient=to, error="Not wanted.", at=at)
    assert states() == [OutboxState.FAILED] * 2
    assert ReturnAddress.objects.filter(reminders_refused_at=at).count() == 2


def test_mail_that_is_given_up_gives_all_up(sink):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    sink.replies["RCPT", None] = "550 5.1.1 nobody here"
    assert send(call) == SendReport(failed=1)
    assert states() == [OutboxState.FAILED] * 2


def test_server_that_is_away_for_days_gives_all_up():
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    now = clock.wall_now()
    queue.defer_all(wall_now=now, error="Away.")
    assert queue.defer_all(wall_now=now + 4 * DAY, error="Away.") == 2
    assert states() == [OutboxState.FAILED] * 2


def test_mail_that_comes_back_while_a_worker_has_it_fails_with_all():
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    (mail,) = queue.claim_due(wall_now=clock.wall_now(), limit=9)
    bounces.note_bounce(message_id=mail.message_id, recipient="", error="No such mailbox.")
    assert not queue.mark_sent(mail, at=call.closes_at, subject="", body="")
    assert states() == [OutboxState.FAILED] * 2


def test_mail_whose_server_hung_up_waits_with_all_and_has_the_same_links(sink):
    call = make_call()
    drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    sink.replies["DATA", None] = HANG_UP
    send(call)
    assert states() == [OutboxState.WAITING] * 2
    sink.replies.clear()
    OutboxEmail.objects.update(next_attempt_at=None)
    send(call)
    first, second = (m.get_body(("plain",)).get_content() for m in sink.messages)
    assert LINK.findall(first) == LINK.findall(second)
    assert states() == [OutboxState.SENT] * 2


def test_copy_that_staff_send_is_about_its_own_response(mailoutbox):
    call = make_call()
    _first, second = drafts_of(call, "jo@example.org", "jo@example.org")
    remind(call)
    send(call)
    companion = OutboxEmail.objects.get(submission=second)
    send_again(companion, by=make_user(), at=call.closes_at - DAY)
    send(call)
    (token,) = LINK.findall(mailoutbox[1].body)
    at = call.closes_at - DAY
    assert returning.look_up_link(call=call, token=token, at=at) == second


def test_organisation_is_named_where_the_address_is_confirmed_and_never_kept():
    call = make_first_call()
    typed = {"capacity": "on_behalf_of_org", "org_name": "Lantern Fold Kitchen"}
    confirmed, not_confirmed = drafts_of(call, "jo@example.org", "jo@example.org", **typed)
    publication = {"publication": "organisation"}
    for draft in (confirmed, not_confirmed):
        drafting.save_answers(
            submission=draft, call=call, values=publication | typed, at=draft.saved_at
        )
    link = send_link(confirmed, at=call.opens_at, address="jo@example.org")
    returning.use_link(call=call, token=link.token, at=call.opens_at + timedelta(hours=1))
    remind(call)
    lead = OutboxEmail.objects.get(kind="reminder", goes_with=None)
    rendered = render(lead, at=call.closes_at - DAY)
    assert rendered.message.body.count("Organisation: Lantern Fold Kitchen\n") == 1
    assert rendered.html.count("<dd>Lantern Fold Kitchen</dd>") == 1
    assert "Lantern Fold Kitchen" not in rendered.kept
    assert "Organisation: [left out of this copy]\n" in rendered.kept
