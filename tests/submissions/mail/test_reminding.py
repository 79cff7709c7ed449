from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from submissions.definitions.closing_times import change_closing_time
from submissions.mail import reminding
from submissions.mail.rendering import render
from submissions.mail.sending import send_due
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import enqueue
from submissions.outbox.states import MailKind
from submissions.responses import amending, drafting, late_passes, submitting
from submissions.responses.models import ReturnAddress
from tests.makers import complete_answers, make_call, make_draft, make_submitted, make_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STAMP = "20190724T110000.000000Z"  # of the closing of `make_call`


def draft_with_address(call, address="slow@example.org", **overrides):
    return make_draft(call, at=call.opens_at, email=address, **overrides)


def said(rendered):
    return " ".join(rendered.message.body.split())


def enqueued(kind="reminder"):
    rows = OutboxEmail.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("occasion", "to_address"))


def test_each_reminder_is_enqueued_once_at_its_time():
    call = make_call()
    draft_with_address(call)
    moments = [8 * DAY, 7 * DAY, 6 * DAY, DAY, 20 * HOUR, 3 * HOUR, HOUR]
    for before in moments:
        for _ in range(2):
            reminding.enqueue_reminders(at=call.closes_at - before)
    names = [f"{name}-{STAMP}" for name in ("7-days", "1-day", "3-hours")]
    assert enqueued() == [(name, "slow@example.org") for name in names]


def test_moved_closing_is_reminded_of_as_any_other(mailoutbox):
    call = make_call()
    draft_with_address(call)
    first = call.closes_at
    reminding.enqueue_reminders(at=first - 2 * HOUR)
    send_due(portal_now=lambda: first - 2 * HOUR, wall_now=clock.wall_now)
    second = first + 9 * DAY
    change_closing_time(call, to=second, reason="Floods.", by=make_user(), at=first - HOUR)
    reminding.enqueue_reminders(at=first)
    for before in (7 * DAY, 6 * DAY, DAY, HOUR):
        for _ in range(2):
            reminding.enqueue_reminders(at=second - before)
        send_due(portal_now=lambda: second - HOUR, wall_now=clock.wall_now)
    assert [name.split("T")[0] for name, _ in enqueued()] == [
        "3-hours-20190724",
        "7-days-20190802",
        "1-day-20190802",
        "3-hours-20190802",
    ]
    assert len(mailoutbox) == 4


def test_reminder_that_waited_until_the_closing_was_moved_is_not_sent(mailoutbox):
    call = make_call()
    draft_with_address(call)
    now = call.closes_at - 2 * HOUR
    reminding.enqueue_reminders(at=now)
    change_closing_time(call, to=call.closes_at + 9 * DAY, reason="Floods.", by=make_user(), at=now)
    send_due(portal_now=lambda: now, wall_now=clock.wall_now)
    assert (mailoutbox, enqueued()) == ([], [])


@pytest.mark.parametrize(("sent", "number"), [(2 * HOUR, 0), (4 * DAY, 1)])
def test_reminder_of_release_1_0_0_before_this_closing_is_not_repeated(sent, number):
    call = make_call()
    draft = draft_with_address(call)
    at = call.closes_at - sent
    enqueue(
        kind=MailKind.REMINDER,
        call=call,
        submission=draft,
        occasion="3-hours",
        to_address="slow@example.org",
        at=at,
    )
    assert reminding.enqueue_reminders(at=call.closes_at - HOUR) == number


def test_reminders_missed_while_nothing_ran_are_not_all_sent_at_once():
    call = make_call()
    draft_with_address(call)
    reminding.enqueue_reminders(at=call.closes_at - 2 * HOUR)
    assert [name for name, _ in enqueued()] == [f"3-hours-{STAMP}"]


def test_of_reminders_that_waited_for_the_mail_server_the_last_is_sent(mailoutbox):
    call = make_call()
    refused = draft_with_address(call, "refused@example.org")
    reminding.refuse_reminders(submission=refused, at=call.opens_at)
    for address in ("slow@example.org", "Slow@example.org", "else@example.org"):
        draft_with_address(call, address)
    assert reminding.enqueue_reminders(at=call.closes_at - 23 * HOUR) == 3
    now = call.closes_at - 2 * HOUR
    assert reminding.enqueue_reminders(at=now) == 3
    send_due(portal_now=lambda: now, wall_now=clock.wall_now)
    send_due(portal_now=lambda: now, wall_now=clock.wall_now)
    assert sorted(mail.to[0] for mail in mailoutbox) == ["else@example.org", "slow@example.org"]
    assert {name for name, _ in enqueued()} == {f"3-hours-{STAMP}"}
    assert reminding.enqueue_reminders(at=now) == 0


