"""What one call, response or file cannot do keeps no other from it, in any task of the worker."""

import errno
import logging
import os
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import DataError, OperationalError

from accounts.states import Role
from core.attempts import Attempts, SomeFailed
from core.outages import StoreAway
from exports import export_runs
from exports.models import ExportRun
from retention import not_deleted, tasks
from retention.carrying_out import carry_out
from retention.management.commands import end_record
from retention.models import RetentionConfirmation
from review.duplicates import comparing_arrivals
from review.models import SearchEntry, Signature
from review.searching import entries
from submissions.mail import reminding, sending, staff_digests
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses import housekeeping, scanning, signposting
from submissions.responses.attaching import detach
from submissions.responses.ending import stored_files
from submissions.responses.importing import uploads
from submissions.responses.models import Attachment, FileScan, ResponseImport, Submission
from tests.exports.runs import AT, finish, make_run
from tests.makers import (
    complete_answers,
    confirm_retention,
    make_attachment,
    make_call,
    make_draft,
    make_first_call,
    make_submitted,
    make_user,
    while_open,
)
from tests.submissions.responses.imports import HEADING, ROW, SECOND, WEEKS_LATER, uploaded

logger = logging.getLogger(__name__)
DAY = timedelta(days=1)
AWAY = StoreAway("no answer", "the bucket evidence")
FAULT = LookupError("an answer")
REFUSED = PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.fixture
def failing(monkeypatch):
    """`failing(owner, name, of, error)`: what `of` says is true of the first argument fails."""

    def fail(owner, name, of, error=FAULT):
        really = getattr(owner, name)

        def stumble(*given, **named):
            if of(given):
                raise error
            return really(*given, **named)

        monkeypatch.setattr(owner, name, stumble)

    return fail


def attempt(*errors):
    with Attempts(logger) as attempts:
        for number, error in enumerate(errors):
            with attempts.at("call %s", number):
                if error:
                    raise error
                logger.warning("call %s is done", number)
    return attempts


def two_calls():
    return make_call(slug="first"), make_call(slug="second")


def test_each_attempt_is_made_and_what_failed_is_logged_and_raised_once(caplog):
    with pytest.raises(SomeFailed) as raised:
        attempt(FAULT, AWAY, DataError(), None)
    assert raised.value.__cause__ is FAULT
    assert [record.getMessage() for record in caplog.records] == [
        "call 0: not done",
        "call 1: not done, the bucket evidence: no answer",
        "call 2: not done",
        "call 3 is done",
    ]
    caplog.clear()
    with pytest.raises(SomeFailed):
        attempt(raised.value, None)
    assert [record.getMessage() for record in caplog.records] == ["call 1 is done"]


def test_database_that_is_away_ends_it_and_files_that_are_away_are_no_fault():
    with pytest.raises(OperationalError):
        attempt(OperationalError("server closed the connection unexpectedly"), FAULT)
    assert not attempt(None).store_is_away
    assert attempt(AWAY, None).store_is_away


@pytest.mark.django_db
@pytest.mark.parametrize("error", [AWAY, LookupError("an answer")])
def test_data_of_the_other_calls_end_and_the_next_run_ends_the_rest(at, error):
    first, second = two_calls()
    drafts = []
    for call in (first, second):
        confirm_retention(call)
        drafts.append(make_draft(call, **complete_answers(call)))
        make_attachment(drafts[-1])
    at(second.closes_at + 90 * DAY)
    names = [draft.attachments.get().file.name for draft in drafts]
    with pytest.MonkeyPatch.context() as patch:
        really, asked = FileSystemStorage.delete, []

        def delete(storage, name):
            asked.append(name)
            if name == names[0]:
                raise error
            really(storage, name)

        patch.setattr(FileSystemStorage, "delete", delete)
        if error is AWAY:
            tasks.end_data()
        else:
            with pytest.raises(SomeFailed):
                tasks.end_data()
    # A bucket that is away takes its time to say so: it is asked once.
    is_away = error is AWAY
    assert asked == (names[:1] if is_away else names)
    assert list(Submission.objects.order_by("pk")) == (drafts if is_away else drafts[:1])
    tasks.end_data()
    assert not Submission.objects.exists()


