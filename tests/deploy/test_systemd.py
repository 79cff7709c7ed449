"""The units for systemd: what they promise, and what systemd's own tools say of them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.declared import ROOT, compose, default_command
from tests.containers.test_files import FILLED_IN, settings_that_are_read
from tests.programs import find_or_skip

SYSTEMD = ROOT / "deploy" / "systemd"
SHARED = SYSTEMD / "evidence-portal-.service.d" / "evidence-portal.conf"
PROGRAMS = "/opt/evidence-portal/.venv/bin/"
SERVICES = ("backup", "beat", "end-record", "migrate", "web", "worker")
LASTING = {"backup", "beat", "web", "worker"}
OF_THE_OWNER = "MIGRATION_DATABASE_URL"
# systemd-analyze counts from 0, no way out, to 10, everything is open.
MOST_EXPOSED = "2.0"


@pytest.fixture
def analyze(tmp_path):
    """Ask systemd-analyze about a copy of the units whose programs are this machine's."""
    tool = find_or_skip("systemd-analyze", package="systemd")
    units = tmp_path / "units"
    shutil.copytree(SYSTEMD, units)
    # A path without blanks, wherever the clone lies.
    programs = tmp_path / "bin"
    programs.symlink_to(Path(sys.executable).parent)
    for unit in units.glob("*.service"):
        unit.write_text(unit.read_text().replace(PROGRAMS, f"{programs}/"))

    def ask(*words):
        environment = {"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{units}:"}
        return subprocess.run(
            [tool, *words], env=environment, capture_output=True, text=True, check=False
        )

    ask.units = units
    return ask


def directives(*paths):
    """(name, value) of each line of the files, in order."""
    text = "\n".join(path.read_text() for path in paths)
    return re.findall(r"(?m)^([A-Za-z]+)=(.*)$", text)


def of_service(name):
    return directives(SYSTEMD / f"evidence-portal-{name}.service", SHARED)


def test_services_are_the_ones_that_these_tests_know():
    found = {path.stem.removeprefix("evidence-portal-") for path in SYSTEMD.glob("*.service")}
    assert found == set(SERVICES)


def test_systemd_finds_nothing_in_the_units(analyze):
    units = [str(path) for path in analyze.units.glob("evidence-portal*.*") if path.is_file()]
    units = [unit for unit in units if not unit.endswith(".conf")]
    verified = analyze("verify", "--man=no", *units)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_systemd_refuses_a_unit_with_a_fault(analyze):
    unit = analyze.units / "evidence-portal-web.service"
    unit.write_text(unit.read_text().replace("Type=notify", "Type=notfy"))
    said = analyze("verify", "--man=no", str(unit)).stderr
    assert re.search("Failed to parse .*notfy", said)  # in other words from systemd 258 on


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_hardly_exposed(analyze, name):
    unit = str(analyze.units / f"evidence-portal-{name}.service")
    threshold = MOST_EXPOSED.replace(".", "")
    rated = analyze("security", "--offline=true", f"--threshold={threshold}", "--no-pager", unit)
    assert rated.returncode == 0, rated.stdout


def test_service_without_what_all_share_is_exposed(analyze):
    shutil.rmtree(analyze.units / SHARED.parent.name)
    unit = str(analyze.units / "evidence-portal-web.service")
    rated = analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit)
    assert rated.returncode == 1