def test_nobody_else_is_reminded():
    call = make_call()
    make_submitted(call)
    make_draft(call)
    just_begun = make_draft(call, at=call.closes_at - 2 * HOUR, email="new@example.org")
    refused = draft_with_address(call, "refused@example.org")
    reminding.refuse_reminders(submission=refused, at=call.opens_at)
    withdrawn = make_submitted(call, at=call.opens_at)
    amending.withdraw(submission=withdrawn, at=call.opens_at)
    assert just_begun.is_draft
    draft_with_address(call, "not an address")
    assert reminding.enqueue_reminders(at=call.closes_at - 2.5 * HOUR) == 0
    assert reminding.enqueue_reminders(at=call.closes_at) == 0


def test_address_given_for_the_link_goes_first():
    call = make_call()
    draft = draft_with_address(call)
    ReturnAddress.objects.create(
        submission=draft, address="link@example.org", given_at=call.opens_at
    )
    other = draft_with_address(call, "typed@example.org")
    ReturnAddress.objects.create(
        submission=other, address="staff@example.org", given_at=call.opens_at, given_by="staff"
    )
    reminding.enqueue_reminders(at=call.closes_at - DAY)
    reminder = f"1-day-{STAMP}"
    assert enqueued() == [(reminder, "link@example.org"), (reminder, "typed@example.org")]


def test_reminder_is_taken_back_when_the_response_came_meanwhile(mailoutbox):
    call = make_call()
    draft = make_draft(call, at=call.opens_at, **complete_answers(call))
    at = call.closes_at - DAY
    reminding.enqueue_reminders(at=at)
    submitting.submit(submission=draft, at=at)
    OutboxEmail.objects.filter(kind="confirmation").delete()
    send_due(portal_now=lambda: at, wall_now=clock.wall_now)
    assert OutboxEmail.objects.count() == 0


def test_reminder_has_a_link_back_and_a_way_to_refuse():
    call = make_call()
    draft = draft_with_address(call)
    reminding.enqueue_reminders(at=call.closes_at - DAY)
    mail = OutboxEmail.objects.get()
    rendered = render(mail, at=mail.created_at)
    written = rendered.message.message().as_bytes().decode()
    token = reminding.opt_out_token(draft)
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in written
    assert f"/calls/{call.slug}/reminders/{token}/" in rendered.message.body
    # Whoever reads the outbox cannot refuse them for the author.
    assert f"/calls/{call.slug}/reminders/left-out-of-this-copy/" in rendered.kept
    assert token not in rendered.kept
    assert call.closes_in_words in rendered.message.body
    assert "we email you once more, after the call closes" in said(rendered)
    draft_with_address(call, "else@example.org")
    assert reminding.look_up_opt_out(token) == [draft]
    assert reminding.look_up_opt_out(token + "x") == []


def test_drafts_are_told_once_on_the_morning_after_closing():
    call, other = make_call(), make_call()
    late_passes.give(
        call=other,
        address="slow@example.org",
        reason="Illness",
        by=make_user(),
        at=call.closes_at,
        expires_at=call.closes_at + 3 * DAY,
    )
    draft_with_address(call)
    make_submitted(call)
    nine_in_london = datetime(2019, 7, 25, 8, tzinfo=UTC)
    assert reminding.enqueue_closing_notices(at=nine_in_london - timedelta(microseconds=1)) == 0
    assert reminding.enqueue_closing_notices(at=nine_in_london) == 1
    assert reminding.enqueue_closing_notices(at=nine_in_london + DAY) == 0
    assert enqueued("closed_with_draft") == [("closed-20190724T110000.000000Z", "slow@example.org")]


@pytest.mark.parametrize(("closes", "nine"), [((24, 23), (25, 8)), ((25, 8), (26, 8))])
def test_morning_after_a_closing_by_night_is_the_next_one(closes, nine):
    call = make_call(closes_at=datetime(2019, 7, *closes, tzinfo=UTC))
    draft_with_address(call)
    nine = datetime(2019, 7, *nine, tzinfo=UTC)
    assert reminding.enqueue_closing_notices(at=nine - timedelta(microseconds=1)) == 0
    assert reminding.enqueue_closing_notices(at=nine) == 1