@pytest.mark.django_db
def test_file_that_cannot_be_deleted_keeps_no_other_draft_of_its_call(monkeypatch, at):
    call = make_call()
    confirm_retention(call)
    drafts = [make_draft(call, **complete_answers(call)) for _ in range(3)]
    names = [make_attachment(draft).file.name for draft in drafts]
    unused = make_attachment(make_submitted(call))
    Attachment.objects.filter(pk=unused.pk).update(removed_at=while_open(call))
    at(call.closes_at + 90 * DAY)
    with monkeypatch.context() as refusing:
        really = FileSystemStorage.delete

        def delete(storage, name):
            if name == names[0]:
                raise REFUSED
            really(storage, name)

        refusing.setattr(FileSystemStorage, "delete", delete)
        for _ in range(2):
            with pytest.raises(SomeFailed):
                tasks.end_data()
        assert list(Submission.objects.drafts()) == drafts[:1]
        assert [file.file.name for file in Attachment.objects.all()] == names[:1]
        assert drafts[0].answers.exists()
    tasks.end_data()
    assert not Submission.objects.drafts().exists()


@pytest.mark.django_db
def test_command_that_ends_records_says_that_one_did_not(failing):
    failing(end_record, "carry_out", lambda _: True, SomeFailed())
    with pytest.raises(CommandError, match=r"^The record of a call did not end; the lines above"):
        call_command("end_record")


@pytest.mark.django_db
def test_each_step_of_the_daily_task_is_done_whatever_comes_of_the_others(failing, monkeypatch):
    done = []
    monkeypatch.setattr(tasks.SessionStore, "clear_expired", lambda: done.append("sessions"))
    failing(housekeeping, "clear", lambda _: True)
    failing(signposting, "delete_signposted", lambda _: True, AWAY)
    failing(export_runs, "purge_strays", lambda _: True, REFUSED)
    with pytest.raises(SomeFailed, match="2 failed"):
        tasks.end_data()
    assert done == ["sessions"]


@pytest.fixture
def three_exports(db, monkeypatch, tmp_path):
    monkeypatch.setattr(ExportRun.file.field.storage, "location", str(tmp_path))
    runs = []
    for _ in range(3):
        make_run()
        runs.append(export_runs.claim_next(at=AT, wall_now=AT))
        assert finish(runs[-1])
    return [run.file.name for run in runs]


def kept_files():
    return list(ExportRun.objects.exclude(file="").order_by("pk").values_list("file", flat=True))


def test_file_of_an_export_that_cannot_be_deleted_keeps_no_other(
    failing, monkeypatch, three_exports, caplog
):
    names, storage = three_exports, ExportRun.file.field.storage
    strays = [storage.save(f"exports/{name}", ContentFile(b"jo@example.org")) for name in "ab"]
    with monkeypatch.context() as refusing:
        really = FileSystemStorage.delete

        def delete(storage, name):
            if name in {names[0], strays[0]}:
                raise REFUSED
            really(storage, name)

        refusing.setattr(FileSystemStorage, "delete", delete)
        for expected in ((1, 2), (1, 1), (0, 1)):
            ended = export_runs.end_files(ExportRun.objects.order_by("pk"), limit=1)
            assert (ended, len(kept_files())) == expected
        assert kept_files() == names[:1]
        assert export_runs.not_deleted_in_words() == (
            "1 file of an export should be gone and cannot be deleted "
            f"({names[0]}: Permission denied)"
        )
        assert caplog.text.count("its file stays") == 1
        with pytest.raises(SomeFailed):
            export_runs.purge_strays(wall_now=datetime.now(UTC) + DAY)
    assert [storage.exists(name) for name in (*names, *strays)] == [True, False, False, True, False]
    assert export_runs.end_files(ExportRun.objects.order_by("pk"), limit=1) == 1
    assert export_runs.not_deleted_in_words() == ""


