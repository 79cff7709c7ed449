"""script/server from outside: what it prints, what it keeps, and that nothing outlives it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import psutil
import pytest
from django.db import connection

from devserver import portal, preparing, running_portal, server_settings
from devserver.children import wait_until
from devserver.errors import CannotStart
from devserver.portal import Portal
from tests.faults import migrated
from tests.faults.two_machines import Visitor

ROOT = Path(__file__).resolve().parent.parent.parent
# What the engines' plugin set for the tests themselves is not for the portal under test.
OURS = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PORTAL_", "REHEARSE_", "PYTEST_"))
    and name not in {"DATABASE_URL", "BROKER_URL", "EMAIL_URL", "SECRET_KEY", "ALLOWED_HOSTS"}
}


class Server:
    """A running script/server and what it has printed so far."""

    def __init__(self, data, port):
        self.data = data
        self.port = port
        own = {"PORTAL_DATA": str(data), "PORT": str(port), "WEB_CONCURRENCY": "1"}
        self.environment = OURS | own
        self.process = subprocess.Popen(
            [ROOT / "script" / "server"],
            cwd=data.parent,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines = []

    def read_until(self, start):
        """Every line up to the one that starts so; fails with what was said when it ends before."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(start):
                return self.lines[-1]
        raise AssertionError("\n".join(self.lines))

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def beat(self):
        """Its process, if it is started."""
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                if "beat" in one.cmdline():
                    return one
        return None

    def answer(self, path):
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.status, response.read().decode()

    def kept_for_ever(self):
        """Whether browsers keep each file of the first page; its name without its digest."""
        page = self.answer("/cookies/")[1]
        kept = {}
        for path in re.findall(r'"(/static/[^"]+)"', page):
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                name = re.sub(r"\.[0-9a-f]{12}", "", path.rpartition("/")[2])
                kept[name] = "immutable" in response.headers["Cache-Control"]
        return kept

    def manage(self, *arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def data(tmp_path):
    return tmp_path / "the portal's data"


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(data, port):
    server = Server(data, port)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


@pytest.mark.usefixtures("django_db_setup")
def test_server_from_its_first_start_to_its_last_stop(data, port):
    data.mkdir()
    # The database that it makes has the tables of this run's own, but no role to serve and no rows.
    migrated.make_data(data / "postgres", "template1")
    with serving(data, port) as server:
        url = f"http://127.0.0.1:{port}"
        assert server.read_until("ready: ") == f"ready: {url}"
        server.read_until("Ctrl-C stops everything.")
        password = (data / "demo-password").read_text().strip()
        assert server.lines[-5:-2] == [
            f"  admin     {password}  {url}/admin/  everything",
            f"  staff     {password}  {url}/admin/  project staff",
            f"  steering  {password}  {url}/steering/  steering group",
        ]
        assert server.answer("/healthz/") == (200, "ok\n")
        assert server.kept_for_ever() == {"portal.css": True, "portal.js": True}
        sign_in = {"username": "steering", "password": password}
        assert Visitor().post(port, "/steering/sign-in/", sign_in)[0] == 302

        refused = Server(data, port)
        said = refused.process.communicate(timeout=120)[0].splitlines()
        assert said[-1].startswith(f"{data} is in use by process {server.process.pid} ({url}).")
        assert refused.process.returncode == 1

        beat = server.beat()
        beat.kill()
        server.read_until("beat ended by signal SIGKILL. Starting it again in 0.5 s.")
        server.read_until("beat is started again.")

        family = server.family()
        assert len(family) > 10
        server.process.kill()
        assert psutil.wait_procs(family, timeout=60)[1] == []
        assert server.manage("migrate").stderr.startswith(f"No portal runs on {data}.")
        clock_was = (data / "rehearsal-clock").read_text()
        assert clock_was > "2019-07-23T10:00"

    # It follows one that was killed, and is stopped as soon as all its parts are started.
    with serving(data, port) as server:
        server.read_until("Starting the web server, the worker and beat.")
        assert wait_until(server.beat, seconds=60)
        published = json.loads(running_portal.file_in(data).read_text())
        assert published["REHEARSE_FROM"] == clock_was.strip()
        assert (data / "demo-password").read_text().strip() == password
        family = server.family()
        server.process.send_signal(signal.SIGINT)
        server.read_until("Stopping.")
        assert server.process.wait(timeout=120) == 0
        assert psutil.wait_procs(family, timeout=30)[1] == []
        assert (data / "rehearsal-clock").read_text() > clock_was
        assert not running_portal.file_in(data).exists()


def test_server_on_a_port_in_use_names_it(data):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = Server(data, port)
        said = server.process.communicate(timeout=120)[0].splitlines()
    assert said[1:] == [
        f"PORT {port} on 127.0.0.1 cannot be opened (Address already in use). "
        f"Choose another one: PORT={port + 1} script/server"
    ]
    assert server.process.returncode == 1


def run_server(folder, **variables):
    return subprocess.run(
        [ROOT / "script" / "server"],
        cwd=folder,
        env=OURS | {"PORTAL_DATA": "data"} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_server_with_data_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "data").write_text("a file")
    server = run_server(tmp_path)
    assert (server.returncode, server.stderr) == (
        1,
        f"{tmp_path}/data cannot be written to (File exists). "
        "Set PORTAL_DATA to a folder that you may write to.\n",
    )


def test_server_with_an_unusable_setting_names_it_and_starts_nothing(tmp_path):
    server = run_server(tmp_path, REHEARSE_FROM="tomorrow")
    assert (server.returncode, server.stdout) == (2, "")
    assert server.stderr.startswith("REHEARSE_FROM is 'tomorrow': write a date and time with")
    assert list(tmp_path.iterdir()) == []


def test_database_that_does_not_answer_is_named_without_its_password(
    monkeypatch, django_db_blocker, capsys
):
    monkeypatch.setattr(preparing.django, "setup", lambda: None)  # the tests' own was
    away = {"HOST": "127.0.0.1", "PORT": "9", "PASSWORD": "hush"}
    with django_db_blocker.unblock():
        connection.close()
        for name, value in away.items():
            monkeypatch.setitem(connection.settings_dict, name, value)
        assert preparing.main() == 1
        connection.close()
    said = capsys.readouterr().err
    assert said.startswith("DATABASE_URL: connection to")
    assert "hush" not in said


def test_portal_that_cannot_be_prepared_says_why(tmp_path, port, monkeypatch):
    fails = [sys.executable, "-c", "import sys; sys.exit('Of many lines\\nDATABASE_URL: no')"]
    start = portal.start
    monkeypatch.setattr(portal, "start", lambda _command, **how: start(fails, **how))
    given = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x", "BROKER_URL": "redis://x"}
    of_folder = {"PORTAL_DATA": str(tmp_path), "PORT": str(port)}
    said = []
    server = Portal(server_settings.read(of_folder | given), said.append)
    with pytest.raises(CannotStart) as refused:
        server.start()
    server.stop()
    assert str(refused.value).startswith("The portal could not be prepared: DATABASE_URL: no (log:")
    # With a database of its own it says nothing of a first start, which would make one.
    assert said == ["Preparing the database, the calls and the static files."]


def test_server_with_an_unusable_python_says_so(tmp_path):
    server = run_server(tmp_path, PYTHON="/bin/false")
    assert (server.returncode, server.stderr) == (
        2,
        "PYTHON is '/bin/false', which is not a Python 3.11 or newer. Unset it, or name another.\n",
    )


OLD = """#!/bin/sh
case "$2" in
    *exit*) exit 1 ;;
    *) echo "Python 3.9" ;;
esac
"""


@pytest.mark.parametrize(("python3", "found"), [(None, "none"), (OLD, "Python 3.9")])
@pytest.mark.parametrize("script", ["server", "test"])
def test_machine_without_a_python_that_will_do_is_told_how_to_get_one(
    tmp_path, python3, found, script
):
    for tool in ("dirname", "sh"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    if python3 is not None:
        (tmp_path / "python3").write_text(python3)
        (tmp_path / "python3").chmod(0o755)
    refused = subprocess.run(
        [ROOT / "script" / script],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"The portal needs Python 3.11 or newer, and found {found}. Install one beside it "
        "(on Debian and Ubuntu: apt install python3 python3-venv), or name the one that you have: "
        f"PYTHON=/path/to/python3 script/{script}\n"
    )


@pytest.mark.parametrize(
    ("free", "reserve", "said"),
    [
        (150, "", "has 150 MB free, and the portal needs 200 MB to start. Make room, or set"),
        (900, "", "has 900 MB free, and the portal takes no uploads below 1,024. Make room, set"),
        (900, "1000", "has 900 MB free, and the portal takes no uploads below 1,000. Make room"),
        (900, "300", ""),
        (900, "many", "has 900 MB free, and the portal takes no uploads below 1,024."),
        (2000, "", ""),
    ],
)
def test_disk_without_room_is_told_before_anything_starts(
    tmp_path, monkeypatch, free, reserve, said
):
    monkeypatch.setenv("DISK_RESERVE_MB", reserve)
    monkeypatch.delenv("PORTAL_MEDIA")
    usage = SimpleNamespace(free=free * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    server = Portal(server_settings.read({"PORTAL_DATA": str(tmp_path)}), print)
    if said:
        with pytest.raises(CannotStart, match=re.escape(f"{tmp_path} {said}")):
            server._check_room()
    else:
        server._check_room()
