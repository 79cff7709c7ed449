"""The portal with its files in a bucket: the same promises as on a disk."""

import hashlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from core import can_write
from exports import export_runs, worker
from exports.models import ExportRun
from exports.states import ExportState
from personal_data.reapplying import kept_tombstones
from review.models import FileText
from review.states import TextState
from review.texts import reading_due_files
from submissions.responses import scanning
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.importing import uploads
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.submitting import submit
from submissions.responses.working_copy import working_answers
from tests.exports.exporting import exported, members
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_user,
    press_submit,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.scanner import Double
from tests.stores.s3_server import refusal
from tests.submissions.respondent.answering import start, start_with, text_of

CONTENT = b"Minutes of the meeting.\n"
ROOM = "“notes.txt” was not added: there is no room for files at the moment. Everything else"


@pytest.fixture
def call(on_s3, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def staff(client):
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    return client


def page(call):
    return f"/calls/{call.slug}/response/evidence/"


def upload(client, call, *names, **typed):
    files = [SimpleUploadedFile(name, CONTENT + name.encode()) for name in names or ["notes.txt"]]
    typed = {"story": "Typed.", "publication": "anonymous"} | typed
    return client.post(page(call), typed | {"documents": files, "action": "continue"})


def submitted_with_a_file(call, content=CONTENT):
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft, content=content)
    submit(submission=draft, at=while_open(call))
    return Submission.objects.get(pk=draft.pk), file


def name_of(file):
    return f"attachments/{file.public_id.hex[:2]}/{file.public_id.hex}"


def download(client, response, file):
    return client.get(
        reverse("admin:submissions_submission_file", args=[response.pk, file.public_id])
    )


