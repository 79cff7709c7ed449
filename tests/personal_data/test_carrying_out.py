"""Carrying out goes on after what interrupts it, and leaves others alone."""

import errno
import os
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.states import Role
from core.outages import StoreAway
from exports import export_runs
from exports.models import ExportRun
from exports.queries import count, erased_references, records
from exports.types import Dataset
from personal_data import erasing
from retention import not_deleted
from review.coding.forgetting import ERASED
from review.models import Note, SearchEntry
from review.noting import add_note
from review.searching.entries import write_due
from submissions.mail import sending
from submissions.mail.closing_report import closing_report
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.responses import erasing as requests
from submissions.responses import submitting
from submissions.responses.addresses import remember_address
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import Submission, Version
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import ErasureScope, ErasureState, SubmissionState
from submissions.responses.verifying import checking_code
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import ask_and_approve, erase, send_last_mail

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(at, monkeypatch, tmp_path):
    monkeypatch.setattr(private_storage(), "location", str(tmp_path))
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def response(call):
    return submitted_with_a_file(call)


def submitted_with_a_file(call):
    draft = make_draft(call, **complete_answers(call, email="ada@example.org", story="Hers."))
    make_attachment(draft)
    return submitting.submit(submission=draft, at=while_open(call)).submission


class Died(Exception):
    pass


def die(*_args, **_named):
    raise Died


def problems(at):
    return check_evidence(wall_now=at)[1]


@pytest.mark.parametrize(
    "dies_in", ["_delete_files", "export_runs.end_those_with", "_write_tombstone", "record"]
)
def test_worker_that_dies_is_followed_by_one_that_goes_on(call, response, monkeypatch, dies_in):
    at = while_open(call)
    path = response.attachments.get().file.name
    request = ask_and_approve(response, at=at)
    with monkeypatch.context() as dying:
        dying.setattr(f"personal_data.erasing.{dies_in}", die)
        with pytest.raises(Died):
            erasing.carry_out(request, at=at)
    erasing.carry_out_all(at=at)
    send_last_mail(response, at=at)
    assert erasing.carry_out_all(at=at) == 1
    assert not private_storage().exists(path)
    request.refresh_from_db()
    assert (request.state, request.files_left) == (ErasureState.DONE, [])
    assert AuditEvent.objects.filter(action="erased").count() == 1
    assert OutboxEmail.objects.filter(submission=response).count() == 0
    assert erasing.carry_out_all(at=at) == 0
    assert problems(at) == []


def test_one_that_fails_keeps_no_other(call, response, monkeypatch):
    at = while_open(call)
    other = make_submitted(call)
    first, second = ask_and_approve(response, at=at), ask_and_approve(other, at=at)
    original = erasing.erase_from_database

    def fails_for_first(request, *, at):
        if request.pk == first.pk:
            raise Died
        return original(request, at=at)

    monkeypatch.setattr(erasing, "erase_from_database", fails_for_first)
    erasing.carry_out_all(at=at)
    second.refresh_from_db()
    assert second.state == ErasureState.ERASED
    assert not_deleted.in_words(at=at) == ""
    assert not_deleted.in_words(at=at + not_deleted.ERASED_WITHIN) == (
        "1 approved request to erase is not carried out yet: the worker tries again, and its log "
        "says why"
    )


def sent_at(at):
    return sending.send_due(portal_now=lambda: at, wall_now=lambda: at)


def test_file_that_cannot_be_deleted_keeps_no_other_but_the_mail_that_it_is_gone(
    call, response, monkeypatch
):
    at = while_open(call)
    exports = [run_of(call, state="done", named=True) for _ in range(2)]
    upload = response.attachments.get().file.name
    request = ask_and_approve(response, at=at)
    refused = {upload, exports[0].file.name}
    really = FileSystemStorage.delete

    def delete(storage, name):
        if name in refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        really(storage, name)

    monkeypatch.setattr(FileSystemStorage, "delete", delete)
    assert erasing.carry_out_all(at=at) == 0
    request.refresh_from_db()
    assert request.files_left == [upload]
    assert sent_at(at).deferred == 1
    assert "of responses" not in not_deleted.in_words(at=at)
    assert not_deleted.in_words(at=at + not_deleted.ERASED_WITHIN) == (
        f"1 file of responses should be gone and is still there ({upload}): the worker tries "
        f"again, and its log says why; {export_runs.not_deleted_in_words()}"
    )
    assert [private_storage().exists(run.file.name) for run in exports] == [True, False]
    assert exports[0].file.name in export_runs.not_deleted_in_words()
    refused.clear()
    erasing.carry_out_all(at=at)
    assert sent_at(at + timedelta(minutes=1)).sent == 1
    assert erasing.carry_out_all(at=at) == 1
    assert not private_storage().exists(upload)
    assert not_deleted.in_words(at=at + not_deleted.ERASED_WITHIN) == ""


def test_store_that_is_away_is_asked_once_and_the_database_erases_all_the_same(
    call, response, monkeypatch
):
    at = while_open(call)
    other = submitted_with_a_file(call)
    asked = []

    def delete(_storage, name):
        asked.append(name)
        raise StoreAway("no answer", "the bucket evidence")

    requests = [ask_and_approve(one, at=at) for one in (response, other)]
    monkeypatch.setattr(FileSystemStorage, "delete", delete)
    assert erasing.carry_out_all(at=at) == 0
    assert len(asked) == 1
    for request in requests:
        request.refresh_from_db()
    assert [request.state for request in requests] == [ErasureState.ERASED] * 2


