"""pytest plugin: a PostgreSQL and a Valkey for the length of one run, unless addresses are given.

They start before Django reads its settings. With xdist the controller starts them and its
workers inherit their addresses. They end with the run, however it ends.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devserver.folders import FileLock, RunFolder, remove_leftover
from devserver.postgres import WITHOUT_FSYNC, Postgres
from devserver.valkey import Valkey
from tests import databases

DATABASE = "evidence_portal"
PREFIX = "portal-tests-"
NEEDS_MB = 1_000


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Prepare the environment; as a wrapper it comes before pytest-django reads the settings."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _remove_what_killed_runs_left()
        _refuse_without_room()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = FileLock(folder / "lock")
        lock.take("pytest")
        early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        early_config.add_cleanup(lock.release)
        _set_environment(folder)
        own_server = not os.environ.get("DATABASE_URL")
        _start_engines(folder, early_config)
        if own_server and getattr(early_config.known_args_namespace, "numprocesses", None):
            _begin_database(folder, early_config)
    else:
        _keep_apart(os.environ["PYTEST_XDIST_WORKER"])
    return (yield)


def _refuse_without_room() -> None:
    """End the run with one line where PostgreSQL and the tests' files would find no room."""
    where = Path(tempfile.gettempdir())
    free = shutil.disk_usage(where).free // 1_000_000
    if free < NEEDS_MB:
        raise pytest.UsageError(
            f"{where} has {free:,} MB free, and the tests need {NEEDS_MB:,} MB. "
            "Make room, or set TMPDIR to a folder on another disk."
        )


def _set_environment(folder: Path) -> None:
    for name in (
        *("REHEARSE_FROM", "REHEARSE_STARTED_AT", "PORTAL_DEMO_PASSWORD", "ALLOWED_HOSTS"),
        *("MIGRATION_DATABASE_URL", databases.FOLDER),
    ):
        os.environ.pop(name, None)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
        "PORTAL_ENV": "test",
        "SECRET_KEY": "of-the-tests-only",
        "PORTAL_URL": "http://testserver",
        # Every test is the same client; the tests of these limits set them.
        "MAIL_TO_ADDRESS_PER_HOUR": "0",
        "MAIL_TO_ADDRESS_PER_DAY": "0",
        "MAIL_OF_CLIENT_PER_HOUR": "0",
        "MAIL_IN_ALL_PER_HOUR": "0",
        "MAIL_IN_ALL_PER_DAY": "0",
        "DRAFTS_OF_CLIENT_PER_HOUR": "0",
        "DRAFTS_IN_ALL_PER_HOUR": "0",
        "DISK_RESERVE_MB": "1",
        # The discard port: mail that slips past Django's test backend is refused at once.
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "PORTAL_MEDIA": str(folder / "media"),
        "PORTAL_STATIC": str(folder / "static"),
    }
    (folder / "static").mkdir()


def _keep_apart(worker: str) -> None:
    """One xdist worker's queue and files are not another's; pytest-django sees to the database."""
    os.environ["PORTAL_MEDIA"] += f"-{worker}"
    if os.environ["BROKER_URL"].startswith("redis+socket:"):
        os.environ["BROKER_URL"] += f"?virtual_host={int(worker.removeprefix('gw')) + 1}"


def _start_engines(folder: Path, config: pytest.Config) -> None:
    run = RunFolder(folder / "run-folder")
    config.add_cleanup(run.remove)
    # Engines may run as another account, which has to pass through.
    folder.chmod(0o711)
    if not os.environ.get("DATABASE_URL"):
        postgres = Postgres(
            folder / "postgres", run, log=folder / "postgres.log", settings=WITHOUT_FSYNC
        )
        config.add_cleanup(postgres.stop)
        postgres.start()
        postgres.make_database(DATABASE)
        os.environ["DATABASE_URL"] = postgres.url(DATABASE)
    if not os.environ.get("BROKER_URL"):
        valkey = Valkey(folder / "valkey", run, log=folder / "valkey.log")
        config.add_cleanup(valkey.stop)
        valkey.start()
        os.environ["BROKER_URL"] = valkey.url()


def _begin_database(folder: Path, config: pytest.Config) -> None:
    """Have the database that the workers copy made meanwhile."""
    process = databases.begin(folder)

    def end() -> None:
        process.kill()
        process.wait()

    config.add_cleanup(end)


def _remove_what_killed_runs_left() -> None:
    """A run that was killed leaves its folder, but not its lock."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (left / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_leftover(left / "run-folder")
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue


@pytest.fixture
def own_run_folder() -> Iterator[RunFolder]:
    run = RunFolder()
    yield run
    run.remove()


@pytest.fixture
def own_valkey(own_run_folder: RunFolder, tmp_path: Path) -> Iterator[Valkey]:
    """A server that a test may stop, kill and start."""
    server = Valkey(tmp_path / "valkey", own_run_folder, log=tmp_path / "valkey.log")
    server.start()
    yield server
    server.stop()
