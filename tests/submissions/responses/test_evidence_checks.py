"""The check of the evidence finds each kind of damage, and says it in a line without answers."""

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.db.models import F

from accounts.models import AuditEvent
from accounts.record import record
from accounts.states import AuditAction
from core.canonical import digest
from submissions.definitions import closing_times
from submissions.responses import amending, drafting, late_passes, submitting
from submissions.responses.evidence_checks import record as checked_record
from submissions.responses.evidence_checks import versions
from submissions.responses.evidence_checks.weekly_check import check_evidence, overdue_in_words
from submissions.responses.models import Attachment, EvidenceCheck, LatePass, Submission, Version
from submissions.responses.tasks import check_all_evidence
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def own_media(monkeypatch, tmp_path):
    """A store of its own, which no other test has left files in."""
    monkeypatch.setattr(Attachment.file.field.storage, "location", str(tmp_path / "media"))


@pytest.fixture
def response():
    """A response of two versions and two files, one of which only the second version has."""
    call = make_call()
    draft = make_draft(call, **complete_answers(call, story="Minutes\n- txt file, 9 bytes"))
    make_attachment(draft)
    at = while_open(call)
    submitting.submit(submission=draft, at=at)
    amending.reopen(submission=draft, at=at + MINUTE)
    make_attachment(draft, name="more.txt", content=b"More.\n")
    changed = {"story": "Changed"}
    drafting.save_answers(submission=draft, call=call, values=changed, at=at + MINUTE)
    submitting.submit(submission=draft, at=at + 2 * MINUTE)
    return Submission.objects.get()


