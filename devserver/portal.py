"""The portal's processes on one machine: their commands and environment, starting, stopping."""

import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import quote, urlsplit

from devserver import running_portal
from devserver.children import start, wait_until
from devserver.errors import INVALID_SETTING_EXIT, CannotStart, InvalidSetting
from devserver.folders import FileLock, RunFolder, ensure_data_folder
from devserver.local_process import LocalProcess
from devserver.postgres import Postgres
from devserver.rehearsal import ClockFile, RehearsalClock
from devserver.server_settings import ROOT, ServerSettings
from devserver.supervised_process import Program, SupervisedProcess, last_line
from devserver.valkey import Valkey

DATABASE = "evidence_portal"
SERVING_ROLE = "evidence_portal"
MB = 1024 * 1024
NEEDS_MB = 200  # an empty database has 60, and its log as much
RESERVE_MB = 1_024  # DISK_RESERVE_MB where it is not set
READY_WITHIN = 120.0  # seconds
PREPARED_WITHIN = 600.0  # seconds; a large database takes long to migrate
LONGEST_LOG = 10_000_000  # bytes; a longer log is renamed to *.old at the next start
# What /readyz/ says of a worker or beat that did not report yet.
NOT_YET = ("no sign of life", "not known")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no two that look alike


class Portal:
    """Everything that script/server runs, on one data folder."""

    def __init__(self, settings: ServerSettings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._data = settings.data
        self._logs = settings.data / "logs"
        self._say = say
        self._lock = FileLock(running_portal.lock_in(settings.data))
        self._clock_file = ClockFile(settings.data / "rehearsal-clock")
        self._owns_data = False
        self._run: RunFolder | None = None
        self._listener: socket.socket | None = None
        self._engines: list[SupervisedProcess] = []
        self._programs: list[SupervisedProcess] = []
        self.clock: RehearsalClock | None = None
        self.password: str | None = None

    def start(self) -> None:
        """Start the engines, prepare the database, start the programs; raises CannotStart."""
        ensure_data_folder(self._data)
        self._lock.take(self._settings.portal_url)
        self._owns_data = True
        note = self._data / "run-folder"
        self._listener = _listen(self._settings.port, patience=10 if note.exists() else 0)
        self._logs.mkdir(mode=0o700, exist_ok=True)
        for log in self._logs.glob("*.log"):
            if log.stat().st_size > LONGEST_LOG:
                log.replace(log.with_suffix(".old"))
        self._check_room()
        self._run = RunFolder(note)
        environment = self._own_environment()
        run, settings = self._run, self._settings
        if settings.database_url is None and not (self._data / "postgres").exists():
            self._say("This is the first start: it makes the database, which takes half a minute.")
        environment |= self._databases(run)
        environment["BROKER_URL"] = settings.broker_url or self._start_valkey(run)
        self._say("Preparing the database, the calls and the static files.")
        self._prepare(environment)
        self._say("Starting the web server, the worker and beat.")
        running_portal.publish(self._data, environment)
        self._start_programs(os.environ | environment, self._listener.fileno())

    def wait_until_ready(self) -> None:
        """Wait until /readyz/ answers 200 and knows every part.

        Raises CannotStart with what it says instead.
        """
        end = time.monotonic() + READY_WITHIN
        while True:
            status, words = self._ask_if_ready()
            # The worker and beat are up a little later; without them no mail goes out.
            if status == 200 and not any(sign in words for sign in NOT_YET):
                return
            if time.monotonic() > end:
                raise CannotStart(
                    f"Not every part answered within {READY_WITHIN:.0f} seconds: {words} "
                    f"Their logs are in {self._logs}"
                )
            self.restart_what_ended()
            time.sleep(0.25)

    def restart_what_ended(self) -> None:
        """Start again what has ended, save the rehearsal's time; raises CannotStart to give up."""
        for supervised in (*self._engines, *self._programs):
            supervised.restart_if_ended()
        self._save_time()

    def _check_room(self) -> None:
        """Raise CannotStart where PostgreSQL could not write, or no upload would find room."""
        free = shutil.disk_usage(self._data).free // MB
        if free < NEEDS_MB:
            raise CannotStart(
                f"{self._data} has {free:,} MB free, and the portal needs {NEEDS_MB} MB to start. "
                "Make room, or set PORTAL_DATA to a folder on another disk."
            )
        given = os.environ.get("DISK_RESERVE_MB", "").strip()
        # Another value is refused by the settings, in words.
        reserve = int(given) if given.isdecimal() else RESERVE_MB
        if free <= reserve and not os.environ.get("PORTAL_MEDIA"):
            raise CannotStart(
                f"{self._data} has {free:,} MB free, and the portal takes no uploads below "
                f"{reserve:,}. Make room, set PORTAL_DATA to a folder on another disk, or set "
                "DISK_RESERVE_MB to less."
            )

    def stop(self) -> None:
        """Stop the programs, then the engines that they use."""
        if not self._owns_data:
            return
        running_portal.withdraw(self._data)
        for group in (self._programs, self._engines):
            for supervised in group:
                supervised.process.ask_to_stop()
            for supervised in group:
                supervised.process.stop()
        if self.clock is not None:
            self._clock_file.save_end(self.clock, wall_now=datetime.now(UTC))
        if self._listener is not None:
            self._listener.close()
        if self._run is not None:
            self._run.remove()
        self._lock.release()

    def _own_environment(self) -> dict[str, str]:
        """Return the environment of the portal's processes, bar the addresses of the engines."""
        settings = self._settings
        environment = {
            "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
            "PORTAL_ENV": "local",
            "PORTAL_DATA": str(self._data),
            "PORTAL_URL": settings.portal_url,
            "PORTAL_MEDIA": os.environ.get("PORTAL_MEDIA") or str(self._data / "media"),
            "PORTAL_STATIC": os.environ.get("PORTAL_STATIC") or str(self._data / "static"),
            "SECRET_KEY": os.environ.get("SECRET_KEY")
            or _read_or_make(self._data / "secret-key", lambda: secrets.token_urlsafe(50)),
            "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS")
            or f"127.0.0.1 localhost {_host_of(settings.portal_url)}",
            "EMAIL_URL": settings.email_url or f"file://{quote(str(self._data / 'mail'))}",
        }
        if settings.rehearse_from is False:
            return environment | {"REHEARSE_FROM": "off"}
        self.clock = self._clock_file.begin(settings.rehearse_from, wall_now=datetime.now(UTC))
        self.password = settings.demo_password or _read_or_make(
            self._data / "demo-password", _speakable_password
        )
        return environment | self.clock.environment()

    def _save_time(self) -> None:
        if self.clock is not None:
            self._clock_file.save_if_due(self.clock, wall_now=datetime.now(UTC))

    def _databases(self, run: RunFolder) -> dict[str, str]:
        """Return how to reach the database in its two roles, and start one if none is given."""
        given, owner = self._settings.database_url, self._settings.migration_database_url
        if given is None:
            engine = Postgres(self._data / "postgres", run, log=self._logs / "postgres.log")
            self._supervise("PostgreSQL", engine, self._engines)
            engine.make_database(DATABASE)
            given, owner = engine.url(DATABASE, role=SERVING_ROLE), engine.url(DATABASE)
        return {"DATABASE_URL": given} | _if_any("MIGRATION_DATABASE_URL", owner)

    def _start_valkey(self, run: RunFolder) -> str:
        engine = Valkey(self._data / "valkey", run, log=self._logs / "valkey.log")
        self._supervise("Valkey", engine, self._engines)
        return engine.url()

    def _prepare(self, environment: dict[str, str]) -> None:
        """Run preparing.py; raises CannotStart with the last line that it said."""
        log = self._logs / "preparing.log"
        with log.open("wb") as output:
            child = start(
                [sys.executable, "-m", "devserver.preparing"],
                death_signal=signal.SIGTERM,
                # Only the process that makes the sign-ins gets their password.
                env=os.environ | environment | _if_any("PORTAL_DEMO_PASSWORD", self.password),
                cwd=ROOT,
                log=output,
            )

        def ended() -> bool:
            self._save_time()
            return child.exit_code() is not None

        try:
            in_time = wait_until(ended, seconds=PREPARED_WITHIN, pause=0.05)
        finally:
            child.kill()
        if not in_time or child.exit_code() != 0:
            reason = last_line(log) if in_time else "it took too long."
            if child.exit_code() == INVALID_SETTING_EXIT:
                raise InvalidSetting(reason)
            raise CannotStart(f"The portal could not be prepared: {reason} (log: {log})")
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith("The database is of PostgreSQL "):  # core.schema.other_postgres
                self._say(line)

    def _start_programs(self, environment: dict[str, str], listener: int) -> None:
        environment = environment | {"PYTHONUNBUFFERED": "1"}
        for name in ("PORTAL_DEMO_PASSWORD", "MIGRATION_DATABASE_URL"):
            environment.pop(name, None)
        celery = [sys.executable, "-m", "celery", "-A", "evidence_portal"]
        commands = {
            # gunicorn.conf.py has the rest, here as in production.
            "web": [sys.executable, "-m", "evidence_portal.web", "--bind", f"fd://{listener}"],
            "worker": [
                *(*celery, "worker", "--concurrency", "3", "--loglevel", "INFO"),
                *("--without-gossip", "--without-mingle"),
            ],
            "beat": [
                *(*celery, "beat", "--loglevel", "INFO", "--pidfile", ""),
                *("--schedule", str(self._data / "beat-schedule")),
            ],
        }
        for name, command in commands.items():
            program = Program(
                command,
                env=environment,
                cwd=ROOT,
                log=self._logs / f"{name}.log",
                patience=15,
                # If we are killed, the engines end too. SIGQUIT stops gunicorn at once; Celery
                # would wait for its broker for ever, whatever other signal it gets.
                death_signal=signal.SIGQUIT if name == "web" else signal.SIGKILL,
                keep_open=[listener] if name == "web" else [],
                # Pages come before mails: in the last minute of a call a receipt can wait.
                gives_way=name == "worker",
            )
            self._supervise(name, program, self._programs)

    def _supervise(self, name: str, process: LocalProcess, group: list[SupervisedProcess]) -> None:
        supervised = SupervisedProcess(name, process, self._say)
        group.append(supervised)
        supervised.start()

    def _ask_if_ready(self) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self._settings.port, timeout=10)
        try:
            connection.request(
                "GET", "/readyz/", headers={"Host": urlsplit(self._settings.portal_url).netloc}
            )
            response = connection.getresponse()
            return response.status, " ".join(response.read(2000).decode(errors="replace").split())
        except (OSError, HTTPException) as error:
            return 0, f"web: {error}."
        finally:
            connection.close()


def _listen(port: int, *, patience: float) -> socket.socket:
    """Return the web server's socket. The kernel queues requests until gunicorn accepts them.

    The web server of a run that was killed gets `patience` seconds to release the port.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    failures: list[OSError] = []

    def bound() -> bool:
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(2048)
        except OSError as error:
            failures.append(error)
            return False
        return True

    if not wait_until(bound, seconds=patience, pause=0.2):
        listener.close()
        raise CannotStart(
            f"PORT {port} on 127.0.0.1 cannot be opened ({failures[-1].strerror}). "
            f"Choose another one: PORT={port + 1 if 1024 <= port < 65535 else 8001} script/server"
        )
    return listener


def _host_of(url: str) -> str:
    """Return the host as a request names it: an address of IPv6 stays in its brackets."""
    parts = urlsplit(url)
    return parts.netloc.removesuffix(f":{parts.port}")


def _read_or_make(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in the file. Make and write it, for its owner only, if there is none."""
    if path.exists() and path.read_text().strip():
        return path.read_text().strip()
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        secret = make()
        file.write(f"{secret}\n")
    return secret


def _speakable_password() -> str:
    """Fifteen letters and digits in threes: 74 bits, easy to type on a telephone."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(3))


def _if_any(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}
