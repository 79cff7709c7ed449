"""python -m bench.mail: confirmations a second, against the floor of one open SMTP connection.

Starts a PostgreSQL (durable, as in production) and a broker of its own, and a mail server in a
process of its own that takes everything, makes fake responses, and sends their confirmations both
ways by turns: the whole way of one of the worker's processes (claim, render, send, mark), and the
same finished messages over one open smtplib connection. Prints both rates and their ratio; the
aim is 0.25 or more. The portal needs PostgreSQL beside it and the floor does not: on a machine
that has anything else to do the ratio falls.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller

from devserver.folders import RunFolder
from devserver.postgres import Postgres
from devserver.valkey import Valkey

ROOT = Path(__file__).parent.parent
DATABASE = "bench"


class TakesEverything:
    """aiosmtpd's handler for a server that forgets what it took."""

    async def handle_DATA(self, *_told: object) -> str:  # noqa: N802 - aiosmtpd's name
        return "250 OK"


@contextmanager
def postgres() -> Iterator[str]:
    """Yields the address of an empty database."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        path, run = Path(folder), RunFolder()
        # The server may run as another account, which has to pass through.
        path.chmod(0o711)
        server = Postgres(path / "postgres", run, log=path / "postgres.log")
        try:
            server.start()
            server.make_database(DATABASE)
            yield server.url(DATABASE)
        finally:
            server.stop()
            run.remove()


@contextmanager
def broker() -> Iterator[str]:
    """Yields the address of an empty broker."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        path, run = Path(folder), RunFolder()
        path.chmod(0o711)
        server = Valkey(path / "valkey", run, log=path / "valkey.log")
        try:
            server.start()
            yield server.url()
        finally:
            server.stop()
            run.remove()


@contextmanager
def mail_server() -> Iterator[int]:
    """Yields the port of a mail server in a process of its own."""
    command = [sys.executable, "-m", "bench.mail", "--be-the-mail-server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield int(process.stdout.readline())
        process.stdin.close()


def be_the_mail_server() -> None:
    """Say the port, and serve until the standard input ends."""
    controller = _OnAnyPort(TakesEverything(), hostname="127.0.0.1", port=0, ready_timeout=10)
    controller.start()
    print(controller.port, flush=True)
    sys.stdin.read()
    controller.stop()


class _OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="mails a turn; default 1000")
    parser.add_argument("--turns", type=int, default=3, help="default 3")
    parser.add_argument("--be-the-mail-server", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.be_the_mail_server:
        be_the_mail_server()
        return 0
    with (
        postgres() as database,
        broker() as broker_url,
        mail_server() as port,
        tempfile.TemporaryDirectory() as media,
    ):
        environment = os.environ | {
            "PORTAL_ENV": "local",
            "SECRET_KEY": "of-the-benchmark-only",
            "PORTAL_URL": "http://127.0.0.1:8000",
            "DATABASE_URL": database,
            "BROKER_URL": broker_url,
            # Counted as in production, and never reached.
            "MAIL_IN_ALL_PER_HOUR": "1000000",
            "MAIL_IN_ALL_PER_DAY": "1000000",
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "PORTAL_MEDIA": media,
            "REHEARSE_FROM": "off",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
        }
        numbers = [str(chosen.count), str(chosen.turns)]
        return subprocess.run(
            [sys.executable, "-m", "bench.mail_by_turns", *numbers],
            env=environment,
            cwd=ROOT,
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
