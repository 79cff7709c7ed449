"""Everything that the portal does day by day, as the role that owns nothing."""

import csv
import io
from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.urls import reverse

from accounts import chain
from accounts.models import AuditEvent, Membership
from accounts.record import record
from accounts.states import AuditAction, Role
from exports import tasks as export_tasks
from exports.token_models import Change
from retention.carrying_out import carry_out
from submissions.calls.retention import DataClass, ends_at
from submissions.mail import tasks as mail_tasks
from submissions.mail.staff_digests import enqueue_digests
from submissions.outbox.models import OutboxEmail
from submissions.responses import amending, drafting, late_passes, submitting
from submissions.responses.evidence_checks.weekly_check import check_evidence
from submissions.responses.models import Submission
from tests.exports.api.pulling import make_token, pull, said
from tests.exports.runs import make_run
from tests.makers import (
    PASSWORD,
    SMALL,
    complete_answers,
    confirm_retention,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.submissions.respondent.answering import address, start

pytestmark = pytest.mark.usefixtures("serving_role")


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("submissions.mail.tasks.nudge_mail", lambda: None)


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_response_is_begun_submitted_amended_and_withdrawn_and_each_mail_goes_out(at):
    call = make_call()
    moment = while_open(call)
    draft = make_draft(call, at=moment, **complete_answers(call))
    make_attachment(draft, at=moment)
    response = submitting.submit(submission=draft, at=moment).submission
    amending.reopen(submission=response, at=moment)
    drafting.save_answers(submission=response, call=call, values={"story": "Ask again."}, at=moment)
    again = submitting.submit(submission=response, at=moment + timedelta(minutes=1))
    amending.withdraw(submission=response, at=moment + timedelta(minutes=2))
    at(moment + timedelta(minutes=3))
    mail_tasks.send_due_mail()
    assert (again.number, len(django_mail.outbox)) == (2, OutboxEmail.objects.count())
    assert OutboxEmail.objects.exclude(state="sent").count() == 0
    assert actions() == ["response_withdrawn"]
    late_passes.give(
        call=call,
        address="b@example.org",
        by=make_user(),
        at=moment,
        reason="ill",
        expires_at=call.closes_at + timedelta(days=1),
    )
    _, problems = check_evidence(wall_now=moment)
    assert problems == []


def test_author_replaces_a_file_and_removes_it(client, at):
    call = make_call()
    at(while_open(call))
    draft = start(client, call)
    page = address(call, "response/evidence/")
    old = make_attachment(draft, key="documents")
    new = SimpleUploadedFile("new.txt", b"Other minutes.\n")
    posted = {"_base_etags": "", "_replace": str(old.public_id), "documents": new}
    assert client.post(page, posted).status_code == 302
    assert draft.attachments.get().name == "new.txt"
    removed = client.post(page, {"_remove": str(draft.attachments.get().public_id)})
    assert removed.status_code == 302
    assert not draft.attachments.exists()


def test_staff_sign_in_read_a_response_set_its_status_and_load_its_file(client, at):
    call = make_call()
    at(while_open(call))
    draft = make_draft(call, **complete_answers(call))
    file = make_attachment(draft)
    response = submitting.submit(submission=draft, at=while_open(call)).submission
    manager = make_user(Role.MANAGER)
    client.post("/admin/login/", {"username": manager.username, "password": PASSWORD})
    page = reverse("admin:submissions_submission_change", args=[response.pk])
    etag = client.get(page).context["base_etag"]
    client.post(
        f"{page.removesuffix('change/')}status/", {"status": "considered", "base_etag": etag}
    )
    download = reverse("admin:submissions_submission_file", args=[response.pk, file.public_id])
    assert b"".join(client.get(download).streaming_content) == b"Minutes.\n"
    response.refresh_from_db()
    assert response.triage_status == "considered"
    assert actions() == ["signed_in", "response_opened", "status_changed", "file_opened"]


def test_export_is_made_at_once_and_by_the_worker(client, at, tmp_path):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call)
    client.force_login(make_user(Role.STEERING_MEMBER))
    whole = b"".join(client.get(f"/steering/{call.slug}/export.csv").streaming_content)
    rows = csv.DictReader(io.StringIO(whole.decode("utf-8-sig")))
    assert [row["reference"] for row in rows] == [response.reference]
    run = make_run(call)
    export_tasks.make_exports()
    run.refresh_from_db()
    assert (run.state, run.rows_done) == ("done", 1)
    assert actions() == ["export_started", "exported"] * 2


def test_program_reads_what_changed_and_what_was_withdrawn(client, at):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call)
    _, secret = make_token(call)
    first = pull(client, call, secret)
    assert said(first) == [(response.reference, "response")]
    amending.withdraw(submission=response, at=while_open(call))
    later = pull(client, call, secret, cursor=first["Next-Cursor"])
    assert said(later) == [(response.reference, "withdrawn")]
    # The worker numbers what changed, so that the first program of the day need not.
    make_submitted(call)
    export_tasks.number_changes()
    assert not Change.objects.filter(number=None).exists()


def test_end_of_data_digest_and_a_loaded_call_need_no_more_rights(at, tmp_path):
    call_command("load_call", str(SMALL))
    call = make_call()
    make_attachment(make_draft(call, story="Words."))
    at(while_open(call))
    member = make_user(Role.MANAGER, email="ann@example.org")
    Membership.objects.filter(person=member).update(wants_digest=True)
    monday = while_open(call) - timedelta(days=1)  # a digest goes out though nothing came
    assert enqueue_digests(at=monday) == 2
    confirm_retention(call)
    assert carry_out(at=ends_at(call, DataClass.DRAFTS)) == {"drafts": 1, "files": 1}
    assert Submission.objects.count() == 0
    assert actions() == ["call_loaded", "retention_confirmed", "data_ended"]
    assert chain.seal() == 3


def test_record_ends_by_the_command_of_the_owner_alone(at, capsys):
    call = make_call()
    make_submitted(call)
    confirm_retention(call)
    chain.seal()
    moment = ends_at(call, DataClass.RECORD)
    at(moment)
    carry_out(at=moment)
    assert "retention_confirmed" in actions()
    with pytest.raises(IntegrityError, match="only the owner of the tables ends the record"):
        record(by=None, at=moment, action=AuditAction.RECORD_ENDED, call=call, events=[[1, 9]])
    written = AuditEvent.objects.filter(at__lt=moment).count()
    call_command("end_record")
    assert capsys.readouterr().out == f"Audit events ended: {written}.\n"
    assert "retention_confirmed" not in actions()
    call_command("end_record")
    assert capsys.readouterr().out == "Audit events ended: 0.\n"
    assert check_evidence(wall_now=moment)[1] == []


def test_command_without_the_owners_address_says_that_it_ends_no_record(settings):
    settings.MIGRATION_DATABASE = None
    with pytest.raises(CommandError, match="set MIGRATION_DATABASE_URL to the owner's address"):
        call_command("end_record")