def damage(table, sql, *values):
    """Change rows as no code of the portal can: with the table's triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql, values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def found():
    return check_evidence(wall_now=datetime.now(UTC))[1]


def test_sound_evidence_has_no_problem(response):
    call = response.call
    user = make_user()
    make_draft(call)
    late = make_draft(call, **complete_answers(call))
    closed = call.closes_at
    call = closing_times.change_closing_time(
        call, to=closed + MINUTE, reason="Down", by=user, at=closed - MINUTE
    )
    late_passes.give(
        call=call,
        address="jo@example.org",
        reason="Ill",
        expires_at=closed + 60 * MINUTE,
        by=user,
        at=closed + 2 * MINUTE,
    )
    LatePass.objects.update(submission=late)
    version = submitting.submit(submission=late, at=closed + 3 * MINUTE)
    assert version.timing == "late_pass"
    make_submitted(make_call(), at=while_open(call))
    assert found() == []
    check = EvidenceCheck.objects.get()
    assert (check.versions, check.files, check.problems, check.lines) == (4, 2, 0, [])


CHANGES = [
    (
        "canonical_text = replace(canonical_text, 'Changed', 'Forged'), "
        "texts = jsonb_set(texts, '{story}', '\"Forged\"')",
        ["its text is not the one that was digested"],
    ),
    ("sha256 = repeat('0', 64)", ["its text is not the one that was digested"]),
    (
        "texts = jsonb_set(texts, '{story}', '\"Forged\"')",
        ["the answer to story is not the one in its text"],
    ),
    (
        "received_at = received_at + interval '1 second'",
        ["its time of receipt is not the one in its text"],
    ),
    (
        "received_at = received_at - interval '1 hour'",
        [
            "its time of receipt is not the one in its text",
            "it was received before the version before it",
        ],
    ),
    (
        "number = 3",
        ["its number is not the one in its text", "version 2 is missing before it"],
    ),
    (
        "deadline = deadline + interval '1 second'",
        ["its deadline was never the call's closing time"],
    ),
    (
        "timing = 'late_pass'",
        ["no late pass has its deadline"],
    ),
    (
        'choices = choices || \'{"age": "child"}\'',
        ["the choice under age is not the one in its text"],
    ),
    ("choices = choices - 'roles'", ["the choice under roles is not the one in its text"]),
    (
        'choices = choices || \'{"history": ["bid"], "fairness": {"risk": "good"}}\'',
        [
            "the choice under history is not the one in its text",
            "the choice under fairness is not the one in its text",
        ],
    ),
    ("choices = '[1]'", ["it cannot be checked (AttributeError)"]),
]


def test_changed_version_is_found(response):
    for change, said in CHANGES:
        with transaction.atomic():
            damage(
                "submissions_version", f"UPDATE submissions_version SET {change} WHERE number = 2"
            )
            number = 3 if "number" in change else 2
            lines = [f"{response.reference} version {number}: {line}" for line in said]
            assert (change, found()) == (change, lines)
            transaction.set_rollback(True)


def test_choice_whose_words_were_changed_since_cannot_be_compared(response):
    question = response.call.questions.get(key="age")
    question.options = [option | {"label": f"{option['label']}!"} for option in question.options]
    question.save()
    assert found() == []


def test_answer_that_looks_like_a_question_hides_no_forged_choice():
    call = make_call()
    story = "\nHow old are you?\nUnder 16"
    make_submitted(call, at=while_open(call), story=story, age="adult")
    assert found() == []
    damage(
        "submissions_version",
        'UPDATE submissions_version SET choices = choices || \'{"age": "child"}\'',
    )
    reference = Submission.objects.get().reference
    assert found() == [f"{reference} version 1: the choice under age is not the one in its text"]


def test_text_that_was_forged_with_its_digest_no_longer_names_its_moment(response):
    version = response.submitted_version
    forged = version.canonical_text.replace("Changed", "Forged")
    damage(
        "submissions_version",
        "UPDATE submissions_version SET canonical_text = %s, sha256 = %s WHERE id = %s",
        forged,
        digest(forged),
        version.pk,
    )
    assert found() == [
        f"{response.reference} version 2: the answer to story is not the one in its text"
    ]


def test_database_that_goes_away_is_no_damage_of_a_version(response, monkeypatch):
    def away(*_given):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(versions, "choices_unlike_text", away)
    with pytest.raises(OperationalError):
        found()


def test_version_that_is_gone_is_found(response):
    damage(
        "submissions_submission",
        "UPDATE submissions_submission SET current_version_id = "
        "(SELECT id FROM submissions_version WHERE number = 1)",
    )
    reference = response.reference
    assert found() == [f"{reference}: its current version is not its last"]
    damage(
        "submissions_submission",
        "UPDATE submissions_submission SET submitted_at = submitted_at - interval '1 second'",
    )
    assert found() == [
        f"{reference} version 1: the response says another time of its first version",
        f"{reference}: its current version is not its last",
    ]


def test_identity_and_file_that_are_gone_from_a_version_are_found(response):
    damage("submissions_versionidentity", "DELETE FROM submissions_versionidentity")
    damage(
        "submissions_version_attachments",
        "DELETE FROM submissions_version_attachments WHERE version_id = %s",
        response.current_version_id,
    )
    reference = response.reference
    assert found() == [
        f"{reference} version 1: who gave it is missing",
        f"{reference} version 2: who gave it is missing",
        f"{reference} version 2: a file that its text names is not attached",
        f"{reference} version 2: a file that its text names is not attached",
    ]


def test_file_of_another_version_is_found(response):
    first = response.versions.get(number=1)
    more = Attachment.objects.get(name="more.txt")
    first.attachments.add(more)
    assert found() == [f"{response.reference} version 1: {more} is not named in its text"]


def test_changed_missing_and_unreadable_files_are_found(response):
    draft = make_draft(response.call)
    file = make_attachment(draft)
    one, two = response.attachments.all()
    Path(one.file.path).write_bytes(b"Minutez.\n")
    Path(two.file.path).write_bytes(b"More and more.\n")
    Path(file.file.path).unlink()
    assert found() == [
        f"{response.reference}, {one}: the file's bytes are not those that were given",
        f"{response.reference}, {two}: the file has 15 bytes, not 6",
        f"{draft}, {file}: the file is missing",
    ]
    Path(file.file.path).mkdir()
    assert found()[-1] == f"{draft}, {file}: the file cannot be read (IsADirectoryError)"


@pytest.mark.parametrize(
    ("path", "error"), [("", "ValueError"), ("../../etc/passwd", "SuspiciousFileOperation")]
)
def test_row_that_no_store_can_read_stops_no_check(response, path, error):
    one, two = response.attachments.all()
    Path(two.file.path).unlink()
    damage(
        "submissions_attachment",
        "UPDATE submissions_attachment SET file = %s WHERE id = %s",
        path,
        one.pk,
    )
    Path(one.file.path).unlink()
    assert found() == [
        f"{response.reference}, {one}: the file cannot be read ({error})",
        f"{response.reference}, {two}: the file is missing",
    ]


def test_file_without_a_row_is_found_unless_it_is_on_its_way(response, tmp_path):
    folder = tmp_path / "media" / "attachments" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    stray = folder / "abcdef"
    stray.write_bytes(b"?")
    assert found() == []
    old = datetime.now(UTC).timestamp() - 3700
    os.utime(stray, (old, old))
    deep, top = folder / "deep" / "stray", folder.parent / "stray"
    for other in (deep, top):
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(b"?")
        os.utime(other, (old, old))
    assert found() == [
        "attachments/stray: no row has this file",
        "attachments/ab/abcdef: no row has this file",
        "attachments/ab/deep/stray: no row has this file",
    ]


def test_record_that_lacks_something_is_found(response):
    at = while_open(response.call)
    user = make_user()
    late_passes.give(
        call=response.call,
        address="jo@example.org",
        reason="Ill",
        expires_at=response.call.closes_at + MINUTE,
        by=user,
        at=at,
    )
    closing_times.change_closing_time(
        response.call, to=response.call.closes_at + MINUTE, reason="Down", by=user, at=at
    )
    assert found() == []
    gone = AuditEvent.objects.order_by("pk").values_list("pk", flat=True)
    gone = [f"record {event}: it is gone" for event in gone]
    damage("accounts_auditevent", "DELETE FROM accounts_auditevent")
    export = record(by=None, at=at, action="exported", attempt="1")
    late_pass = LatePass.objects.get()
    assert found() == [
        *gone,
        f"{late_pass}: it is not on record who gave it",
        f"{response.call.closing_changes.get()}: it is not on record",
        f"record {export.pk}: an export ended that never started",
    ]
    assert AuditEvent.objects.count() == 1


def test_protection_that_is_off_is_found(response):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE submissions_version DISABLE TRIGGER submissions_version_stands")
    assert found() == ["database: the trigger submissions_version_stands is missing or off"]


def test_command_says_each_problem_and_fails(response):
    out = io.StringIO()
    call_command("verify_evidence", stdout=out)
    assert out.getvalue() == "2 versions and 2 files checked: no problem.\n"
    file = response.attachments.first()
    file.file.storage.delete(file.file.name)
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_evidence", stdout=out)
    assert out.getvalue() == f"{response.reference}, {file}: the file is missing\n"
    assert str(error.value) == "2 versions and 2 files checked: 1 problem."
    assert error.value.returncode == 1


def pass_days(number):
    """Let the last check be so many days old."""
    EvidenceCheck.objects.update(at=F("at") - timedelta(days=number))


@pytest.mark.parametrize(("days", "is_run"), [(6, False), (7, True), (-1, True)])
def test_check_is_due_each_week_and_after_one_by_a_clock_that_was_ahead(days, is_run):
    check_all_evidence()
    pass_days(days)
    check_all_evidence()
    assert EvidenceCheck.objects.count() == 1 + is_run


def test_check_that_did_not_run_is_told(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    at = datetime(2026, 11, 1, 2, 7, tzinfo=UTC)
    check = check_evidence(wall_now=at)[0]
    assert overdue_in_words(check, wall_now=at + timedelta(days=9) - MINUTE) == ""
    said = "not checked since Sunday 1 November 2026"
    assert overdue_in_words(check, wall_now=at + timedelta(days=9)) == said
    EvidenceCheck.objects.update(at=datetime(2019, 1, 1, 2, 7, tzinfo=UTC))
    said = "not checked since Tuesday 1 January 2019"
    assert f"\nevidence: warning: {said}\n" in client.get("/readyz/").content.decode()
    assert f"The evidence was {said}, though" in client.get("/admin/").content.decode()


def test_weekly_check_is_kept_shown_to_staff_and_in_readyz(client, response, caplog):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "The evidence was not checked yet" in client.get("/admin/").content.decode()
    assert "evidence: not checked yet\n" in client.get("/readyz/").content.decode()
    check_all_evidence()
    page = client.get("/admin/").content.decode()
    assert ": 0 problems in 2 versions and 2 files." in page
    assert "Evidence is missing or damaged" not in page
    assert "evidence: ok\n" in client.get("/readyz/").content.decode()
    file = response.attachments.first()
    file.file.storage.delete(file.file.name)
    check_all_evidence()
    assert EvidenceCheck.objects.count() == 1  # once a week is enough
    pass_days(7)
    check_all_evidence()
    line = f"{response.reference}, {file}: the file is missing"
    page = client.get("/admin/").content.decode()
    assert "Evidence is missing or damaged." in page
    assert f"<li>{line}</li>" in page
    ready = client.get("/readyz/").content.decode()
    assert ": 1 problem in 2 versions and 2 files\n" in ready
    assert "\nevidence: warning: " in ready
    assert f"evidence: {line}" in caplog.messages
    assert Version.objects.count() == 2


def test_closing_time_that_moves_during_the_check_is_no_problem(response, monkeypatch):
    call = response.call
    read = versions.closing_times_so_far

    def read_before_it_moves():
        monkeypatch.setattr(versions, "closing_times_so_far", read)
        known = read()
        moved = closing_times.change_closing_time(
            call, to=call.closes_at + MINUTE, reason="Down", by=make_user(), at=while_open(call)
        )
        submitting.submit(
            submission=make_draft(moved, **complete_answers(moved)), at=while_open(moved)
        )
        return known

    monkeypatch.setattr(versions, "closing_times_so_far", read_before_it_moves)
    assert found() == []


def test_late_pass_that_is_given_during_the_check_is_no_problem(response, monkeypatch):
    said = checked_record._said

    def said_before_it_is_given(action, *, key):
        known = said(action, key=key)
        if action == AuditAction.LATE_PASS_GIVEN:
            late_passes.give(
                call=response.call,
                address="late@example.org",
                submission=None,
                reason="Ill",
                expires_at=response.call.closes_at + MINUTE,
                by=make_user(),
                at=while_open(response.call),
            )
        return known

    monkeypatch.setattr(checked_record, "_said", said_before_it_is_given)
    assert found() == []
