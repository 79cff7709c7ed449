"""What the command for backups cannot do it says in one line, and leaves all as it was."""

import errno
import fcntl
import io
import os
import shutil
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from django.core.management import CommandError, call_command

from backups import programs, reports
from backups.errors import AlreadyRunning
from backups.folder import DATABASE, ERASURES, FILES, MANIFEST, SUMS, BackupFolder
from backups.reports import Kind
from core import clock, clock_check, schema
from tests.backups.conftest import cut, full_disk, make_with_file, run

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_backup_by_the_serving_role_says_whose_address_is_missing(folder, serving_role, settings):
    settings.MIGRATION_DATABASE = None
    with pytest.raises(CommandError, match="set MIGRATION_DATABASE_URL to the address of"):
        run("backup")


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


def test_backup_after_which_another_began_at_once_is_a_good_one(call, folder, monkeypatch):
    def prune(*_, **__):
        raise AlreadyRunning("Another backup is running.")

    monkeypatch.setattr(BackupFolder, "prune", prune)
    assert "Deleted: 0 old." in run("backup")
    assert reports.of(Kind.BACKUP).is_good
