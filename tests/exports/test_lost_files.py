"""An export goes on without the files that are missing or damaged, and says so everywhere."""

import csv
import io
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from accounts.states import Role
from exports import export_runs, worker
from exports.models import ExportRun
from exports.writers import workbook
from tests.exports.exporting import NOW, exported, make_with_files, members
from tests.makers import make_call, make_submitted, make_user

MISSING = "missing: the portal no longer has this file."
DAMAGED = "damaged: what the portal has is not what was submitted."


@pytest.fixture
def response():
    """A response with three files, the first of which is missing and the second damaged."""
    response = make_with_files(make_call(slug="the-call"), b"One", b"Two", b"Three")
    first, second, _third = response.attachments.all()
    first.file.storage.delete(first.file.name)
    Path(second.file.path).write_bytes(b"Tvo")
    return response


def listed(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.django_db
@pytest.mark.parametrize("named", [False, True])
def test_missing_and_damaged_files_are_listed_as_such(response, named):
    files = members(exported(response.call, "attachments", named=named))
    third = f"{response.reference}/{response.reference}-3.txt"
    assert list(files) == [third, "files.csv"]
    assert files[third] == b"Three"
    digests = [file.sha256 for file in response.attachments.all()]
    assert [
        (row["bytes"], row["sha256"], row["sha256_submitted"], row["note"])
        for row in listed(files["files.csv"])
    ] == [
        ("", "", digests[0], MISSING),
        ("", "", digests[1], DAMAGED),
        ("5", digests[2], digests[2], ""),
    ]
    event = AuditEvent.objects.get(action="exported")
    assert event.detail["lost_files"] == 2


@pytest.mark.django_db
def test_manifest_of_a_bundle_names_them_and_gives_no_old_digest(response):
    files = members(exported(response.call, "bundle"))
    manifest = json.loads(files["manifest.json"])
    name = f"attachments/{response.reference}/{response.reference}"
    assert manifest["missing_or_damaged_files"] == 2
    assert [entry for entry in manifest["files"] if "note" in entry] == [
        {"file": f"{name}-1.txt", "note": MISSING},
        {"file": f"{name}-2.txt", "note": DAMAGED},
    ]
    assert f"reading/{response.reference}.docx" in files


@pytest.mark.django_db
def test_export_without_losses_says_nothing_of_them():
    response = make_with_files(make_call(), b"One")
    manifest = json.loads(members(exported(response.call, "bundle"))["manifest.json"])
    assert manifest["missing_or_damaged_files"] == 0
    assert "lost_files" not in AuditEvent.objects.get(action="exported").detail


@pytest.mark.django_db
def test_command_writes_the_file_and_ends_with_status_3(response, tmp_path):
    output = tmp_path / "files.zip"
    with pytest.raises(CommandError) as error:
        call_command("export_responses", call="the-call", format="attachments", output=str(output))
    assert error.value.returncode == 3
    assert str(error.value) == (
        "2 files are missing or damaged and are not in the export: files.csv names them."
    )
    assert len(members(output.read_bytes())) == 2


@pytest.mark.django_db(transaction=True)
def test_page_of_the_run_and_the_record_warn(client, response, at):
    user = make_user(Role.STEERING_MEMBER)
    at(NOW)
    run = export_runs.enqueue(
        call=response.call, by=user, at=NOW, file_format="attachments", filters={}, rows_total=1
    )
    worker.make_next(now=lambda: NOW, wall_now=lambda: NOW)
    run = ExportRun.objects.get(pk=run.pk)
    assert (run.state, run.lost_files) == ("done", 2)
    client.force_login(user)
    said = "2 files are missing or damaged and are not in the export: files.csv names them."
    page = client.get(f"/steering/the-call/exports/{run.public_id}/").content.decode()
    assert f'<div class="notice notice--problem" role="alert"><p>{said}' in page
    assert "It is ready, with 1 response." in page
    assert said in client.get("/steering/the-call/exports/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_page_of_the_run_and_the_record_say_which_file_of_several_is_missing(
    client, response, at, monkeypatch
):
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    user = make_user(Role.STEERING_MEMBER)
    at(NOW)
    run = export_runs.enqueue(
        call=response.call, by=user, at=NOW, file_format="bundle-quick", filters={}, rows_total=1
    )
    worker.make_next(now=lambda: NOW, wall_now=lambda: NOW)
    client.force_login(user)
    said = (
        "responses.xlsx is not in the export. An Excel sheet holds 0 responses. Choose fewer, or "
        "take the CSV."
    )
    page = client.get(f"/steering/the-call/exports/{run.public_id}/").content.decode()
    assert f'<div class="notice notice--warning" role="status"><p>{said}</p></div>' in page
    assert "It is ready, with 1 response." in page
    assert f"Warning: {said}" in client.get("/steering/the-call/exports/").content.decode()


@pytest.mark.django_db
def test_command_says_which_file_of_several_is_missing(tmp_path, monkeypatch):
    err = StringIO()
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    make_submitted(make_call(slug="other"))
    call_command(
        "export_responses",
        call="other",
        format="bundle-quick",
        output=str(tmp_path / "all.zip"),
        stderr=err,
    )
    assert "responses.xlsx is not in the export. An Excel sheet holds 0" in err.getvalue()