def test_who_has_a_late_pass_is_told_of_the_closing_once_it_has_ended(mailoutbox):
    call = make_call()
    late, told = draft_with_address(call), draft_with_address(call, "told@example.org")
    draft_with_address(call, "Ill@example.org")
    about = {"call": call, "reason": "Illness", "by": make_user()}
    give, ends = late_passes.give, call.closes_at + 3 * DAY
    give(submission=late, at=call.closes_at - HOUR, expires_at=ends, **about)
    give(address="ill@example.org", at=call.closes_at - HOUR, expires_at=ends, **about)
    assert reminding.enqueue_closing_notices(at=call.closes_at + DAY) == 1
    give(submission=told, at=call.closes_at + DAY, expires_at=ends, **about)
    send_due(portal_now=lambda: call.closes_at + DAY, wall_now=clock.wall_now)
    assert [mail.subject[:13] for mail in mailoutbox] == ["You can still"] * 3
    assert reminding.enqueue_closing_notices(at=ends - HOUR) == 0
    assert reminding.enqueue_closing_notices(at=ends) == 3


def test_pass_that_ends_weeks_after_the_closing_is_told_of_and_nothing_else():
    call = make_call()
    late, _taken_back = draft_with_address(call), draft_with_address(call, "back@example.org")
    draft_with_address(call, "Ill@example.org")
    draft_with_address(call, "long.ago@example.org")
    by, given = make_user(), call.closes_at - HOUR
    about = {"call": call, "reason": "Illness", "by": by, "at": given}
    ends = call.closes_at + 100 * DAY
    late_passes.give(submission=late, expires_at=ends, **about)
    late_passes.give(address="ill@example.org", expires_at=ends, **about)
    revoked = late_passes.give(submission=_taken_back, expires_at=ends + DAY, **about)
    late_passes.revoke(revoked, by=by, at=ends - DAY)
    begins = late_passes.give(address="new@example.org", expires_at=ends, **about)
    token, at = late_passes.make_link(begins), call.closes_at + DAY
    begun = late_passes.take_up(call=call, token=token, current=None, at=at)
    drafting.save_answers(submission=begun, call=call, values={"email": "new@example.org"}, at=at)
    assert reminding.enqueue_closing_notices(at=ends - HOUR) == 1
    assert reminding.enqueue_closing_notices(at=ends) == 3
    assert reminding.enqueue_closing_notices(at=ends + 8 * DAY) == 0
    mails = OutboxEmail.objects.filter(kind=MailKind.CLOSED_WITH_DRAFT)
    mail = mails.get(submission=late)
    assert mails.exclude(to_address="long.ago@example.org").count() == 4
    kept = "You can read and download it until 11am on Thursday 30 January 2020 (UK time)."
    assert kept in said(render(mail, at=ends))


def test_each_closing_of_a_call_is_told_once(mailoutbox):
    call = make_call()
    draft = draft_with_address(call)
    first, staff = call.closes_at, make_user()
    assert reminding.enqueue_closing_notices(at=first + 2 * DAY) == 1
    send_due(portal_now=lambda: first + 2 * DAY, wall_now=clock.wall_now)
    second = first + 5 * DAY
    change_closing_time(call, to=second, reason="Asked for.", by=staff, at=first + 2 * DAY)
    assert reminding.enqueue_closing_notices(at=second - HOUR) == 0
    for at in (second + 2 * DAY, second + 3 * DAY):
        reminding.enqueue_closing_notices(at=at)
        send_due(portal_now=lambda: second + 3 * DAY, wall_now=clock.wall_now)
    assert len(mailoutbox) == 2
    assert list(draft.mails.order_by("pk").values_list("kind", "sent_at")) == [
        ("closed_with_draft", first + 2 * DAY),
        ("closed_with_draft", second + 3 * DAY),
    ]


def test_notice_of_a_closing_that_was_deferred_until_the_next_is_cancelled(mailoutbox):
    call = make_call()
    draft_with_address(call)
    first, second = call.closes_at, call.closes_at + 5 * DAY
    reminding.enqueue_closing_notices(at=first + 2 * DAY)
    change_closing_time(call, to=second, reason="Why.", by=make_user(), at=first + 2 * DAY)
    reminding.enqueue_closing_notices(at=second + 2 * DAY)
    assert OutboxEmail.objects.count() == 2
    send_due(portal_now=lambda: second + 2 * DAY, wall_now=clock.wall_now)
    assert [mail.occasion for mail in OutboxEmail.objects.all()] == [
        "closed-20190729T110000.000000Z"
    ]


def test_who_refused_reminders_is_told_after_closing_all_the_same():
    call = make_call()
    draft = draft_with_address(call)
    reminding.refuse_reminders(submission=draft, at=call.opens_at)
    assert reminding.enqueue_reminders(at=call.closes_at - HOUR) == 0
    assert reminding.enqueue_closing_notices(at=call.closes_at + DAY) == 1
    assert [address for _, address in enqueued("closed_with_draft")] == ["slow@example.org"]


