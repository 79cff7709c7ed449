"""A clock that differs from the database's is named, and judges no deadline."""

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection
from django.urls import reverse

from accounts.sign_in_models import Tries
from accounts.tasks import purge
from core import clock, clock_check
from exports.models import ApiToken
from exports.tasks import look_after_tokens
from retention.tasks import end_data
from submissions.mail.tasks import enqueue_reminders
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from submissions.responses.tasks import clear_imports
from tests.exports.api.pulling import make_token
from tests.makers import (
    CLOSES_AT,
    OPENS_AT,
    complete_answers,
    confirm_retention,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    press_submit,
    while_open,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def off_by(monkeypatch):
    """Set this process's real clock off the database's; it runs on."""

    def set_off(by):
        monkeypatch.setattr(clock, "wall_now", lambda: datetime.now(UTC) + by)

    return set_off


@pytest.fixture
def own_draft(client, at):
    """A complete draft that `client` holds."""
    call = make_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    for question, value in complete_answers(call).items():
        make = draft.identity_answers if question == "email" else draft.answers
        make.create(question=call.questions_by_key[question], value=value, saved_at=draft.saved_at)
    return draft


def test_clock_of_the_same_machine_deviates_by_nothing():
    assert clock_check.measure() == timedelta(0)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (timedelta(seconds=1.5), ""),
        (timedelta(seconds=-1.5), ""),
        (timedelta(seconds=3.5), "the clock of this server is 3 seconds ahead of the database’s"),
        (timedelta(hours=-2), "the clock of this server is 2 hours behind the database’s"),
        (
            timedelta(hours=2, milliseconds=-500),
            "the clock of this server is 2 hours ahead of the database’s",
        ),
        (timedelta(seconds=-61), "the clock of this server is 1 minute behind the database’s"),
        (timedelta(days=400), "the clock of this server is 400 days ahead of the database’s"),
    ],
)
def test_deviation_is_said_in_words(off_by, by, said):
    off_by(by + timedelta(milliseconds=200) * (1 if by > timedelta(0) else -1))
    assert clock_check.in_words(clock_check.measure()) == said


