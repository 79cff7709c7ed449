"""What a backup or a restore cannot do it says in one line, and leaves all as it was."""

import errno
import fcntl
import io
import os
import resource
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import sleep

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from backups import programs, reports, restoring
from backups.errors import AlreadyRunning
from backups.folder import DATABASE, ERASURES, FILES, MANIFEST, SUMS, BackupFolder, digest_of
from backups.reports import Kind
from core import clock, clock_check, schema
from core.outages import StoreAway
from personal_data import reapplying
from submissions.outbox import holding
from submissions.responses import submitting
from submissions.responses.models import Attachment
from submissions.responses.models.attachments import private_storage
from tests.backups.conftest import make_keys, run
from tests.makers import complete_answers, make_attachment, make_call, make_draft, while_open

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def call(store, at):
    call = make_call()
    at(while_open(call))
    return call


def make_with_file(call, content=b"Minutes of the meeting.\n"):
    draft = make_draft(call, **complete_answers(call))
    attachment = make_attachment(draft, content=content)
    submitting.submit(submission=draft, at=while_open(call))
    return attachment


@contextmanager
def damaged(folder, name):
    """The backup's folder to change at will; the folder of backups is as before afterwards."""
    before = folder.path.with_name("before")
    shutil.copytree(folder.path, before)
    yield folder.path / name
    shutil.rmtree(folder.path)
    before.rename(folder.path)


def sum_up(of):
    """Write the digests anew: whoever changes a backup can do that, too."""
    lines = (of / SUMS).read_text().splitlines()
    paths = [line.split("  ", 1)[1] for line in lines]
    (of / SUMS).write_text("".join(f"{digest_of(of / path)[0]}  {path}\n" for path in paths))


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def put_other(path, keys):
    """Another file under its name, encrypted as it should be."""
    key = pyrage.x25519.Recipient.from_str(keys.public)
    path.write_bytes(pyrage.encrypt(b"Other minutes.\n", [key]))


def assert_empty(place):
    with connection.cursor() as cursor:
        assert "submissions_submission" not in connection.introspection.table_names(cursor)
    assert [path for path in place.rglob("*") if path.is_file()] == []
    assert not holding.is_held()


def test_damaged_backup_is_refused_and_leaves_both_places_empty(
    call, folder, keys, elsewhere, tmp_path
):
    make_with_file(call)
    run("backup")
    [name] = folder.names()
    other = make_keys(tmp_path, "other")
    no_key = tmp_path / "no-key"
    no_key.write_text("age1nothing\n")

    with elsewhere() as place:

        def refuse(says, identity=keys.identity):
            with pytest.raises(CommandError) as refused:
                run("restore", "--identity", identity)
            assert says in str(refused.value)
            assert "\n" not in str(refused.value)
            assert_empty(place)

        refuse("This identity does not open manifest.json.age", other.identity)
        refuse("The identity has no secret key of age", no_key)
        refuse("cannot be read: No such file or directory", tmp_path / "none")
        with damaged(folder, name) as changed:
            cut(changed / DATABASE)
            refuse(f"{name}: {DATABASE} was changed. Take another backup.")
            sum_up(changed)
            refuse(f"{DATABASE} was cut short or changed.")
        with damaged(folder, name):
            [stored] = folder.path.glob("files/*/*.age")
            put_other(stored, keys)
            sum_up(folder.path / name)
            refuse("holds another file.")
            stored.unlink()
            refuse("is missing. Take another backup.")
        with damaged(folder, name) as changed:
            (changed / SUMS).unlink()
            refuse(f"{name} has no readable {SUMS}.")
        with damaged(folder, name) as changed:
            (changed / MANIFEST).unlink()
            refuse(f"{name}: {MANIFEST} is missing.")
        (place / "attachments").mkdir(parents=True, exist_ok=True)
        shutil.copy(keys.identity, place / "attachments" / "theirs")
        with pytest.raises(CommandError, match="not empty: it has attachments/theirs"):
            run("restore", "--identity", keys.identity)
        shutil.rmtree(place)
        # Nothing of all that stands in the way of the whole one.
        assert "0 problems" in run("restore", "--identity", keys.identity)
        with pytest.raises(CommandError, match="The database is not empty"):
            run("restore", "--identity", keys.identity)


