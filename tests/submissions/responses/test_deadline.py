"""The deadline at its edges: in the forms, under the lock, and in the database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from submissions.calls.models import Call
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, deadlines, drafting, late_passes, submitting
from submissions.responses.errors import CallClosed, CallNotYetOpen
from submissions.responses.etags import etag
from submissions.responses.models import Entry, LatePass, Submission, Version
from submissions.responses.states import Channel
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_call, make_draft, make_submitted, make_user

MIDDAY_IN_LONDON = datetime(2019, 7, 24, 12, tzinfo=ZoneInfo("Europe/London"))
MICROSECOND = timedelta(microseconds=1)
ZONES = ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"]

pytestmark = pytest.mark.django_db


def complete_draft(call):
    return make_draft(call, **complete_answers(call))


def test_midday_in_london_in_summer_is_eleven_utc():
    assert make_call().closes_at == MIDDAY_IN_LONDON == datetime(2019, 7, 24, 11, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_submit_one_microsecond_before_closing_is_on_time(zone):
    with timezone.override(zone):
        version = submitting.submit(
            submission=complete_draft(make_call()), at=MIDDAY_IN_LONDON - MICROSECOND
        )
    assert (version.timing, version.received_at) == ("on_time", MIDDAY_IN_LONDON - MICROSECOND)
    assert version.submission.submitted_at == MIDDAY_IN_LONDON - MICROSECOND


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("late_by", [timedelta(0), MICROSECOND, timedelta(days=400)])
def test_submit_at_closing_or_later_is_refused_and_keeps_the_draft(zone, late_by):
    call = make_call()
    draft = complete_draft(call)
    answers = working_answers(draft, call)
    with timezone.override(zone), pytest.raises(CallClosed) as refusal:
        submitting.submit(submission=draft, at=MIDDAY_IN_LONDON + late_by)
    assert refusal.value.closes_at == MIDDAY_IN_LONDON
    draft.refresh_from_db()
    assert (draft.state, draft.reference) == ("draft", None)
    assert working_answers(draft, call) == answers
    assert (Version.objects.count(), OutboxEmail.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (datetime(2019, 5, 29, 8, tzinfo=UTC) - MICROSECOND, False),
        (datetime(2019, 5, 29, 8, tzinfo=UTC), True),
        (MIDDAY_IN_LONDON - MICROSECOND, True),
        (MIDDAY_IN_LONDON, False),
    ],
)
def test_query_and_model_agree_on_when_a_call_is_open(at, is_open):
    call = make_call()
    assert call.is_open_at(at) == is_open
    assert Call.objects.open_at(at).filter(pk=call.pk).exists() == is_open


def test_start_before_opening_is_refused():
    call = make_call()
    with pytest.raises(CallNotYetOpen):
        drafting.start(call=call, at=call.opens_at - MICROSECOND)
    assert Submission.objects.count() == 0


def test_draft_of_a_call_that_opens_later_after_all_may_not_be_submitted():
    call = make_call()
    draft = complete_draft(call)
    call.opens_at = MIDDAY_IN_LONDON - 2 * MICROSECOND
    call.save()
    with pytest.raises(CallNotYetOpen):
        submitting.submit(submission=draft, at=call.opens_at - MICROSECOND)
    for at, may in (
        (call.opens_at - MICROSECOND, False),
        (call.opens_at, True),
        (MIDDAY_IN_LONDON - MICROSECOND, True),
        (MIDDAY_IN_LONDON, False),
    ):
        assert deadlines.may_submit(call, draft, at=at) is may, at


def test_grace_period_is_for_drafts_begun_before_closing_and_for_what_staff_enter():
    call = make_call(grace_minutes=30)
    for started, is_entered, may in (
        (call.closes_at - MICROSECOND, False, True),
        (call.closes_at, False, False),
        (call.closes_at, True, True),
    ):
        draft = Submission(call=call, pk=0, started_at=started)
        if is_entered:
            draft.channel = Channel.POST
            draft.entry = Entry()
        for at, in_grace in (
            (call.closes_at, True),
            (call.grace_ends_at - MICROSECOND, True),
            (call.grace_ends_at, False),
        ):
            case = (started, is_entered, at)
            assert deadlines.may_submit(call, draft, at=at) is (may and in_grace), case


def test_extra_time_has_ended_with_the_last_pass_or_the_grace_period_that_could_be_used():
    call = make_call(grace_minutes=30)
    draft = complete_draft(call)
    begun_late = Submission(call=call, pk=0, started_at=call.closes_at)
    assert deadlines.extra_time_ended(call, begun_late, at=call.grace_ends_at) is None
    assert deadlines.extra_time_ended(call, draft, at=call.grace_ends_at - MICROSECOND) is None
    assert deadlines.extra_time_ended(call, draft, at=call.grace_ends_at) == call.grace_ends_at
    without_grace = make_call()
    assert deadlines.extra_time_ended(without_grace, draft, at=MIDDAY_IN_LONDON) is None

    given_at = call.closes_at + timedelta(hours=1)
    end = call.closes_at + timedelta(days=2)
    given = late_passes.give(
        call=call,
        submission=draft,
        address="",
        reason="Power cut",
        expires_at=end,
        by=make_user(),
        at=given_at,
    )
    assert deadlines.extra_time_ended(call, draft, at=end - MICROSECOND) == call.grace_ends_at
    assert deadlines.extra_time_ended(call, draft, at=end) == end
    # The call was kept open until then: nobody needed the pass.
    extended = Call.objects.get(pk=call.pk)
    extended.closes_at = end
    extended.grace_minutes = 0
    assert deadlines.extra_time_ended(extended, draft, at=end) is None
    passes = LatePass.objects.filter(pk=given.pk)
    for used in (
        {"used_at": given_at, "used_for": make_submitted(call).current_version},
        {"used_at": None, "used_for": None, "revoked_at": given_at},
    ):
        passes.update(**used)
        assert deadlines.extra_time_ended(call, draft, at=end) == call.grace_ends_at, used


def test_start_at_closing_is_refused():
    call = make_call()
    with pytest.raises(CallClosed):
        drafting.start(call=call, at=call.closes_at)
    assert Submission.objects.count() == 0


def test_save_after_closing_keeps_the_text():
    call = make_call()
    draft = make_draft(call)
    late = call.closes_at + timedelta(hours=1)
    drafting.save_answers(submission=draft, call=call, values={"story": "Typed late."}, at=late)
    assert working_answers(draft, call) == {"story": "Typed late."}


def test_extension_during_an_open_page_is_obeyed():
    call = make_call()
    draft = complete_draft(call)
    Call.objects.filter(pk=call.pk).update(closes_at=call.closes_at + timedelta(hours=1))
    version = submitting.submit(submission=draft, at=call.closes_at)
    assert version.deadline == call.closes_at + timedelta(hours=1)


def test_earlier_closing_does_not_undo_what_was_accepted():
    call = make_call()
    submission = make_submitted(call)
    Call.objects.filter(pk=call.pk).update(closes_at=call.opens_at + timedelta(days=1))
    submission.refresh_from_db()
    assert submission.state == "submitted"
    assert submitting.submit(submission=submission, at=MIDDAY_IN_LONDON) == Version.objects.get()


def copy_of_version(version, **overrides):
    fields = {
        field.attname: getattr(version, field.attname)
        for field in Version._meta.concrete_fields
        if not field.primary_key
    }
    return Version(**fields | {"number": 2} | overrides)


@pytest.mark.parametrize(
    ("overrides", "constraint"),
    [
        ({"received_at": MIDDAY_IN_LONDON}, "submissions_version_before_deadline"),
        (
            {"received_at": MIDDAY_IN_LONDON + MICROSECOND},
            "submissions_version_before_deadline",
        ),
        (
            {"deadline": MIDDAY_IN_LONDON + timedelta(hours=1)},
            "submissions_version_deadline_applied",
        ),
        (
            {"deadline": MIDDAY_IN_LONDON + MICROSECOND, "timing": "grace"},
            "submissions_version_deadline_applied",
        ),
        (
            {"received_at": datetime(2019, 5, 29, 7, tzinfo=UTC)},
            "submissions_version_deadline_applied",
        ),
    ],
)
def test_database_refuses_a_version_that_is_not_before_its_deadline(overrides, constraint):
    version = copy_of_version(make_submitted().current_version, **overrides)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        version.save()
    assert refusal.value.__cause__.diag.constraint_name == constraint


def test_database_refuses_a_version_that_is_received_before_the_last_one():
    first = make_submitted().current_version
    copy_of_version(first, received_at=first.received_at).save()
    earlier = copy_of_version(first, number=3, received_at=first.received_at - MICROSECOND)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        earlier.save()
    assert refusal.value.__cause__.diag.constraint_name == "submissions_version_in_order"


def test_database_takes_a_second_version_before_the_deadline():
    first = make_submitted().current_version
    copy_of_version(first, received_at=MIDDAY_IN_LONDON - MICROSECOND).save()
    assert first.submission.versions.count() == 2


def test_what_was_saved_after_closing_is_not_submitted_by_a_request_from_before():
    call = make_call()
    draft = complete_draft(call)
    drafting.save_answers(
        submission=draft, call=call, values={"story": "Too late"}, at=call.closes_at
    )
    with pytest.raises(CallClosed) as refusal:
        submitting.submit(submission=draft, at=call.closes_at - MICROSECOND)
    assert refusal.value.at == call.closes_at
    assert Version.objects.count() == 0


def test_save_of_nothing_new_after_closing_makes_nothing_late():
    call = make_call()
    draft = complete_draft(call)
    story = working_answers(draft, call)["story"]
    drafting.save_answers(
        submission=draft,
        call=call,
        values={"story": story},
        at=call.closes_at,
        base_etags={"story": [etag(story)]},
    )
    at = call.closes_at - MICROSECOND
    assert submitting.submit(submission=draft, at=at).received_at == at


def test_version_is_received_no_earlier_than_its_last_answer():
    call = make_call()
    draft = complete_draft(call)
    saved_at = call.closes_at - timedelta(seconds=1)
    drafting.save_answers(submission=draft, call=call, values={"story": "Just now"}, at=saved_at)
    version = submitting.submit(submission=draft, at=saved_at - timedelta(seconds=1))
    assert (version.received_at, version.submission.submitted_at) == (saved_at, saved_at)


def test_version_is_received_no_earlier_than_the_one_before_it():
    call = make_call()
    response = make_submitted(call, at=call.closes_at - timedelta(minutes=1))
    opened_at = call.closes_at - timedelta(seconds=30)
    amending.reopen(submission=response, at=opened_at)
    saved_at = call.closes_at - timedelta(minutes=2)
    values = {"story": "Said otherwise"}
    drafting.save_answers(submission=response, call=call, values=values, at=saved_at)
    version = submitting.submit(submission=response, at=saved_at)
    assert (version.number, version.received_at) == (2, opened_at)