def test_files_of_exports_wait_for_a_store_that_is_away(failing, three_exports):
    failing(FileSystemStorage, "delete", lambda given: given[1] == three_exports[1], AWAY)
    assert export_runs.end_files(ExportRun.objects.order_by("pk"), limit=9) == 1
    with pytest.raises(StoreAway):
        export_runs.end_files(ExportRun.objects.exclude(file="").order_by("pk"), limit=9)
    assert kept_files() == three_exports[1:]


def test_operators_read_which_files_of_exports_cannot_be_deleted(client, three_exports):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert "\nfiles: " not in client.get("/readyz/").content.decode()
    ExportRun.objects.update(error="Permission denied")
    said = (
        "3 files of exports should be gone and cannot be deleted "
        f"(the first is {three_exports[0]}: Permission denied)"
    )
    assert f"\nfiles: warning: {said}\n" in client.get("/readyz/").content.decode()
    assert f"{said}. Tell the people who run" in client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_operators_read_which_files_of_drafts_cannot_be_deleted(failing):
    call = make_call()
    confirm_retention(call)
    closed, ends = call.closes_at, call.closes_at + 90 * DAY
    taken_out, _kept = (make_attachment(make_draft(call)) for _ in range(2))
    # Of another call, which has no drafts.
    confirm_retention(other := make_call())
    of_submitted = make_attachment(make_submitted(other))
    both = [taken_out.pk, of_submitted.pk]
    Attachment.objects.filter(pk__in=both).update(removed_at=closed)
    failing(FileSystemStorage, "delete", lambda given: True, REFUSED)
    with pytest.raises(SomeFailed):
        carry_out(at=ends)
    assert not_deleted.in_words(at=closed) == ""
    gone, name = "of responses should be gone and", taken_out.file.name
    for at, said in (
        (closed + not_deleted.TAKEN_OUT_WITHIN, f"1 file {gone} is still there ({name})"),
        (ends + not_deleted.ENDED_WITHIN, f"3 files {gone} are still there (such as {name})"),
    ):
        assert not_deleted.in_words(at=at) == f"{said}: {not_deleted.TRIES}"
    RetentionConfirmation.objects.update(at=at)  # long after the period was over
    assert not_deleted.in_words(at=at).startswith("1 file ")


@pytest.mark.django_db
def test_files_and_uploads_that_cannot_be_deleted_keep_no_other(failing):
    draft = make_draft(make_call())
    files = [make_attachment(draft, content=content) for content in (b"One.\n", b"Two.\n")]
    Attachment.objects.update(removed_at=while_open(draft.call))
    call, by = make_first_call(), make_user(Role.REVIEWER)
    waiting = [uploaded(call, by, HEADING + ROW + extra) for extra in ("", SECOND)]
    refused = {files[0].file.name, waiting[0].file.name}
    failing(FileSystemStorage, "delete", lambda given: given[1] in refused, REFUSED)
    with pytest.raises(SomeFailed):
        stored_files.end_removed_from_drafts()
    assert list(Attachment.objects.all()) == files[:1]
    with pytest.raises(SomeFailed):
        uploads.clear(at=WEEKS_LATER + uploads.KEPT)
    assert list(ResponseImport.objects.all()) == waiting[:1]


@pytest.mark.django_db(transaction=True)
def test_file_that_an_author_takes_out_is_known_until_it_is_deleted(failing):
    draft = make_draft(make_call())
    file, refused = make_attachment(draft), [True]
    failing(FileSystemStorage, "delete", lambda _: refused, REFUSED)
    detach(submission=draft, public_id=file.public_id, at=while_open(draft.call))
    assert Attachment.objects.get().removed_at == while_open(draft.call)
    refused.clear()
    assert stored_files.end_removed_from_drafts() == 1
    assert not file.file.storage.exists(file.file.name)
    assert not Attachment.objects.exists()