def test_mail_that_is_being_sent_is_waited_for(call, response):
    at = while_open(call)
    request = ask_and_approve(response, at=at)
    claimed = queue.claim_due(wall_now=at, limit=100)
    assert erasing.carry_out(request, at=at) is False
    assert Submission.objects.get(pk=response.pk).state == SubmissionState.SUBMITTED
    queue.release(claimed)
    erasing.carry_out(request, at=at)
    assert Submission.objects.get(pk=response.pk).state == SubmissionState.ERASED


def test_address_is_known_until_the_last_mail_is_out(call, response):
    at = while_open(call)
    request = ask_and_approve(response, at=at)
    assert erasing.carry_out(request, at=at) is False
    mail = OutboxEmail.objects.get(submission=response)
    assert (mail.kind, mail.to_address) == (MailKind.ERASURE_DONE, "ada@example.org")
    request.refresh_from_db()
    assert (request.state, request.done_at) == (ErasureState.ERASED, None)


def run_of(call, *, state, named):
    run = ExportRun.objects.create(
        call=call,
        by=make_user(),
        file_format="csv",
        named=named,
        reason="For the report",
        asked_at=while_open(call),
        state=state,
        claimed_at=while_open(call) if state == "running" else None,
        finished_at=while_open(call) if state == "done" else None,
        expires_at=while_open(call) + timedelta(days=7) if state == "done" else None,
        sha256="0" * 64 if state == "done" else "",
    )
    if state == "done":
        run.file = private_storage().save(f"exports/{run.public_id.hex}", make_file())
        run.save(update_fields=["file"])
    return run


def make_file():
    return ContentFile(b"Hers.")


@pytest.mark.parametrize(
    ("scope", "kept"), [(ErasureScope.RESPONSE, []), (ErasureScope.IDENTITY, [False])]
)
def test_kept_exports_that_may_have_it_end(call, response, scope, kept):
    at = while_open(call)
    done = [run_of(call, state="done", named=named) for named in (True, False)]
    elsewhere = run_of(make_call(), state="done", named=True)
    running = run_of(call, state="running", named=True)
    erase(response, at=at, scope=scope)
    left = ExportRun.objects.filter(pk__in=[run.pk for run in done]).exclude(file="")
    assert list(left.values_list("named", flat=True)) == kept
    gone = [run for run in done if run.named or not kept]
    assert [run for run in gone if private_storage().exists(run.file.name)] == []
    elsewhere.refresh_from_db()
    assert private_storage().exists(elsewhere.file.name)
    running.refresh_from_db()
    assert running.state == "waiting"


def test_note_with_an_address_that_was_given_for_links_ends_with_who_answered(call, response):
    at = while_open(call)
    remember_address(submission=response, address="ada.l@example.net", at=at)
    staff = make_user(Role.MANAGER)
    other = make_submitted(call)
    for about in (response, other):
        for text in ("Ring Ada.L@example.net about it.", "Read page 3."):
            add_note(about, text=text, by=staff, at=at)
    write_due(until=lambda: False)
    erase(response, at=at, scope=ErasureScope.IDENTITY)
    left = Note.objects.filter(submission=response).order_by("pk")
    assert [note.text for note in left] == ["Erased: it named who answered.", "Read page 3."]
    elsewhere = Note.objects.filter(submission=other).order_by("pk")
    assert [note.text for note in elsewhere] == [ERASED, "Read page 3."]
    assert SearchEntry.objects.get(submission=other).is_stale


def test_counts_keep_it_and_exports_leave_it_out(call, response):
    other = make_submitted(call)
    before = closing_report(call, at=while_open(call))
    erase(response, at=while_open(call))
    after = closing_report(call, at=while_open(call))
    assert (before.received, before.erased) == (2, 0)
    assert (after.received, after.erased) == (2, 1)
    assert after.by_timing == before.by_timing
    dataset = Dataset(call)
    assert count(dataset) == 1
    assert [record.reference for record in records(dataset)] == [other.reference]
    assert erased_references(call) == [response.reference]


def test_damage_to_what_is_left_is_found(call, response):
    at = while_open(call)
    erase(response, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE submissions_version DISABLE TRIGGER USER")
        cursor.execute("""UPDATE submissions_version SET texts = '{"story": "Hers."}'""")
        cursor.execute("ALTER TABLE submissions_version ENABLE TRIGGER USER")
    assert problems(at) == [f"{response.reference} version 1: it was erased and has answers"]


def test_erased_without_a_request_is_found(call, response):
    at = while_open(call)
    Submission.objects.filter(pk=response.pk).update(state=SubmissionState.ERASED)
    assert f"{response}: it is erased without a request to erase it" in problems(at)


def test_end_of_retention_says_so_and_tells_nobody(call, response, client):
    at = while_open(call)
    rule = "Evidence: six years after closing"
    request = requests.end_by_retention(
        submission=response, scope=ErasureScope.RESPONSE, rule=rule, by=None, at=at
    )
    assert erasing.carry_out_all(at=at) == 1
    request.refresh_from_db()
    assert (request.state, request.reason) == (ErasureState.DONE, rule)
    assert not OutboxEmail.objects.filter(submission=response).exists()
    version = Version.objects.get(submission=response)
    given = {"reference": response.reference, "digest": version.sha256}
    given["code"] = checking_code(version)
    page = client.post(reverse("verify", args=[call.slug]), given).content.decode()
    assert "because the time that we keep responses had ended" in page
    again = requests.end_by_retention(
        submission=response, scope=ErasureScope.RESPONSE, rule=rule, by=None, at=at
    )
    assert again is None
    assert problems(at) == []