@pytest.mark.django_db
def test_respondent_adds_a_file_takes_it_back_and_removes_it(client, call, on_s3):
    start(client, call)
    assert upload(client, call).status_code == 302
    file = Attachment.objects.get()
    assert on_s3.names() == [name_of(file)]
    assert on_s3.get(name_of(file)) == CONTENT + b"notes.txt"
    answer = client.get(f"/calls/{call.slug}/response/files/{file.public_id}/")
    assert b"".join(answer.streaming_content) == CONTENT + b"notes.txt"
    assert answer["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.django_db(transaction=True)
def test_removed_file_is_gone_from_the_bucket(client, call, on_s3):
    start(client, call)
    upload(client, call)
    file = Attachment.objects.get()
    client.post(page(call), {"story": "Typed.", "_remove": str(file.public_id)})
    assert (Attachment.objects.count(), on_s3.names()) == (0, [])


@pytest.mark.django_db
def test_file_is_scanned_and_then_handed_to_staff_with_the_headers_of_before(
    staff, call, settings, on_s3
):
    scanner = Double()
    settings.CLAMD_URL = scanner.url
    response, file = submitted_with_a_file(call)
    assert download(staff, response, file).status_code == 302
    assert scanning.scan_due(now=lambda: while_open(call)).scanned == 1
    scanner.close()
    answer = download(staff, response, file)
    assert b"".join(answer.streaming_content) == CONTENT
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert AuditEvent.objects.filter(action="file_opened").count() == 1


@pytest.mark.django_db
def test_file_that_was_changed_in_the_bucket_is_handed_out_to_nobody(staff, call, on_s3):
    response, file = submitted_with_a_file(call)
    on_s3.put(name_of(file), b"Something else.\n")
    assert "The file is damaged" in text_of(
        staff.get(
            reverse("admin:submissions_submission_file", args=[response.pk, file.public_id]),
            follow=True,
        )
    )
    (problem,) = check_evidence(wall_now=while_open(call))[1]
    assert problem.endswith("the file has 16 bytes, not 24")


@pytest.mark.django_db
def test_text_of_a_file_is_read(call):
    submitted_with_a_file(call)
    assert reading_due_files.read_due(now=lambda: while_open(call), until=lambda: False) == 1
    assert FileText.objects.get().text.strip() == CONTENT.decode().strip()


@pytest.mark.django_db
def test_export_has_the_files_and_a_kept_one_is_in_the_bucket(call, on_s3):
    _, file = submitted_with_a_file(call)
    assert CONTENT in members(exported(call, "attachments")).values()
    run = export_runs.enqueue(
        call=call,
        by=make_user(Role.STEERING_MEMBER),
        at=while_open(call),
        file_format="attachments",
        filters={},
        rows_total=1,
    )
    worker.make_next(now=lambda: while_open(call), wall_now=lambda: while_open(call))
    run.refresh_from_db()
    assert run.state == ExportState.DONE
    assert hashlib.sha256(on_s3.get(run.file.name)).hexdigest() == run.sha256
    export_runs.end_files(ExportRun.objects.all(), limit=1)
    assert on_s3.names() == [name_of(file)]


@pytest.mark.django_db(transaction=True)
def test_erased_file_is_gone_in_every_version_without_a_right_to_list(
    versioned, keep_files, at, s3
):
    keep_files(versioned)
    call = make_call()
    at(while_open(call))
    response, _ = submitted_with_a_file(call)
    s3.front.may_list = False
    request = erase(response, at=while_open(call))
    assert request.files_left == []
    assert versioned.versions() == [f"erasures/{request.public_id.hex}.json"]


@pytest.mark.django_db
def test_evidence_is_checked_and_files_without_a_row_are_found(call, on_s3, s3, caplog):
    submitted_with_a_file(call)
    later = while_open(call) + timedelta(days=100_000)
    assert check_evidence(wall_now=later)[1] == []
    on_s3.put("attachments/ab/stray", CONTENT)
    assert check_evidence(wall_now=later)[1] == ["attachments/ab/stray: no row has this file"]
    s3.front.may_list = False
    assert check_evidence(wall_now=later)[1] == []
    assert "were not looked for: the key of the bucket may not list it" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_everything_typed_is_kept_while_the_server_is_dead(client, call, s3, on_s3):
    draft = start(client, call)
    with s3.dead():
        refused = upload(client, call, "notes.txt", "more.txt")
    assert refused.status_code == 422
    assert ROOM in text_of(refused)
    assert "“more.txt” was not added" in text_of(refused)
    assert working_answers(draft, call)["story"] == "Typed."
    assert Attachment.objects.count() == 0
    assert upload(client, call).status_code == 302
    assert len(on_s3.names()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["wrong key", "bucket gone"])
def test_everything_typed_is_kept_whatever_is_wrong_with_the_bucket(
    client, call, on_s3, keep_files, broken
):
    draft = start(client, call)
    if broken == "wrong key":
        keep_files(on_s3, key="another")
    else:
        on_s3.drop()
    refused = upload(client, call)
    assert (refused.status_code, ROOM in text_of(refused)) == (422, True)
    assert working_answers(draft, call)["story"] == "Typed."


@pytest.mark.django_db(transaction=True)
def test_replaced_file_stays_while_the_new_one_finds_no_room(client, call, s3, on_s3):
    start(client, call)
    upload(client, call)
    file = Attachment.objects.get()
    with s3.dead():
        refused = upload(client, call, "new.txt", _replace=str(file.public_id))
    assert refused.status_code == 422
    assert [one.pk for one in Attachment.objects.all()] == [file.pk]
    assert on_s3.names() == [name_of(file)]


@pytest.mark.django_db(transaction=True)
def test_response_is_submitted_while_the_server_is_dead(client, call, s3):
    draft = start_with(client, call)
    make_attachment(draft)
    with s3.dead():
        answer = press_submit(client, call)
    assert answer["Location"].endswith("/response/submitted/"), text_of(answer)


@pytest.mark.django_db(transaction=True)
def test_download_while_the_server_is_dead_is_an_outage_and_no_lost_file(client, call, s3):
    client.raise_request_exception = False
    client.force_login(make_user(Role.MANAGER, is_staff=True))
    response, file = submitted_with_a_file(call)
    with s3.dead():
        answer = download(client, response, file)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert b"".join(download(client, response, file).streaming_content) == CONTENT


@pytest.mark.django_db
def test_worker_waits_for_a_dead_server_and_loses_nothing(call, s3, settings):
    submitted_with_a_file(call)
    run = export_runs.enqueue(
        call=call,
        by=make_user(Role.STEERING_MEMBER),
        at=while_open(call),
        file_format="attachments",
        filters={},
        rows_total=1,
    )
    scanner = Double()
    settings.CLAMD_URL = scanner.url
    with s3.dead():
        assert scanning.scan_due(now=lambda: while_open(call)).scanned == 0
        assert FileScan.objects.count() == 0
        settings.CLAMD_URL = ""
        assert reading_due_files.read_due(now=lambda: while_open(call), until=lambda: False) == 0
        worker.make_next(now=lambda: while_open(call), wall_now=lambda: while_open(call))
    scanner.close()
    run.refresh_from_db()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        "The place where files are kept does not answer. Ask for it again later.",
    )
    assert reading_due_files.read_due(now=lambda: while_open(call), until=lambda: False) == 1
    assert FileText.objects.get().state == TextState.READ


