"""What else meets a bucket: checks, restores, staff, imports, and files that authors take out."""

import json

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from accounts.states import Role
from backups import drilling, reports, restoring
from backups.errors import BackupFailed
from core.checks import check_bucket
from core.outages import StoreAway
from personal_data import erasing
from submissions.outbox import holding
from submissions.responses import entering, tasks
from submissions.responses.attaching import detach
from submissions.responses.importing import uploads
from submissions.responses.models import Attachment, Entry, ResponseImport, Submission
from tests.makers import (
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.stores.s3_server import refusal
from tests.submissions.admin.entering import ADMIN, begun, staff
from tests.submissions.responses import test_importing as rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(on_s3, at):
    call = make_call()
    at(while_open(call))
    return call


@pytest.fixture
def first_call(on_s3, at):
    call = rows.make_first_call()
    at(rows.WEEKS_LATER)
    return call


def test_deployment_is_checked_with_its_bucket(on_s3, s3, settings):
    (plain,) = check_bucket()
    assert "PORTAL_FILES_S3_ENDPOINT begins with http://" in plain.msg
    settings.STORAGES["s3"]["OPTIONS"]["endpoint_url"] = "https://s3.example.org"
    assert check_bucket() == []
    s3.front.breaks = lambda asked: refusal(403, "SignatureDoesNotMatch")
    (broken,) = check_bucket()
    assert broken.msg == (
        f"No file can be kept in the bucket {on_s3.name}: "
        "the secret is not the key’s (SignatureDoesNotMatch)."
    )


def test_deployment_without_a_bucket_asks_for_none():
    assert check_bucket() == []


def test_restore_says_what_it_needs_where_nothing_is_listed(call, s3, tmp_path, capsys):
    request = erase(make_submitted(call), at=while_open(call))
    listed = tmp_path / "listed.jsonl"
    listed.write_text(json.dumps(erasing.as_tombstone(request)) + "\n")
    call_command("reapply_erasures")
    assert "Erased already: 1." in capsys.readouterr().out
    s3.front.may_list = False
    with pytest.raises(CommandError, match="let it list the bucket, or name what list_erasures"):
        call_command("reapply_erasures")
    call_command("reapply_erasures", str(listed))
    assert "Erased already: 1." in capsys.readouterr().out


def test_staff_are_told_that_an_original_finds_no_room(first_call, s3, on_s3):
    client = staff()
    entry = begun(client, first_call)
    page = f"{ADMIN}{entry.pk}/originals/"
    scans = [SimpleUploadedFile(name, name.encode()) for name in ("a.txt", "b.txt")]
    with s3.dead():
        told = client.post(page, {"originals": scans}, follow=True).content.decode()
    assert "“a.txt” was not added: there is no room for files at the moment." in told
    assert entry.submission.attachments.count() == 0
    client.post(page, {"originals": SimpleUploadedFile("a.txt", b"A letter.")})
    assert len(on_s3.names()) == 1


def test_discarded_entry_goes_with_its_files_or_not_at_all(first_call, s3, on_s3):
    entry = begun(staff(), first_call)
    make_attachment(entry.submission)
    by = make_user(Role.MANAGER)
    with s3.dead(), pytest.raises(StoreAway):
        entering.discard_entry(entry, by=by, at=rows.WEEKS_LATER)
    assert (Entry.objects.count(), len(on_s3.names())) == (1, 1)
    entering.discard_entry(entry, by=by, at=rows.WEEKS_LATER)
    assert (Submission.objects.count(), on_s3.names()) == (0, [])


def test_import_goes_on_once_the_server_is_back(first_call, s3, on_s3):
    by = make_user(Role.REVIEWER)
    of = rows.uploaded(first_call, by, rows.folder(a_txt="One.", b_txt="Two."), "letters.zip")
    rows.looked_at(of, day="2019-07-22", columns=())
    uploads.carry_out(of, seen=rows.etag(of.choices), by=by, at=rows.WEEKS_LATER)
    s3.front.breaks = lambda asked: refusal(503, "SlowDown") if asked.method == "PUT" else None
    with pytest.raises(StoreAway):
        rows.go_on(of)
    s3.front.breaks = None
    assert (ResponseImport.objects.get().rows_done, Submission.objects.count()) == (0, 0)
    assert uploads.release_stuck(wall_now=rows.WEEKS_LATER + uploads.CLAIM_LASTS) == 1
    assert rows.go_on(of)[:3] == ("done", 2, 2)
    assert len(on_s3.names()) == 2
    assert ResponseImport.objects.get().file == ""


def test_discarded_upload_goes_with_its_file_or_not_at_all(first_call, s3, on_s3):
    by = make_user(Role.REVIEWER)
    of = rows.uploaded(first_call, by, rows.folder(a_txt="One."), "letters.zip")
    with s3.dead(), pytest.raises(StoreAway):
        uploads.discard(of, by=by, at=rows.WEEKS_LATER)
    assert len(on_s3.names()) == ResponseImport.objects.count() == 1
    uploads.discard(of, by=by, at=rows.WEEKS_LATER)
    assert (on_s3.names(), ResponseImport.objects.count()) == ([], 0)


def test_file_that_its_author_takes_out_while_the_server_is_dead_goes_later(call, s3, on_s3):
    draft = make_draft(call)
    kept, taken_out = make_attachment(draft), make_attachment(draft, content=b"Other.\n")
    with s3.dead():
        detach(submission=draft, public_id=taken_out.public_id, at=while_open(call))
    assert list(draft.attachments.filter(removed_at=None)) == [kept]
    assert len(on_s3.names()) == 2
    tasks.end_removed_files()
    assert on_s3.names() == [kept.file.name]
    assert list(Attachment.objects.all()) == [kept]


def test_mail_goes_on_while_the_server_is_dead_if_it_was_not_held(call, s3, monkeypatch):
    clock = iter([0.0, 59.0, 60.0, 61.0, 62.0, 63.0])
    monkeypatch.setattr(holding, "monotonic", lambda: next(clock))
    assert holding.is_held() is False
    with s3.dead():
        assert [holding.is_held(), holding.is_held()] == [False, False]
        holding.forget()
        # A process that does not know whether a backup was restored sends nothing.
        assert holding.is_held() is True
        assert "is not known" in holding.held_in_words()
    assert holding.is_held() is False


def test_backups_are_told_of_while_the_server_is_dead(call, s3, settings, client, caplog):
    settings.BACKUP_RECIPIENTS = ["age1x"]
    at = while_open(call)
    for kind in reports.Kind:
        reports.write(kind, at=at, is_good=True, said="Fine.")
    assert reports.problems_in_words(wall_now=at) == []
    with s3.dead():
        (said,) = reports.problems_in_words(wall_now=at)
        assert client.get("/metrics/").status_code == 200
        reports.write(reports.Kind.DRILL, at=at, is_good=True, said="Fine, too.")
    assert said.startswith("what became of backups is not known (the bucket")
    assert "Fine, too." in caplog.text


def test_drill_touches_no_bucket(monkeypatch):
    monkeypatch.setenv("PORTAL_FILES_S3_BUCKET", "evidence")
    monkeypatch.setenv("PORTAL_FILES", "s3")
    made = drilling._environment("postgresql://nobody@/none", "/scratch")
    assert [name for name in made if name.startswith("PORTAL_FILES")] == []
    assert made["PORTAL_MEDIA"] == "/scratch"


def test_restore_is_refused_where_the_bucket_has_files_or_does_not_tell(on_s3, s3):
    storage = storages["private"]
    assert restoring._first_file_or_refusal(storage) == ""
    on_s3.put("attachments/ab/one", b"One.")
    assert restoring._first_file_or_refusal(storage) == "attachments/ab/one"
    s3.front.may_list = False
    with pytest.raises(BackupFailed, match="let its key list it"):
        restoring._first_file_or_refusal(storage)
    with s3.dead(), pytest.raises(BackupFailed, match="Bring it back first"):
        restoring._first_file_or_refusal(storage)
