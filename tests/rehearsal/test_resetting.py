from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEvent
from core import clock
from rehearsal import resetting
from rehearsal.errors import ResetRefused
from review.models import Note
from submissions.calls.models import Call
from submissions.definitions import closing_times
from submissions.outbox.models import OutboxEmail
from submissions.responses import late_passes
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import Attachment, Submission
from tests.makers import complete_answers, make_attachment, make_call, make_draft, make_user
from tests.rights.test_every_address import guarded
from tests.rights.two_calls import Side

HOUR = timedelta(hours=1)
# What a call asks, and the people who sign in.
STAYING = {
    "account.EmailAddress",
    "account.EmailConfirmation",
    "accounts.AccountMail",
    "accounts.Invitation",
    "accounts.Membership",
    "accounts.SignIn",
    "accounts.Tries",
    "accounts.User",
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "admin.LogEntry",
    "auth.Group",
    "auth.Group_permissions",
    "auth.Permission",
    "contenttypes.ContentType",
    "mfa.Authenticator",
    "review.KeysTurnedOff",
    "socialaccount.SocialAccount",
    "socialaccount.SocialApp",
    "socialaccount.SocialToken",
    "submissions.Call",
    "submissions.LoadedWording",
    "submissions.Question",
    "submissions.RespondentRole",
    "submissions.Section",
}


@pytest.fixture
def rehearsal(settings, tmp_path):
    settings.REHEARSAL = True
    settings.REHEARSAL_OFFSET = timedelta(0)
    settings.REHEARSAL_MOVED = tmp_path / "rehearsal-moved"


def rehearsed_portal():
    call = make_call()
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft)
    at = draft.saved_at
    rehearsing_user = make_user()
    late_passes.give(
        call=call,
        address="late@example.org",
        reason="Try",
        expires_at=call.closes_at + HOUR,
        by=rehearsing_user,
        at=at,
    )
    closing_times.change_closing_time(
        call, to=call.closes_at + HOUR, reason="Try", by=rehearsing_user, at=at
    )
    return call


@pytest.mark.django_db
def test_reset_leaves_the_call_as_it_was_and_nothing_else(
    rehearsal, django_capture_on_commit_callbacks
):
    call = rehearsed_portal()
    file = Attachment.objects.get().file
    tombstone = file.storage.save("erasures/one.json", ContentFile(b"{}"))
    with django_capture_on_commit_callbacks(execute=True):
        done = resetting.reset(at=call.closes_at)
    assert (done.responses, done.files) == (1, 1)
    assert Submission.objects.count() == OutboxEmail.objects.count() == 0
    assert list(AuditEvent.objects.values_list("action", flat=True)) == ["rehearsal_reset"]
    assert Call.objects.get().closes_at == call.closes_at
    assert Call.objects.get().questions.count() == call.questions.count()
    assert not file.storage.exists(file.name)
    assert not file.storage.exists(tombstone)


def test_every_table_is_emptied_by_a_reset_or_known_to_stay():
    tables = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model not in resetting.MADE_IN_REHEARSAL
    }
    assert tables == STAYING


def test_no_table_that_stays_refers_to_one_that_is_emptied():
    referring = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label in STAYING
        for field in model._meta.concrete_fields
        if field.related_model in resetting.MADE_IN_REHEARSAL
    }
    assert referring == set()