def test_closing_notice_says_until_when_the_draft_is_kept():
    call = make_call()
    draft_with_address(call)
    reminding.enqueue_closing_notices(at=call.closes_at + DAY)
    mail = OutboxEmail.objects.get()
    text = render(mail, at=mail.created_at).message.body
    assert "midday on Wednesday 24 July 2019 (UK time)" in text
    kept = "You can read and download it until midday on Tuesday 22 October 2019 (UK time)."
    assert kept in text


def test_closing_long_ago_owes_nothing():
    call = make_call()
    draft_with_address(call)
    assert reminding.enqueue_closing_notices(at=call.closes_at + 30 * DAY) == 0


def test_draft_begun_after_the_moment_of_a_reminder_waits_for_the_next_one():
    call = make_call()
    make_draft(call, at=call.closes_at - 100 * HOUR, email="slow@example.org")
    assert reminding.enqueue_reminders(at=call.closes_at - 98 * HOUR) == 0
    assert reminding.enqueue_reminders(at=call.closes_at - 23 * HOUR) == 1
    assert enqueued() == [(f"1-day-{STAMP}", "slow@example.org")]


def test_reminder_that_waited_past_closing_is_taken_back(mailoutbox):
    call = make_call()
    draft_with_address(call)
    reminding.enqueue_reminders(at=call.closes_at - HOUR)
    send_due(portal_now=lambda: call.closes_at + HOUR, wall_now=clock.wall_now)
    assert (OutboxEmail.objects.count(), mailoutbox) == (0, [])


def reopened(call, *, story="Better"):
    submission = make_submitted(call, at=call.opens_at, email="changing@example.org", story="Good")
    at = call.opens_at + HOUR
    amending.reopen(submission=submission, at=at)
    drafting.save_answers(
        submission=submission, call=call, values={"story": story}, at=at + HOUR, base_etags={}
    )
    return submission


def test_changes_that_are_not_submitted_are_reminded_of_and_told_after_closing():
    call = make_call()
    reopened(call)
    reminding.enqueue_reminders(at=call.closes_at - DAY)
    reminding.enqueue_closing_notices(at=call.closes_at + DAY)
    assert enqueued() == [(f"1-day-{STAMP}-changes", "changing@example.org")]
    assert [address for _, address in enqueued("closed_with_draft")] == ["changing@example.org"]
    reminder, notice = OutboxEmail.objects.filter(
        kind__in=["reminder", "closed_with_draft"]
    ).order_by("pk")
    reference = reminder.submission.reference
    message = render(reminder, at=call.closes_at - DAY).message
    assert message.subject == f"Your changes are not submitted yet: {call.title}"
    told = " ".join(message.body.split())
    assert "You started to change your response to" in told
    assert "What you submitted before counts until you do." in told
    assert f"Reference: {reference} Started:" in told
    told = said(render(notice, at=call.closes_at + DAY))
    assert "Your response counts as you submitted it." in told
    assert "so they are not part of the evidence." in told
    assert f"Reference: {reference} Started:" in told
    assert "You can read and download your changes until" in told
    assert "What you submitted stays." in told


def test_nobody_is_told_of_changes_that_are_none_or_were_discarded():
    call = make_call()
    reopened(call, story="Good")
    discarded = reopened(call)
    amending.discard_changes(submission=discarded, at=call.opens_at + 3 * HOUR)
    assert reminding.enqueue_reminders(at=call.closes_at - DAY) == 0
    late_passes.give(  # whose changes can still be submitted
        call=call,
        submission=reopened(call),
        reason="Illness",
        by=make_user(),
        at=call.closes_at - HOUR,
        expires_at=call.closes_at + 3 * DAY,
    )
    assert reminding.enqueue_closing_notices(at=call.closes_at + DAY) == 0


def test_reminder_of_changes_is_taken_back_once_they_are_discarded(mailoutbox):
    call = make_call()
    submission = reopened(call)
    reminding.enqueue_reminders(at=call.closes_at - DAY)
    amending.discard_changes(submission=submission, at=call.closes_at - DAY)
    send_due(portal_now=lambda: call.closes_at - DAY, wall_now=clock.wall_now)
    assert [mail.subject for mail in mailoutbox if "not submitted" in mail.subject] == []


def test_reminder_of_a_draft_is_taken_back_once_it_is_submitted_even_if_it_is_changed(mailoutbox):
    call = make_call()
    draft = make_draft(call, at=call.opens_at, **complete_answers(call, email="slow@example.org"))
    reminding.enqueue_reminders(at=call.closes_at - DAY)
    version = submitting.submit(submission=draft, at=call.closes_at - DAY)
    amending.reopen(submission=version.submission, at=call.closes_at - DAY)
    send_due(portal_now=lambda: call.closes_at - DAY, wall_now=clock.wall_now)
    assert [mail.subject for mail in mailoutbox if "not submitted" in mail.subject] == []