def test_database_is_asked_once_a_minute_and_again_when_the_clock_was_set(
    off_by, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(clock_check, "_latest", None)
    with django_assert_num_queries(1):
        assert [clock_check.is_wrong() for _ in range(5)] == [False] * 5
    off_by(timedelta(hours=-2))
    with django_assert_num_queries(2):
        assert [clock_check.is_wrong() for _ in range(2)] == [True, True]
    off_by(timedelta(0))
    with django_assert_num_queries(1):
        assert [clock_check.is_wrong() for _ in range(3)] == [False] * 3
    now = clock_check.monotonic()
    monkeypatch.setattr(clock_check, "monotonic", lambda: now + 61)
    off_by(timedelta(seconds=61))  # the real clock went on as well
    with django_assert_num_queries(1):
        clock_check.deviation()


def test_two_seconds_are_logged_as_a_warning_and_thirty_as_an_error(caplog):
    for seconds in (1, 3, -31):
        clock_check.log(timedelta(seconds=seconds))
    assert [(line.levelno, line.getMessage()) for line in caplog.records] == [
        (logging.WARNING, "the clock of this server is 3 seconds ahead of the database’s"),
        (
            logging.ERROR,
            "the clock of this server is 31 seconds behind the database’s: "
            "no response is taken until it is right",
        ),
    ]


def test_process_starts_although_the_database_is_away(monkeypatch, caplog):
    def away():
        raise OperationalError

    monkeypatch.setattr(connection, "ensure_connection", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    clock_check.log_at_start()
    assert caplog.records == []


def test_late_response_by_a_slow_clock_is_refused_and_kept(client, own_draft, off_by, at):
    off_by(timedelta(hours=-2))
    # By the database it is an hour after closing; this server's clock says an hour before it.
    at(CLOSES_AT - timedelta(hours=1))
    answer = press_submit(client, own_draft.call)
    text = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "The clock of our server is wrong" in text
    assert "Nothing that you wrote is lost: your answers are saved" in text
    own_draft.refresh_from_db()
    assert (own_draft.state, own_draft.versions.count()) == (SubmissionState.DRAFT, 0)
    off_by(timedelta(0))
    assert press_submit(client, own_draft.call).status_code == 302
    own_draft.refresh_from_db()
    assert own_draft.state == SubmissionState.SUBMITTED


def test_thirty_seconds_off_still_take_responses(client, own_draft, off_by):
    off_by(timedelta(seconds=29))
    assert press_submit(client, own_draft.call).status_code == 302
    own_draft.refresh_from_db()
    assert own_draft.state == SubmissionState.SUBMITTED


def test_saving_goes_on_while_the_clock_is_wrong(client, own_draft, off_by):
    off_by(timedelta(minutes=5))
    address = f"/calls/{own_draft.call.slug}/response/evidence/"
    client.post(address, {"story": "Written meanwhile.", "action": "save"})
    assert own_draft.answers.get(question__key="story").value == "Written meanwhile."


def test_save_by_a_fast_clock_makes_no_later_submission_late(client, own_draft, off_by, at):
    """By the fast clock it was saved after closing; the submission was in time all the same."""
    ahead, half_an_hour = timedelta(hours=2), timedelta(minutes=30)
    off_by(ahead)
    at(CLOSES_AT - half_an_hour + ahead)
    address = f"/calls/{own_draft.call.slug}/response/evidence/"
    assert client.get(address).status_code == 200
    saved = client.post(address, {"story": "Written meanwhile.", "action": "continue"})
    assert saved.status_code == 302
    own_draft.refresh_from_db()
    assert abs(own_draft.saved_at - (CLOSES_AT - half_an_hour)) < timedelta(seconds=5)
    off_by(timedelta(0))
    at(CLOSES_AT - half_an_hour / 2)
    assert press_submit(client, own_draft.call).status_code == 302
    assert own_draft.versions.get().received_at == CLOSES_AT - half_an_hour / 2


@pytest.mark.parametrize(
    ("by", "state"), [(timedelta(hours=2), "open"), (timedelta(hours=-2), "closed")]
)
def test_pages_of_a_wrong_clock_say_what_is_so(client, own_draft, off_by, at, by, state):
    off_by(by)
    to_closing = timedelta(hours=1) if state == "open" else timedelta(hours=-1)
    at(CLOSES_AT - to_closing + by)
    path = f"/calls/{own_draft.call.slug}/"
    assert client.get(f"{path}time-left/").json()["state"] == state
    assert client.get(path).context["is_open"] is (state == "open")
    check = client.get(f"{path}response/check/")
    template = "responses/check.html" if state == "open" else "responses/closed.html"
    assert template in [used.name for used in check.templates]


def test_moment_is_corrected_by_the_databases_clock_only_where_it_is_wrong(off_by):
    moment = CLOSES_AT
    off_by(timedelta(seconds=29))
    assert clock_check.corrected(moment) == moment
    off_by(timedelta(hours=2))
    assert abs(clock_check.corrected(moment) - (moment - timedelta(hours=2))) < timedelta(seconds=5)


def test_worker_with_a_fast_clock_tells_nobody_that_the_call_closed(at, off_by):
    draft = make_draft(at=OPENS_AT, email="jo@example.org")
    ahead = timedelta(days=2)
    off_by(ahead)
    at(CLOSES_AT - timedelta(days=2) + ahead)
    enqueue_reminders()
    assert [mail.kind for mail in draft.mails.all()] == ["reminder"]


def test_closing_time_that_is_over_is_refused_though_a_slow_clock_has_it_to_come(
    client, at, off_by
):
    call = make_call()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    off_by(timedelta(hours=-2))
    at(while_open(call) - timedelta(hours=2))
    over = (while_open(call) - timedelta(hours=1)).astimezone(ZoneInfo(call.timezone))
    path = reverse("admin:submissions_call_closing_time", args=[call.pk])
    posted = {"day": f"{over:%Y-%m-%d}", "time": f"{over:%H:%M}", "reason": "Early"}
    page = client.post(path, {**posted, "base_etag": call.closes_at.isoformat()})
    assert page.context["form"].non_field_errors() == ["Enter a closing time that is still to come"]


def test_nothing_is_started_while_the_clock_is_wrong(client, at, off_by):
    call = make_call()
    at(while_open(call))
    off_by(timedelta(minutes=-5))
    assert client.post(f"/calls/{call.slug}/start/").status_code == 503
    assert Submission.objects.count() == 0


def test_nothing_is_withdrawn_while_the_clock_is_wrong(client, own_draft, off_by):
    press_submit(client, own_draft.call)
    off_by(timedelta(minutes=-5))
    address = f"/calls/{own_draft.call.slug}/response/withdraw/"
    assert client.post(address).status_code == 503
    own_draft.refresh_from_db()
    assert own_draft.state == SubmissionState.SUBMITTED


def test_nothing_ends_by_a_wrong_clock(at, off_by):
    confirm_retention(make_draft(story="Words.").call)
    at(CLOSES_AT + timedelta(days=90))
    off_by(timedelta(days=100))
    end_data()
    assert Submission.objects.count() == 1
    off_by(timedelta(0))
    end_data()
    assert Submission.objects.count() == 0


def test_no_sign_in_no_invitation_and_no_token_ends_by_a_wrong_clock(off_by):
    Tries.objects.create(who="x", last_at=clock.wall_now() - timedelta(days=2))
    token, _secret = make_token(make_call(), days=30)
    off_by(timedelta(days=200))
    purge()
    look_after_tokens()
    assert Tries.objects.count() == 1
    assert ApiToken.objects.get() == token
    off_by(timedelta(0))
    purge()
    assert Tries.objects.count() == 0


def test_no_uploaded_file_is_discarded_by_a_wrong_clock(off_by, monkeypatch):
    cleared = []
    monkeypatch.setattr("submissions.responses.tasks.uploads.clear", lambda at: cleared.append(at))
    off_by(timedelta(days=100))
    clear_imports()
    assert cleared == []
    off_by(timedelta(0))
    clear_imports()
    assert len(cleared) == 1


def test_first_page_of_staff_names_a_clock_that_is_off(client, off_by):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "The clock of" not in client.get("/admin/").content.decode()
    off_by(timedelta(seconds=-10.5))
    page = client.get("/admin/").content.decode()
    assert "The clock of this server is 10 seconds behind the database’s." in page


def test_rehearsals_clock_is_no_wrong_clock(at, settings):
    settings.REHEARSAL = True
    settings.REHEARSAL_OFFSET = timedelta(days=-2000)
    make_submitted()
    assert not clock_check.is_wrong()
