"""The containers' own commands, run as processes of this machine in a copy of the image's files."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest

from core.clock import portal_now
from devserver.children import wait_until
from devserver.folders import RunFolder
from devserver.postgres import WITHOUT_FSYNC, Postgres
from devserver.valkey import get_binary_path
from tests.another_database import connected_to
from tests.containers.declared import (
    compose,
    copy_build_context,
    default_command,
    runs_in_the_last_stage,
)
from tests.faults import migrated
from tests.makers import make_call, make_submitted

DATABASE = "evidence"
HOST = "evidence.example.org"
MONITORING_TOKEN = secrets.token_hex(24)
# As in a container: nothing of the tests' own environment but the way to the programs.
BARE = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
PARTS = ("web", "worker", "beat")
CALL = "open-now"
DAY = timedelta(days=1)


class KeepRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def ask(port, path, **headers):
    """(status, headers, text) of the answer to a request to this machine; redirects stay."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Host": HOST} | headers
    )
    try:
        answer = urllib.request.build_opener(KeepRedirects).open(request, timeout=20)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, answer.headers, answer.read().decode()


@dataclass
class Stack:
    """The services of docker-compose.yml, on ports and folders of this run's own."""

    folder: Path
    files: Path
    postgres: Postgres
    web_port: int = field(default_factory=free_port)
    broker_port: int = field(default_factory=free_port)
    running: dict = field(default_factory=dict)

    def __post_init__(self):
        self.services = compose(
            SECRET_KEY=secrets.token_urlsafe(50),
            PORTAL_URL=f"https://{HOST}",
            POSTGRES_PASSWORD="never-asked-for",
            POSTGRES_PORTAL_PASSWORD="neither-asked-for",
            EMAIL_URL=f"file://{self.folder / 'mail'}",
            MONITORING_TOKEN=MONITORING_TOKEN,
        )["services"]

    def environment(self, service, **more):
        """What the service is told, with this machine's addresses of the engines."""
        told = {name: str(value) for name, value in self.services[service]["environment"].items()}
        assert told["DATABASE_URL"].endswith("@postgres:5432/evidence")
        owner = {}
        if "MIGRATION_DATABASE_URL" in told:
            owner["MIGRATION_DATABASE_URL"] = self.postgres.url(DATABASE)
        assert told["BROKER_URL"] == "redis://redis:6379/0"
        return (
            BARE
            | {
                "PORTAL_STATIC": str(self.folder / "static"),
                "PORTAL_MEDIA": str(self.folder / "uploads"),
            }
            | told
            | {
                **owner,
                "DATABASE_URL": self.postgres.url(DATABASE, role="evidence_portal"),
                "BROKER_URL": f"redis://127.0.0.1:{self.broker_port}/0",
                "PORT": str(self.web_port),
            }
            | more
        )

    def on_this_machine(self, words):
        changes = {
            "0.0.0.0:8000": f"127.0.0.1:{self.web_port}",
            "/tmp/beat-schedule": str(self.folder / "beat-schedule"),
            "127.0.0.1/6379": f"127.0.0.1/{self.broker_port}",
        }
        for old, new in changes.items():
            words = [word.replace(old, new) for word in words]
        return words

    def start(self, name, command, **environment):
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self.running[name] = subprocess.Popen(
                self.on_this_machine(command),
                cwd=self.files,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_service(self, name, **more):
        command = self.services[name].get("command") or default_command()
        self.start(name, command, **self.environment(name, **more))

    def start_broker(self):
        own = ["--port", str(self.broker_port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command = self.services["redis"]["command"]
        assert command[0] == "valkey-server"
        self.start("redis", [str(get_binary_path()), *command[1:], *own], **BARE)

    def run(self, command, **environment):
        return subprocess.run(
            self.on_this_machine(command),
            cwd=self.files,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def check_health(self, name):
        """The exit code of the service's health check."""
        test = self.services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        environment = BARE if name == "redis" else self.environment(name)
        return self.run(test[1:], **environment).returncode

    def wait_for_health(self, name, seconds=60):
        assert wait_until(lambda: self.check_health(name) == 0, seconds=seconds, pause=0.5), (
            self.log(name)
        )

    def wait_for_web_server(self):
        """Without a process for each question, as its health check is."""

        def answers():
            try:
                return ask(self.web_port, "/healthz/")[0] == 200
            except OSError:
                return False

        assert wait_until(answers, seconds=60, pause=0.2), self.log("web")

    def wait_for_worker_and_beat(self):
        def told():
            return "\nworker: ok\nbeat: ok\n" in ask(self.web_port, "/readyz/")[2]

        assert wait_until(told, seconds=60, pause=0.5), ask(self.web_port, "/readyz/")

    def query(self, statement, *, database=DATABASE):
        connection = psycopg2.connect(self.postgres.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def stop(self, name):
        """End it as a container engine does, and return its exit code."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop_all(self):
        for name in reversed(list(self.running)):
            self.stop(name)


@pytest.fixture(scope="package")
def image_files(tmp_path_factory):
    """The image's /portal: what .dockerignore lets in, after the last stage's own commands."""
    folder = tmp_path_factory.mktemp("image")
    copy_build_context(folder / "portal")
    for path in (folder / "portal").rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)  # as where `umask` is 077
    environment = BARE | {
        "PORTAL_STATIC": str(folder / "static"),
        "PORTAL_MEDIA": str(folder / "uploads"),
    }
    in_portal = next(run for run in runs_in_the_last_stage() if "manage.py" in run)
    built = subprocess.run(
        ["sh", "-c", in_portal],
        cwd=folder / "portal",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="package")
def stack(image_files, django_db_setup):
    run = RunFolder()
    # PostgreSQL may run as another account, which has to pass through: pytest's folders are closed.
    with tempfile.TemporaryDirectory(prefix="portal-stack-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        command = compose_postgres_settings()
        postgres = Postgres(
            folder / "postgres", run, log=folder / "postgres.log", settings=WITHOUT_FSYNC | command
        )
        postgres.start()
        try:
            migrated.make_database(postgres, DATABASE)
            (folder / "static").symlink_to(image_files / "static")
            stack = Stack(folder, image_files / "portal", postgres)
            try:
                yield stack
            finally:
                stack.stop_all()
        finally:
            postgres.stop()
            run.remove()


@pytest.fixture(scope="package")
def deployed(stack):
    """The stack, with what it depends on started as the compose file orders it.

    In the end each part ends by itself as it is told to.
    """
    stack.start_broker()
    stack.wait_for_health("redis")
    for name in PARTS:
        assert stack.check_health(name) == 1, f"{name} looked healthy before it was started"
    ended = stack.run(stack.services["migrate"]["command"], **stack.environment("migrate"))
    assert ended.returncode == 0, ended.stderr
    # Its proxy, which other addresses of this machine are not.
    stack.start_service("web", FORWARDED_ALLOW_IPS="127.0.0.1", WEB_CONCURRENCY="1")
    stack.start_service("worker")
    stack.start_service("beat")
    stack.wait_for_web_server()
    yield stack
    stack.wait_for_worker_and_beat()
    codes = {name: stack.stop(name) for name in PARTS}
    logs = {name: stack.log(name) for name in PARTS}
    assert codes == dict.fromkeys(PARTS, 0), logs
    assert [name for name, log in logs.items() if "Traceback" in log] == [], logs


@pytest.fixture(scope="package")
def reference(deployed, django_db_blocker):
    """The reference of a response that was submitted; the call CALL takes responses now."""
    now = portal_now()
    with django_db_blocker.unblock(), connected_to(deployed.postgres.url(DATABASE)):
        make_call(slug=CALL, opens_at=now - DAY, closes_at=now + 9 * DAY)
        made = make_submitted().reference
    # It was submitted in 2019, so that its mail counts as late until the worker has sent it.
    states = "SELECT state FROM submissions_outboxemail"
    assert wait_until(lambda: deployed.query(states) == [("sent",)], seconds=40, pause=0.2), (
        deployed.log("worker")
    )
    return made


def compose_postgres_settings():
    """`postgres -c name=value ...` of the compose file, as a mapping."""
    names = (
        "SECRET_KEY",
        "PORTAL_URL",
        "POSTGRES_PASSWORD",
        "POSTGRES_PORTAL_PASSWORD",
        "EMAIL_URL",
    )
    blanks = dict.fromkeys(names, "x")
    command = compose(**blanks)["services"]["postgres"]["command"]
    assert command[0] == "postgres"
    assert command[1::2] == ["-c"] * len(command[2::2])
    return dict(pair.split("=", 1) for pair in command[2::2])


def manifest(folder):
    return json.loads((folder / "static" / "staticfiles.json").read_text())["paths"]
