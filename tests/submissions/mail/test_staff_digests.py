"""Staff get one digest of a call a day, in numbers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import chain
from accounts.models import Membership
from accounts.record import record
from accounts.states import AuditAction, Role
from core import clock
from submissions.mail import tasks
from submissions.mail.live_data import LiveData
from submissions.mail.rendering import render
from submissions.mail.resending import send_again
from submissions.mail.sending import send_due
from submissions.mail.staff_digests import (
    SENT_FOR,
    digest_of_day,
    enqueue_digests,
    is_still_read,
)
from submissions.outbox.models import OutboxEmail
from submissions.outbox.queue import build
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.models import Submission
from submissions.responses.states import TriageStatus
from tests.makers import (
    CLOSES_AT,
    OPENS_AT,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    mark_as_sent,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# 8 in the morning, UK time, two days after the opening at 9.
MORNING = OPENS_AT + 2 * DAY - timedelta(hours=1)


@pytest.fixture
def to_two(settings):
    settings.STAFF_DIGEST_TO = ["a@example.org", "b@example.org"]


def make_call_with_news():
    """A call with a response that nobody has read, and no mail."""
    call = make_call()
    make_submitted(call, at=OPENS_AT + timedelta(hours=1))
    OutboxEmail.objects.all().delete()
    return call


def enqueued():
    those = OutboxEmail.objects.order_by("pk").values_list("kind", "occasion", "to_address")
    return list(those)


def test_nobody_is_sent_a_digest_unless_listed():
    make_call()
    assert enqueue_digests(at=MORNING) == 0
    assert enqueued() == []


def test_digest_of_nothing_is_sent_on_mondays_only(to_two):
    make_call()
    days = []
    for number in range(8):
        days.append(enqueue_digests(at=MORNING + number * DAY))
        OutboxEmail.objects.all().delete()  # a mail that waits would be something to tell
    assert days == [0, 0, 0, 2, 0, 0, 0, 0]  # from Friday


@pytest.mark.parametrize("hours", [23, -23])
def test_digest_of_nothing_is_sent_on_the_day_of_the_closing(to_two, hours):
    call = make_call(closes_at=MORNING + timedelta(hours=hours))
    assert (enqueue_digests(at=MORNING), call.submissions.count()) == (2, 0)


def test_digest_is_enqueued_once_a_day_to_each_address(to_two):
    make_call_with_news()
    assert enqueue_digests(at=MORNING - timedelta(microseconds=1)) == 0
    assert enqueue_digests(at=MORNING) == 2
    assert enqueue_digests(at=MORNING + timedelta(hours=15)) == 0
    assert enqueue_digests(at=MORNING + DAY) == 2
    assert enqueued() == [
        (MailKind.STAFF_DIGEST, day, address)
        for day in ("2019-05-31", "2019-06-01")
        for address in ("a@example.org", "b@example.org")
    ]


def test_somebody_listed_later_gets_the_days_digest(to_two, settings):
    make_call_with_news()
    enqueue_digests(at=MORNING)
    settings.STAFF_DIGEST_TO = ["B@example.org", "c@example.org"]
    assert enqueue_digests(at=MORNING) == 1


@pytest.mark.parametrize(
    ("at", "number"),
    [
        (OPENS_AT - timedelta(minutes=1), 0),
        (OPENS_AT, 0),
        (OPENS_AT + timedelta(hours=1), 0),
        (OPENS_AT + timedelta(hours=23), 2),
        (CLOSES_AT + SENT_FOR - timedelta(microseconds=1), 2),
        (CLOSES_AT + SENT_FOR, 0),
    ],
)
def test_digests_begin_after_the_opening_and_end_after_the_closing(to_two, at, number):
    make_call_with_news()
    assert enqueue_digests(at=at) == number


def test_report_counts_the_last_day_and_the_whole():
    call = make_call()
    make_submitted(call, at=MORNING - DAY)
    make_submitted(call, at=MORNING - DAY + timedelta(microseconds=1))
    make_submitted(call, at=MORNING - timedelta(hours=1))
    make_draft(call, at=MORNING)
    make_submitted(at=MORNING - timedelta(hours=1))
    Submission.objects.filter(pk=call.submissions.submitted().first().pk).update(
        triage_status=TriageStatus.CONSIDERED
    )
    report = digest_of_day(call, at=MORNING)
    assert (report.received_today, report.unread) == (2, 2)
    assert (report.standing.received, report.standing.drafts) == (3, 1)
    assert report.standing.mails_outstanding == 3


def test_digest_tells_the_numbers_and_names_nobody(to_two, at):
    call = make_call()
    make_submitted(call, at=MORNING - timedelta(hours=1), email="jo.bloggs@example.org")
    at(MORNING)
    tasks.enqueue_digests()
    mail = OutboxEmail.objects.filter(kind=MailKind.STAFF_DIGEST).first()
    rendered = render(mail, at=mail.created_at)
    assert rendered.message.subject == f"1 new response on Friday 31 May 2019: {call.title}"
    assert (
        "Received in the last 24 hours: 1\nReceived in all: 1\nOn time: 1\n"
        in rendered.message.body
    )
    assert "jo.bloggs" not in rendered.message.body


def test_mail_that_failed_and_was_sent_again_is_no_news(to_two):
    call = make_call()
    submission = make_submitted(call, at=OPENS_AT + timedelta(hours=1))
    Submission.objects.update(triage_status=TriageStatus.CONSIDERED)
    OutboxEmail.objects.update(state=OutboxState.FAILED)
    at = MORNING + 4 * DAY  # a Tuesday
    assert digest_of_day(call, at=at).standing.mails_failed == 1
    again = send_again(submission.mails.get(), by=make_user(), at=at)
    mark_as_sent(again, at=at - 2 * DAY)
    assert digest_of_day(call, at=at).standing.mails_failed == 0
    assert enqueue_digests(at=at) == 0


def test_digest_does_not_count_itself_among_the_mails_that_wait(to_two):
    call = make_call_with_news()
    enqueue_digests(at=MORNING)
    assert OutboxEmail.objects.count() == 2
    assert digest_of_day(call, at=MORNING).standing.mails_outstanding == 0


def test_of_digests_that_waited_for_days_the_last_goes_out(settings, mailoutbox):
    settings.STAFF_DIGEST_TO = ["a@example.org"]
    make_call_with_news()
    for number in range(3):
        enqueue_digests(at=MORNING + number * DAY)
    send_due(portal_now=lambda: MORNING + 2 * DAY, wall_now=clock.wall_now)
    assert len(mailoutbox) == 1
    assert [occasion for _kind, occasion, _to in enqueued()] == ["2019-06-02"]


def test_digest_says_how_its_reader_stops_it(settings):
    make_call_with_news()
    settings.STAFF_DIGEST_TO = ["list@example.org"]
    wanting(Role.MANAGER, "ann@example.org")
    enqueue_digests(at=MORNING)
    listed, member = (
        render(OutboxEmail.objects.get(to_address=address), at=MORNING)
        for address in ("list@example.org", "ann@example.org")
    )
    for said in (listed.message.body, listed.html):
        assert "Ask them to take it off." in said
        assert "membership" not in said
    for said in (member.message.body, member.html):
        assert "untick “daily digest” on the page of your membership in this call." in said
        assert "put your address on its list" not in said


def wanting(role, email, **fields):
    person = make_user(role, email=email, **fields)
    Membership.objects.filter(person=person).update(wants_digest=True)
    return person


def test_members_who_want_the_digest_of_their_call_get_it(settings):
    call, other = make_call_with_news(), make_call_with_news()
    wanting(Role.MANAGER, "ann@example.org")
    wanting(Role.REVIEWER, "")
    wanting(Role.STEERING_MEMBER, "eve@example.org")
    wanting(Role.MANAGER, "bob@example.org", is_active=False)
    make_user(Role.MANAGER, email="no@example.org")
    Membership.objects.filter(call=other).delete()
    settings.STAFF_DIGEST_TO = ["list@example.org", "Ann@example.org"]
    assert enqueue_digests(at=MORNING) == 4
    sent = OutboxEmail.objects.order_by("pk").values_list("call", "to_address")
    assert sorted(sent) == [
        (call.pk, "Ann@example.org"),
        (call.pk, "list@example.org"),
        (other.pk, "Ann@example.org"),
        (other.pk, "list@example.org"),
    ]


def test_digests_of_many_members_take_hardly_more_queries_than_that_of_one():
    """Of a call with nothing to tell, each member might have something to be told."""
    make_call()
    make_call_with_news()
    numbers = []
    for members in (1, 4):
        for number in range(Membership.objects.count() // 2, members):
            wanting(Role.REVIEWER, f"{number}@example.org")
        OutboxEmail.objects.all().delete()
        with CaptureQueriesContext(connection) as enqueuing:
            assert enqueue_digests(at=MORNING) == members
        mails = list(OutboxEmail.objects.all())
        with CaptureQueriesContext(connection) as looking:
            assert is_still_read(mails[0])
        data = LiveData(at=MORNING, mails=mails)
        data.digest(mails[0])
        with CaptureQueriesContext(connection) as writing:
            data.digest(mails[-1])
        numbers.append((len(enqueuing), len(looking), len(writing)))
    assert numbers[0][:2] == numbers[1][:2]
    assert numbers[1][2] < 5


def test_digest_of_another_call_goes_to_no_member():
    call, other = make_call_with_news(), make_call_with_news()
    wanting(Role.REVIEWER, "ann@example.org")
    Membership.objects.filter(call=other).delete()
    assert enqueue_digests(at=MORNING) == 1
    mail = OutboxEmail.objects.get()
    assert mail.call == call
    # Nor does one of another call come in its place.
    about = {"kind": MailKind.STAFF_DIGEST, "call": other, "to_address": mail.to_address}
    build(**about, at=MORNING, occasion="2100-01-01").save()
    assert is_still_read(mail)


def test_digest_that_waits_goes_to_no_member_who_left(settings, mailoutbox):
    settings.STAFF_DIGEST_TO = ["list@example.org"]
    make_call_with_news()
    wanting(Role.REVIEWER, "ann@example.org")
    left = wanting(Role.MANAGER, "bob@example.org")
    no_more = wanting(Role.MANAGER, "cy@example.org")
    assert enqueue_digests(at=MORNING) == 4
    Membership.objects.filter(person=left).delete()
    Membership.objects.filter(person=no_more).update(wants_digest=False)
    send_due(portal_now=lambda: MORNING, wall_now=clock.wall_now)
    assert sorted(mail.to for mail in mailoutbox) == [["ann@example.org"], ["list@example.org"]]
    assert enqueue_digests(at=MORNING + timedelta(hours=1)) == 0


def test_digest_takes_the_head_of_the_record_out_of_the_database():
    call = make_call()
    mail = build(
        kind=MailKind.STAFF_DIGEST, call=call, to_address="ann@example.org", at=MORNING, occasion=""
    )
    assert "verify_audit" not in render(mail, at=MORNING).message.body
    record(by=None, at=MORNING, action=AuditAction.CALL_LOADED, call=call)
    chain.seal()
    message = render(mail, at=MORNING).message
    assert f"\nmanage.py verify_audit --head {chain.head()}\n" in message.body
    assert f"<code>{chain.head()}</code>" in message.alternatives[0][0]