@pytest.mark.django_db
def test_reset_empties_each_table_whatever_refers_to_it(rehearsal, at, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    boss = make_user(is_superuser=True)
    side = Side("ours", boss=boss)
    for template in guarded():
        side.address(template, boss)
    Note.objects.first().mentions.add(boss)
    check_evidence(wall_now=side.at)
    Submission.objects.update(rehearsal=True)
    resetting.reset(at=side.at)
    connection.check_constraints()
    left = {model._meta.label for model in resetting.MADE_IN_REHEARSAL if model.objects.exists()}
    assert left == {"accounts.AuditEvent"}  # which says that it was reset


@pytest.mark.django_db
def test_reset_deletes_the_mails_that_were_written_to_files(
    rehearsal, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.EMAIL_FILE_PATH = str(tmp_path)
    (tmp_path / "20190724-115900-1.log").write_text("To: a@example.org")
    (tmp_path / "server.log").write_text("no mail")
    with django_capture_on_commit_callbacks(execute=True):
        resetting.reset(at=clock.portal_now())
    assert [path.name for path in tmp_path.glob("*.*")] == ["server.log"]


@pytest.mark.django_db
def test_portal_with_a_real_response_is_not_touched(rehearsal):
    rehearsed_portal()
    Submission.objects.update(rehearsal=False)
    with pytest.raises(ResetRefused):
        resetting.reset(at=datetime.now(UTC))
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_reset_without_a_rehearsal_is_refused():
    make_draft()
    with pytest.raises(ResetRefused):
        resetting.reset(at=datetime.now(UTC))
    assert Submission.objects.count() == 1


@pytest.mark.django_db
def test_responses_know_whether_they_were_begun_in_a_rehearsal(rehearsal, settings):
    call = make_call()
    assert make_draft(call).rehearsal
    settings.REHEARSAL = False
    assert not make_draft(call).rehearsal


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("when", "moment"),
    [
        ("opening", datetime(2019, 5, 29, 8, tzinfo=UTC)),
        ("closing", datetime(2019, 7, 24, 11, tzinfo=UTC)),
        ("closing-10m", datetime(2019, 7, 24, 10, 50, tzinfo=UTC)),
        ("closing+1d", datetime(2019, 7, 25, 11, tzinfo=UTC)),
        ("2019-07-24T11:50", datetime(2019, 7, 24, 10, 50, tzinfo=UTC)),
        ("2019-07-24T11:50+00:00", datetime(2019, 7, 24, 11, 50, tzinfo=UTC)),
    ],
)
def test_clock_moves_at_once_and_ticks_on(rehearsal, when, moment):
    make_call()
    call_command("rehearse", at=when, verbosity=0)
    first, second = clock.portal_now(), clock.portal_now()
    assert moment <= first < second < moment + timedelta(seconds=20)


@pytest.mark.django_db
@pytest.mark.parametrize("when", ["soon", "closing*2", "2019-13-01", "", "opening-"])
def test_moment_that_cannot_be_read_is_refused_in_a_line(rehearsal, when):
    make_call()
    before = clock.portal_now()
    if when:
        with pytest.raises(CommandError):
            call_command("rehearse", at=when)
    assert clock.portal_now() - before < timedelta(seconds=20)


@pytest.mark.django_db
def test_written_moment_is_met_whatever_the_season_of_the_real_clock(rehearsal, settings):
    make_call()
    for days in (0, -180, -365):
        settings.REHEARSAL_OFFSET = timedelta(days=days)
        call_command("rehearse", at="2019-07-24T11:50")
        passed = clock.portal_now() - datetime(2019, 7, 24, 10, 50, tzinfo=UTC)
        assert timedelta(0) <= passed < timedelta(seconds=20)


@pytest.mark.django_db
def test_several_calls_must_be_told_apart_where_they_differ(rehearsal):
    make_call(slug="one")
    other = make_call(slug="two")
    with pytest.raises(CommandError, match=r"^Name the call with --call SLUG \(one, two\)\.$"):
        call_command("rehearse", at="closing")
    call_command("rehearse", at="2019-07-24T11:50", verbosity=0)
    assert clock.portal_now() - datetime(2019, 7, 24, 10, 50, tzinfo=UTC) < timedelta(seconds=20)
    Call.objects.filter(pk=other.pk).update(timezone="Asia/Tokyo")
    with pytest.raises(CommandError, match="Name the call"):
        call_command("rehearse", at="2019-07-24T11:50")


@pytest.mark.django_db
def test_real_clock_cannot_be_moved():
    with pytest.raises(CommandError):
        call_command("rehearse", at="+1h")
    with pytest.raises(RuntimeError):
        clock.move_to(datetime.now(UTC))
