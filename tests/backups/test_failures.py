"""What a restore cannot do it says in one line, and leaves all as it was."""

import errno
import os
import secrets
import shutil
import signal
import subprocess
from contextlib import contextmanager

import pyrage
import pytest
from django.contrib.postgres import signals
from django.core.management import CommandError
from django.db import OperationalError, connection

from backups import restoring
from backups.contents import fingerprint_of
from backups.folder import DATABASE, ERASURES, MANIFEST, SUMS, digest_of
from backups.restoring import Restored, Restoring
from core import clock
from core.outages import StoreAway
from personal_data import reapplying
from submissions.outbox import holding
from submissions.responses.models import Attachment
from submissions.responses.models.attachments import private_storage
from tests.backups.conftest import cut, full_disk, make_keys, make_with_file, run

pytestmark = pytest.mark.django_db(transaction=True)


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


def put_other(path, keys):
    """Another file under its name, encrypted as it should be."""
    key = pyrage.x25519.Recipient.from_str(keys.public)
    path.write_bytes(pyrage.encrypt(b"Other minutes.\n", [key]))


@contextmanager
def serving_role_to_be_made(settings):
    """Let DATABASE_URL name a role that nobody has made, as on a new server, in a new process."""
    owner, role = connection.settings_dict["USER"], f"portal_{secrets.token_hex(4)}"
    settings.MIGRATION_DATABASE = {"USER": owner}
    connection.settings_dict["USER"] = role
    # What a process has learnt of the types of a connection it does not ask again.
    signals.get_hstore_oids.cache_clear()
    signals.get_citext_oids.cache_clear()
    try:
        yield role
    finally:
        connection.close()
        connection.settings_dict["USER"] = owner
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is not None:
                cursor.execute(f"DROP OWNED BY {role}")
                cursor.execute(f"DROP ROLE {role}")


def assert_empty(place):
    with connection.cursor() as cursor:
        assert "submissions_submission" not in connection.introspection.table_names(cursor)
    assert [path for path in place.rglob("*") if path.is_file()] == []
    assert not holding.is_held()


def kill_and_wait(process):
    """What may happen anyway: the program is gone before anything else is done."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_damaged_backup_is_refused_and_leaves_both_places_empty(
    call, folder, keys, elsewhere, tmp_path, monkeypatch
):
    monkeypatch.setattr(subprocess.Popen, "kill", kill_and_wait)
    make_with_file(call, b"Minutes." * 2_000)
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
        with full_disk():
            refuse("The store of files takes no more")
        # Nothing of all that stands in the way of the whole one.
        assert "0 problems" in run("restore", "--identity", keys.identity)
        with pytest.raises(CommandError, match="The database is not empty"):
            run("restore", "--identity", keys.identity)


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


def test_outage_once_the_database_is_restored_is_told_with_the_way_out(
    call, folder, keys, settings, monkeypatch
):
    (folder.path / "2026-01-01T023000Z").mkdir(parents=True)
    manifest = {"secret_key": fingerprint_of(settings.SECRET_KEY), "lost": []}
    monkeypatch.setattr(Restoring, "restore", lambda *_, **__: Restored("of then", manifest))
    for raised, said in (
        (StoreAway("no answer", "the bucket evidence"), "the bucket evidence: no answer"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk: No space left on device"),
        (
            OperationalError("server closed the connection unexpectedly"),
            "The database does not serve: server closed the connection unexpectedly. Look at "
            "PostgreSQL and DATABASE_URL",
        ),
    ):

        def away(*_, raised=raised, **__):
            raise raised

        monkeypatch.setattr(reapplying, "reapply", away)
        with pytest.raises(CommandError) as told:
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


def test_new_key_opens_all_of_the_next_backup_on_a_server_without_the_serving_role(
    call, folder, settings, elsewhere, tmp_path
):
    make_with_file(call)
    run("backup")
    [first] = folder.names()
    (folder.path / first).rename(folder.path / "2026-01-01T023000Z")
    new = make_keys(tmp_path, "new")
    settings.BACKUP_RECIPIENTS = [new.public]
    assert "1 file, 1 of them new. Deleted: 1 old." in run("backup", "--keep-weekly", "0")
    assert len(list(folder.path.glob("files/*/*.age"))) == 1
    assert run("backup", "--check").endswith(" whole.\n")
    with elsewhere(), serving_role_to_be_made(settings) as role:
        assert "0 problems" in run("restore", "--identity", new.identity)
        connection.ensure_connection()
        assert connection.connection.info.user == role


def test_second_restore_into_a_database_waits_for_nothing_and_lets_no_mail_out(
    call, folder, keys, elsewhere
):
    run("backup")
    run("backup", "--erasures")
    cut(folder.path / ERASURES)
    with elsewhere():
        holding.hold(wall_now=clock.wall_now())
        with restoring.one_at_a_time(), pytest.raises(CommandError) as refused:
            run("restore", "--identity", keys.identity)
        assert str(refused.value) == (
            "Another restore into this database is running. Wait until it has ended."
        )
        assert holding.is_held()
        # Alone it restores; a list of erasures that cannot be read is no success.
        with pytest.raises(CommandError, match="1 list of erasures unread"):
            run("restore", "--identity", keys.identity)
        assert holding.is_held()