@pytest.mark.django_db
def test_upload_that_somebody_else_discards_meanwhile_keeps_no_other(monkeypatch):
    call, by = make_first_call(), make_user(Role.REVIEWER)
    for extra in ("", SECOND):
        uploaded(call, by, HEADING + ROW + extra)
    really, seen = uploads.discard, []

    def discard(of, **named):
        seen.append(of)
        if len(seen) == 1:
            really(of, **named)
        really(of, **named)

    monkeypatch.setattr(uploads, "discard", discard)
    assert uploads.clear(at=WEEKS_LATER + uploads.KEPT) == 1
    assert not ResponseImport.objects.exists()


@pytest.mark.django_db
def test_file_that_cannot_be_read_keeps_none_from_the_scanner(failing, settings, monkeypatch):
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    monkeypatch.setattr(scanning.clamd, "scan", lambda *_: scanning.clamd.Verdict())
    draft = make_draft(make_call())
    first, second = (make_attachment(draft, content=content) for content in (b"One.", b"Two."))
    failing(FileSystemStorage, "open", lambda given: given[1] == first.file.name, REFUSED)
    report = scanning.scan_due(now=lambda: while_open(draft.call))
    assert (report.scanned, report.failed) == (2, 1)
    said = dict(FileScan.objects.values_list("attachment", "detail"))
    assert said == {first.pk: "the portal cannot read this file: Permission denied", second.pk: ""}


@pytest.mark.django_db
def test_mail_of_which_it_cannot_be_said_whether_it_is_wanted_keeps_no_other(failing, call_mails):
    call, bad = call_mails
    failing(sending, "is_still_wanted", lambda given: given[0] == bad)
    now = while_open(call)
    report = sending.send_due(portal_now=lambda: now, wall_now=lambda: now)
    assert (report.sent, report.deferred) == (1, 1)
    assert OutboxEmail.objects.get(pk=bad.pk).state == OutboxState.WAITING


@pytest.fixture
def call_mails(db):
    call = make_call()
    first = make_submitted(call, email="a@example.org")
    make_submitted(call, email="b@example.org")
    return call, OutboxEmail.objects.get(submission=first)


@pytest.mark.django_db
def test_reminders_notices_and_digests_of_the_other_calls_are_enqueued(failing, settings):
    settings.STAFF_DIGEST_TO = ["policy@example.org"]
    first, second = two_calls()
    for call in (first, second):
        make_draft(call, email="jo@example.org")
    failing(reminding, "_enqueue", lambda given: given[2] == first)
    failing(staff_digests, "_enqueue", lambda given: given[0] == first)
    kinds = {
        MailKind.REMINDER: (reminding.enqueue_reminders, second.closes_at - DAY),
        MailKind.CLOSED_WITH_DRAFT: (reminding.enqueue_closing_notices, second.closes_at + DAY),
        MailKind.STAFF_DIGEST: (staff_digests.enqueue_digests, second.closes_at),
    }
    for kind, (enqueue, moment) in kinds.items():
        with pytest.raises(SomeFailed):
            enqueue(at=moment)
        assert [mail.call for mail in OutboxEmail.objects.filter(kind=kind)] == [second]


@pytest.mark.django_db
def test_response_that_cannot_be_compared_or_indexed_keeps_no_other(failing):
    call = make_call()
    first, second = make_submitted(call), make_submitted(call)
    failing(comparing_arrivals, "compare", lambda given: given[0] == first)
    failing(entries, "_write", lambda given: given[0] == first)
    for number in range(2):
        with pytest.raises(SomeFailed):
            comparing_arrivals.compare_due(now=lambda: while_open(call), until=lambda: False)
        with pytest.raises(SomeFailed):
            entries.write_due(until=lambda: False)
        assert [one.submission for one in Signature.objects.all()] == [second], number
        assert [one.submission for one in SearchEntry.objects.all()] == [second], number