def test_list_of_erasures_that_cannot_be_read_is_no_success(call, folder, keys, elsewhere):
    run("backup")
    run("backup", "--erasures")
    cut(folder.path / ERASURES)
    with elsewhere():
        with pytest.raises(CommandError, match="1 list of erasures unread"):
            run("restore", "--identity", keys.identity)
        assert holding.is_held()


def test_backup_without_a_key_or_a_program_says_what_to_do(
    folder, store, settings, monkeypatch, tmp_path
):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18'\n")
    old.chmod(0o755)
    major = programs.server_major()
    for candidates, says in (([], "There is no pg_dump"), ([old], "pg_dump 15 is too old")):
        monkeypatch.setattr(programs, "_candidates", lambda *_, found=candidates: found)
        with pytest.raises(CommandError) as refused:
            run("backup")
        assert str(refused.value) == (
            f"{says} for PostgreSQL {major}: install postgresql-client-{major} on this machine, "
            "or run the command in the portal's image."
        )
    assert list(folder.path.iterdir()) == [folder.path / "lock"]
    monkeypatch.setattr(schema, "problem", lambda: "The database lacks 1 migration.")
    with pytest.raises(CommandError, match="lacks 1 migration"):
        run("backup")
    settings.BACKUP_RECIPIENTS = []
    with pytest.raises(CommandError, match="No public key is named"):
        run("backup", "--nightly", "02:30")
    with pytest.raises(CommandError, match="No public key is named: set BACKUP_RECIPIENTS"):
        run("backup")


