"""Who works on a response is forgotten with it, and sooner where nothing needs them."""

from datetime import timedelta

import pytest

from personal_data.bundle import about
from personal_data.erasing import carry_out_all
from personal_data.finding import find_person
from retention.carrying_out import carry_out
from submissions.mail.live_data import LiveData
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import amending, erasing, sharing, submitting
from submissions.responses.housekeeping import clear
from submissions.responses.models import Colleague, Submission
from submissions.responses.states import ErasureScope
from tests.makers import (
    complete_answers,
    confirm_retention,
    make_call,
    make_draft,
    mark_as_sent,
    while_open,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ADDRESS = "ben@example.org"


@pytest.fixture
def call():
    call = make_call()
    confirm_retention(call)
    return call


def shared_draft(call, *, joined=True, at=None):
    at = at or while_open(call)
    draft = make_draft(call, at=at, **complete_answers(call))
    colleague = sharing.invite(submission=draft, address=ADDRESS, at=at)
    mail = OutboxEmail.objects.select_related("call").get(kind="colleague_invited")
    token = LiveData(at=at).link(mail).token
    mark_as_sent(mail, at=at)
    if joined:
        colleague = sharing.join(call=call, token=token, name="Ben", at=at)
    return draft, colleague


def is_forgotten(colleague):
    colleague.refresh_from_db()
    mails = OutboxEmail.objects.filter(to_address=ADDRESS)
    return (colleague.address, colleague.name) == ("", "") and not mails.exists()


def test_draft_goes_with_its_colleagues(call):
    shared_draft(call)
    carry_out(at=call.closes_at + 90 * DAY)
    assert not Colleague.objects.exists()
    assert not OutboxEmail.objects.exists()


def test_colleagues_end_with_the_mails_of_a_draft_that_stays(call):
    _draft, colleague = shared_draft(call)
    call.retention = {"drafts": "24 months after closing", "mails": "90 days after closing"}
    call.save()
    carry_out(at=call.closes_at + 90 * DAY)
    assert is_forgotten(colleague)
    assert colleague.ended_by == "time"


def test_submitting_forgets_colleagues(call):
    draft, colleague = shared_draft(call)
    cat = {"address": "cat@example.org", "at": while_open(call)}
    sharing.invite(submission=make_draft(call), **cat)
    gone = sharing.invite(submission=draft, **cat)
    sharing.take_away(submission=draft, number=gone.number, at=while_open(call))
    submitting.submit(submission=draft, at=while_open(call))
    assert is_forgotten(colleague)
    those = Colleague.objects.filter(submission=draft).order_by("number")
    assert list(those.values_list("ended_by", flat=True)) == ["submitted", "author"]
    assert OutboxEmail.objects.get(to_address="cat@example.org").submission != draft


def test_withdrawing_forgets_colleagues_of_changes(call):
    at = while_open(call)
    draft = make_draft(call, **complete_answers(call))
    submitting.submit(submission=draft, at=at)
    amending.reopen(submission=draft, at=at)
    draft.refresh_from_db()
    colleague = sharing.invite(submission=draft, address=ADDRESS, at=at)
    amending.withdraw(submission=draft, at=at)
    assert is_forgotten(colleague)
    assert colleague.ended_by == "finished"


def test_submitting_changes_that_say_the_same_forgets_colleagues(call):
    at = while_open(call)
    draft = make_draft(call, **complete_answers(call))
    first = submitting.submit(submission=draft, at=at)
    amending.reopen(submission=draft, at=at)
    draft.refresh_from_db()
    colleague = sharing.invite(submission=draft, address=ADDRESS, at=at)
    assert submitting.submit(submission=draft, at=at) == first
    assert is_forgotten(colleague)


def test_unused_invitation_is_forgotten_after_two_weeks(call):
    at = call.closes_at - 20 * DAY
    call.opens_at = at - DAY
    call.save()
    _draft, colleague = shared_draft(call, joined=False, at=at)
    clear(at=at + 14 * DAY - timedelta(microseconds=1))
    assert not is_forgotten(colleague)
    clear(at=at + 14 * DAY)
    assert is_forgotten(colleague)


def test_who_joined_stays_however_old_the_invitation_is(call):
    _draft, colleague = shared_draft(call)
    clear(at=while_open(call) + 60 * DAY)
    assert not is_forgotten(colleague)


def test_address_of_a_mail_that_was_being_sent_is_emptied_later(call):
    at = while_open(call)
    draft, colleague = shared_draft(call)
    mails = OutboxEmail.objects.filter(kind="colleague_invited")
    mails.update(state=OutboxState.CLAIMED, claimed_at=at, sent_at=None)
    sharing.take_away(submission=draft, number=colleague.number, at=at)
    assert mails.get().to_address == ADDRESS
    mails.update(state=OutboxState.SENT, sent_at=at, subject="Ada asks you", body="Dear Ben")
    clear(at=at)
    assert mails.values_list("to_address", "subject", "body").get() == ("", "", "")


def test_erasing_the_draft_deletes_its_colleagues(call):
    at = while_open(call)
    draft, _colleague = shared_draft(call)
    erasing.end_by_retention(
        submission=draft, scope=ErasureScope.RESPONSE, rule="a rule", by=None, at=at
    )
    carry_out_all(at=at)
    assert not Colleague.objects.exists()
    assert Submission.objects.get().is_erased


def test_colleague_is_counted_and_the_response_of_somebody_else_is_not_theirs(call):
    draft, _colleague = shared_draft(call)
    for words in ("BEN@example.org", "Ben"):
        found = find_person(words, call=call)
        assert (found.invited, found.responses) == (1, {})
    (told,) = about(draft)["colleagues"]
    assert (told["address"], told["ended"]) == (ADDRESS, None)
    assert "Ben" not in str(told)


def test_notices_about_the_response_go_to_no_colleague(call):
    at = while_open(call)
    draft, _colleague = shared_draft(call)
    submitting.submit(submission=draft, at=at)
    amending.withdraw(submission=draft, at=at)
    assert ADDRESS not in OutboxEmail.objects.values_list("to_address", flat=True)