@pytest.mark.django_db
def test_check_of_the_evidence_stops_where_the_server_is_dead(call, s3):
    submitted_with_a_file(call)
    with (
        s3.dead(),
        pytest.raises(CommandError, match="Files could not be read, and no result was noted"),
    ):
        call_command("verify_evidence")


@pytest.mark.django_db(transaction=True)
def test_erasure_is_done_once_the_server_is_back(call, s3, on_s3):
    response, _ = submitted_with_a_file(call)
    with s3.dead():
        request = erase(response, at=while_open(call))
    assert len(request.files_left) == 1
    erase_again = type(request).objects.to_carry_out()
    assert list(erase_again) == [request]
    assert list(kept_tombstones(unread=print)) == []


@pytest.mark.django_db
def test_import_is_refused_in_words_while_the_server_is_dead(call, s3):
    table = SimpleUploadedFile("rows.csv", b"story\r\nHers.\r\n")
    by = make_user(Role.MANAGER)
    with s3.dead(), pytest.raises(uploads.ImportRefused, match="no room for files"):
        uploads.upload(call=call, file=table, by=by, at=while_open(call))


def ready(client):
    can_write.forget()
    answer = client.get("/readyz/")
    lines = answer.content.decode().splitlines()
    return answer.status_code, next(line for line in lines if line.startswith("uploads: "))


@pytest.mark.django_db(transaction=True)
def test_readyz_tells_of_a_bucket_that_takes_nothing(client, on_s3, s3, keep_files):
    where = f"uploads: cannot be written (the bucket {on_s3.name}:"
    assert ready(client) == (200, "uploads: ok")
    with s3.dead():
        assert ready(client) == (503, f"{where} no answer (EndpointConnectionError))")
    s3.front.breaks = lambda asked: refusal(403, "AccessDenied") if asked.method == "PUT" else None
    assert ready(client) == (503, f"{where} the key may not do this (AccessDenied))")
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if asked.method == "DELETE" else None
    )
    assert ready(client)[0] == 200
    s3.front.breaks = None
    keep_files(on_s3, key="another")
    assert ready(client) == (503, f"{where} the key is not known there (InvalidAccessKeyId))")
    keep_files(on_s3)
    on_s3.drop()
    assert ready(client) == (503, f"{where} there is no such bucket (NoSuchBucket))")


@pytest.mark.django_db(transaction=True)
def test_bucket_is_tried_seldom_while_it_works(client, on_s3, s3, monkeypatch):
    clock = iter([0.0, 29.0, 30.0, 31.0, 34.0, 35.0])
    monkeypatch.setattr(can_write, "monotonic", lambda: next(clock))

    def tried():
        s3.front.asked.clear()
        can_write.files_in_words()
        return len(s3.front.asked)

    assert [tried(), tried()] == [2, 0]
    s3.front.breaks = lambda asked: refusal(403, "AccessDenied")
    # A bucket that does not work is tried as often as a disk.
    assert [tried(), tried(), tried(), tried()] == [1, 0, 0, 1]


@pytest.mark.django_db
def test_full_disk_refuses_no_upload_to_a_bucket(client, call, settings, on_s3):
    settings.DISK_RESERVE_MB = 10**9
    start(client, call)
    assert upload(client, call).status_code == 302
    assert len(on_s3.names()) == 1