def test_account_is_made_as_systemd_reads_it(tmp_path):
    tool = find_or_skip("systemd-sysusers", package="systemd")
    (tmp_path / "etc").mkdir()
    file = SYSTEMD / "evidence-portal.sysusers.conf"
    made = subprocess.run(
        [tool, f"--root={tmp_path}", str(file)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    name, _, _, _, said, home, shell = (tmp_path / "etc" / "passwd").read_text().strip().split(":")
    assert (name, said) == ("evidence-portal", "Evidence portal")
    assert (home, shell) == ("/var/lib/evidence-portal", "/usr/sbin/nologin")
    assert ("User", name) in directives(SHARED)


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate", "backup"])
def test_service_runs_what_its_container_runs(name):
    (command,) = [value for word, value in of_service(name) if word == "ExecStart"]
    assert command.startswith(PROGRAMS)
    here = command.removeprefix(PROGRAMS).replace("--schedule=", "--schedule ").split()
    there = compose(**FILLED_IN)["services"][name].get("command") or default_command()
    differs = {
        "0.0.0.0:8000": "127.0.0.1:8000",
        "/tmp/beat-schedule": "/run/evidence-portal-beat/schedule",
    }
    there = [differs.get(word, word) for word in there]
    if name == "beat":  # where nothing follows, systemd has no word for nothing
        there[there.index("--pidfile") : there.index("--pidfile") + 2] = ["--pidfile="]
    assert here == there


def test_guide_compiles_the_packages_that_the_image_does():
    """Each start compiles what is not: neither account can write beside the code."""
    texts = [(ROOT / name).read_text() for name in ("Dockerfile", "docs/guides/operators.md")]
    compiled = [re.findall(r"-m compileall -q ([a-z_ ]*[a-z])", text) for text in texts]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert compiled == [[" ".join(sorted(packages - {"bench", "devserver", "tests"}))]] * 2


def test_web_server_listens_on_tcp_so_that_the_moment_of_arrival_is_known():
    (command,) = [value for word, value in of_service("web") if word == "ExecStart"]
    assert command.endswith(" --bind 127.0.0.1:8000")
    assert list(SYSTEMD.glob("*.socket")) == []


def test_services_write_nothing_but_the_uploads_and_backups():
    for name in SERVICES:
        said = dict(of_service(name))
        folders = [value for word, value in of_service(name) if word == "StateDirectory"]
        assert said["ProtectSystem"] == "strict"
        backups = ["evidence-portal/backups"] if name == "backup" else []
        assert folders == [*backups, "evidence-portal/uploads"]
        assert {"ReadWritePaths", "BindPaths", "DynamicUser"} & set(said) == set()
    assert ("Environment", "PORTAL_MEDIA=/var/lib/evidence-portal/uploads") in directives(SHARED)


def credentials_of(name):
    """Credential -> the file that it is loaded from, for a service."""
    loaded = [value.split(":", 1) for word, value in of_service(name) if word == "LoadCredential"]
    return dict(loaded)


def test_owners_password_is_for_what_migrates_backs_up_and_ends_records():
    with_it = {name for name in SERVICES if OF_THE_OWNER in credentials_of(name)}
    assert with_it == {"backup", "end-record", "migrate"}


def test_every_secret_is_a_credential_and_in_no_environment():
    secret = re.compile(r"SECRET|TOKEN|DSN|SIGNING_KEY|(?:DATABASE|BROKER|EMAIL)_URL")
    secrets = {name for name in settings_that_are_read() if secret.search(name)}
    secrets |= {"ANYMAIL_MAILERSEND_SIGNING_SECRET", "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY"}
    loaded = credentials_of("migrate")
    assert set(loaded) == secrets | {"ANYMAIL_WEBHOOK_SECRET"}
    assert all(file == f"/etc/evidence-portal/credentials/{name}" for name, file in loaded.items())
    files = [path for path in SYSTEMD.rglob("*") if path.is_file()]
    given = [value for word, value in directives(*files) if word == "Environment"]
    assert not secret.search(" ".join(given))


def test_secret_that_may_be_missing_keeps_no_service_from_starting():
    needed = {"SECRET_KEY", "DATABASE_URL", "BROKER_URL", "EMAIL_URL"}
    without = {value for word, value in directives(SHARED) if word == "SetCredential"}
    # systemd takes a line end for the value; the portal takes it for nothing.
    assert without == {rf"{name}:\n" for name in set(credentials_of("web")) - needed}


def test_each_service_has_limits_and_starts_again():
    for name in SERVICES:
        said = dict(of_service(name))
        assert re.fullmatch(r"\d+[MG]", said["MemoryMax"])
        assert int(said["TasksMax"]) > 0
        again = {"migrate": "on-failure"} | dict.fromkeys(LASTING, "always")
        assert said.get("Restart") == again.get(name)


@pytest.mark.parametrize("runs", [True, False])
def test_portal_starts_once_a_database_that_was_away_is_up_to_date(tmp_path, runs):
    """What needs `migrate` was given up when it failed: systemd does not start it by itself."""
    (command,) = [value for word, value in of_service("migrate") if word == "ExecStartPost"]
    words = shlex.split(command.removeprefix("+"))
    program = tmp_path / "systemctl"
    says = f'[ "$2" != is-active ] || exit {0 if runs else 3}'
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{says}\n')
    program.chmod(0o700)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert subprocess.run(words, env={"PATH": path}, check=False).returncode == 0
    first, *rest = (tmp_path / "asked").read_text().splitlines()
    assert first == "--quiet is-active evidence-portal.target"
    assert rest == (["--no-block start evidence-portal.target"] if runs else [])


def managed(tmp_path, *words, owner):
    """What evidence-portal-manage asks systemd for; `owner`: whether there is a file for it."""
    asked = tmp_path / "asked"
    program = tmp_path / "systemd-run"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {asked}\n')
    program.chmod(0o700)
    there = tmp_path / "MIGRATION_DATABASE_URL"
    if owner:
        there.touch()
    script = tmp_path / "manage"
    text = (SYSTEMD / "evidence-portal-manage").read_text()
    script.write_text(text.replace(f"/etc/evidence-portal/credentials/{there.name}", str(there)))
    subprocess.run(
        ["/bin/sh", script, *words], env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=True
    )
    said = asked.read_text().splitlines()
    at = said.index("/opt/evidence-portal/.venv/bin/python")
    assert said[at + 1 :] == ["manage.py", *words]
    return [word for word in said[:at] if word.startswith("--property")], there


@pytest.mark.parametrize("command", ["backup", "end_record", "migrate", "restore"])
def test_command_of_the_owner_gets_the_owners_address(tmp_path, command):
    properties, owner = managed(tmp_path, command, "--name", "two words", owner=True)
    assert properties == [
        "--property=StateDirectory=evidence-portal/backups",
        f"--property=LoadCredential={OF_THE_OWNER}:{owner}",
    ]


def test_any_other_command_gets_no_more_than_the_services(tmp_path):
    assert managed(tmp_path, "invite", "pat@example.org", owner=True)[0] == []
    assert managed(tmp_path, "help", "backup", owner=True)[0] == []


def test_command_runs_where_one_role_does_everything(tmp_path):
    properties, _ = managed(tmp_path, "backup", owner=False)
    assert properties == ["--property=StateDirectory=evidence-portal/backups"]