@contextmanager
def full_disk():
    """No file may have over 8 KB meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_full_disk_ends_the_restore_and_leaves_no_part_of_a_file(call, folder, keys, elsewhere):
    make_with_file(call, b"Minutes." * 2_000)
    run("backup")
    with elsewhere() as place:
        with full_disk(), pytest.raises(CommandError, match="The store of files takes no more"):
            run("restore", "--identity", keys.identity)
        assert [path for path in place.rglob("*") if path.is_file()] == []
        assert "0 problems" in run("restore", "--identity", keys.identity)


def test_full_disk_ends_the_backup_and_leaves_nothing(call, folder, keys):
    with full_disk(), pytest.raises(CommandError, match=r"takes no more: File too large. Make"):
        run("backup")
    assert folder.names() == []
    assert [path.name for path in folder.path.iterdir()] == ["lock"]
    assert not reports.of(Kind.BACKUP).is_good
    with pytest.raises(CommandError, match="There is no whole backup"):
        run("restore", "--identity", keys.identity)


@pytest.mark.parametrize("words", [["--list"], ["--check"], ["--nightly", "02:30"]])
def test_folder_that_cannot_be_read_is_told_in_a_line(folder, monkeypatch, words):
    def refuse(_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(type(folder.path), "iterdir", refuse)
    with pytest.raises(CommandError) as refused:
        run("backup", *words)
    assert str(refused.value) == (
        f"The folder of backups {folder.path} cannot be read: Permission denied."
    )


def test_store_on_a_disk_of_its_own_is_empty_and_one_that_cannot_be_read_is_refused(
    store, monkeypatch
):
    (store / "lost+found").mkdir()
    (store / "lost+found" / "#12").write_text("of the file system\n")
    assert restoring._first_file_or_refusal(private_storage()) == ""
    (store / "attachments").mkdir()
    listdir = type(private_storage()).listdir

    def refuse(self, path):
        if path == "attachments":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return listdir(self, path)

    monkeypatch.setattr(type(private_storage()), "listdir", refuse)
    with pytest.raises(restoring.BackupFailed) as refused:
        restoring._first_file_or_refusal(private_storage())
    assert str(refused.value) == (
        "Whether the store of files is empty cannot be seen: Permission denied: attachments. "
        "Let the portal's account read it."
    )


def test_clock_that_is_ahead_names_no_backup_and_deletes_none(call, folder, monkeypatch):
    run("backup")
    (first,) = folder.names()
    now = clock.wall_now
    monkeypatch.setattr(clock, "wall_now", lambda: now() + timedelta(days=400))
    sleep(1.1)  # a backup is named by its second
    run("backup")
    assert len(folder.names()) == 2
    assert folder.names()[0] == first
    assert folder.names()[1][:10] == f"{now():%Y-%m-%d}"
    assert reports.of(Kind.BACKUP).is_good


def test_of_two_backups_at_once_one_is_refused(call, folder):
    folder.path.mkdir()
    with (folder.path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandError, match=r"Another backup into .* is running"):
            run("backup")
    assert reports.of(Kind.BACKUP) is None
    run("backup")


def test_each_damaged_backup_is_named_beside_those_that_are_whole(call, folder, monkeypatch):
    nights = [datetime(2026, 11, day, 2, 30, tzinfo=UTC) for day in (26, 27, 28)]
    for night in nights:
        monkeypatch.setattr(clock_check, "corrected", lambda _, night=night: night)
        run("backup")
    first, second, third = folder.names()
    cut(folder.path / first / DATABASE)
    (folder.path / third / MANIFEST).unlink()
    said = io.StringIO()
    with pytest.raises(CommandError, match=r"^2 of 3 backups are damaged\. Copy them back"):
        call_command("backup", "--check", stdout=said)
    lines = said.getvalue().splitlines()
    assert lines[0] == f"{first}: {DATABASE} was changed. Take another backup."
    assert lines[1].startswith(f"{second}: 3 files, ")
    assert lines[1].endswith(" bytes, whole.")
    assert lines[2] == f"{third}: {MANIFEST} is missing. Take another backup."
    really = BackupFolder.check

    def check(self, name):
        if name == first:  # a backup that is made meanwhile deletes it
            shutil.rmtree(folder.path / first)
        return really(self, name)

    monkeypatch.setattr(BackupFolder, "check", check)
    with pytest.raises(CommandError, match=r"^1 of 3 backups is damaged\."):
        call_command("backup", "--check", stdout=said)


def test_backup_that_does_not_say_what_it_needs_keeps_files_and_names_the_way_out(
    call, folder, monkeypatch
):
    make_with_file(call)
    run("backup")
    (name,) = folder.names()
    old = folder.path / FILES / "ab" / "ab12.age"
    old.parent.mkdir(exist_ok=True)
    old.touch()
    (folder.path / name / SUMS).unlink()
    monkeypatch.setattr("core.clock.wall_now", lambda: datetime.now(UTC) + timedelta(seconds=2))
    with pytest.raises(CommandError) as told:
        run("backup")
    assert str(told.value) == (
        f"The new backup is whole, but {name} has no readable {SUMS}, so old files stay. "
        f"Delete the folder {name}, or copy its {SUMS} back."
    )
    assert reports.of(Kind.BACKUP).said == str(told.value)
    assert len(folder.names()) == 2
    assert old.exists()
    shutil.rmtree(folder.path / name)
    monkeypatch.setattr("core.clock.wall_now", lambda: datetime.now(UTC) + timedelta(seconds=5))
    assert "Deleted: 0 old." in run("backup")
    assert not old.exists()
    assert reports.of(Kind.BACKUP).is_good


def test_killed_backup_looks_like_none_and_the_next_removes_it(call, folder):
    killed = folder.path / "2026-11-28T023000Z.part"
    killed.mkdir(parents=True)
    (killed / DATABASE).write_bytes(b"half")
    assert folder.names() == []
    run("backup")
    assert not killed.exists()
    assert len(folder.names()) == 1


def test_list_of_erasures_that_was_broken_off_keeps_no_backup_from_being_made(call, folder):
    folder.path.mkdir()
    left = folder.path / f"{ERASURES}.part"
    left.write_bytes(b"half")
    run("backup")
    assert len(folder.names()) == 1
    assert not left.exists()


def test_old_backup_that_cannot_be_deleted_is_told(call, folder, monkeypatch):
    old = folder.path / "2019-11-28T023000Z"
    old.mkdir(parents=True)

    really = shutil.rmtree

    def refuse(path, **options):
        if path.name == f"{old.name}.part":
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))
        really(path, **options)

    monkeypatch.setattr("backups.folder.shutil.rmtree", refuse)
    with pytest.raises(CommandError) as told:
        run("backup")
    assert str(told.value) == (
        f"The new backup is whole, but old ones cannot be deleted: Directory not empty: {old}.part."
    )
    assert reports.of(Kind.BACKUP).said == str(told.value)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (StoreAway("no answer", "the bucket evidence"), "the bucket evidence: no answer"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk: No space left on device"),
        (
            OperationalError("server closed the connection unexpectedly"),
            "The database does not serve: server closed the connection unexpectedly. Look at "
            "PostgreSQL and DATABASE_URL",
        ),
    ],
)
def test_outage_once_the_database_is_restored_is_told_with_the_way_out(
    call, folder, keys, elsewhere, monkeypatch, raised, said
):
    run("backup")

    def away(*_, **__):
        raise raised

    monkeypatch.setattr(reapplying, "reapply", away)
    with elsewhere(), pytest.raises(CommandError) as told:
        run("restore", "--identity", keys.identity)
    assert str(told.value) == (
        "The database and the files are there and mail is held, but not all was done: "
        f"{said}; empty both, and restore again."
    )


def test_file_is_stored_once_and_outlives_the_loss_of_the_original(
    call, folder, keys, settings, elsewhere, tmp_path, monkeypatch
):
    attachment = make_with_file(call)
    assert "1 file, 1 of them new." in run("backup")
    [stored] = folder.path.glob("files/*/*.age")
    written = stored.stat().st_mtime_ns
    attachment.file.storage.delete(attachment.file.name)
    lost = make_with_file(call, b"Never backed up.\n")
    lost.file.storage.delete(lost.file.name)
    [first] = folder.names()
    # A backup has the name of its second.
    (folder.path / first).rename(folder.path / "2026-01-01T023000Z")
    said = run("backup", "--keep-daily", "1", "--keep-weekly", "0")
    assert "2 files, 0 of them new. Deleted: 1 old." in said
    assert f"{lost.file.name} is missing or damaged, and in no backup" in said
    assert [path.stat().st_mtime_ns for path in folder.path.glob("files/*/*.age")] == [written]
    with elsewhere():
        with pytest.raises(CommandError, match="2 versions and 2 files checked, 1 problem"):
            run("restore", "--identity", keys.identity)
        with Attachment.objects.get(pk=attachment.pk).file.open() as file:
            assert file.read() == b"Minutes of the meeting.\n"


def test_new_key_opens_all_of_the_next_backup(call, folder, settings, elsewhere, tmp_path):
    make_with_file(call)
    run("backup")
    [first] = folder.names()
    (folder.path / first).rename(folder.path / "2026-01-01T023000Z")
    new = make_keys(tmp_path, "new")
    settings.BACKUP_RECIPIENTS = [new.public]
    assert "1 file, 1 of them new. Deleted: 1 old." in run("backup", "--keep-weekly", "0")
    assert len(list(folder.path.glob("files/*/*.age"))) == 1
    assert run("backup", "--check").endswith(" whole.\n")
    with elsewhere():
        assert "0 problems" in run("restore", "--identity", new.identity)


def test_second_restore_into_a_database_waits_for_nothing_and_lets_no_mail_out(
    call, folder, keys, elsewhere
):
    run("backup")
    with elsewhere():
        holding.hold(wall_now=clock.wall_now())
        with restoring.one_at_a_time(), pytest.raises(CommandError) as refused:
            run("restore", "--identity", keys.identity)
        assert str(refused.value) == (
            "Another restore into this database is running. Wait until it has ended."
        )
        assert holding.is_held()
        run("restore", "--identity", keys.identity)


def test_backup_after_which_another_began_at_once_is_a_good_one(call, folder, monkeypatch):
    def prune(*_, **__):
        raise AlreadyRunning("Another backup is running.")

    monkeypatch.setattr(BackupFolder, "prune", prune)
    assert "Deleted: 0 old." in run("backup")
    assert reports.of(Kind.BACKUP).is_good
