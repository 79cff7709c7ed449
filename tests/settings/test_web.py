"""The web server's own variables are checked before gunicorn reads them."""

import os
import re
import subprocess
import sys

import pytest

from evidence_portal import web
from tests.settings.environments import PRODUCTION, ROOT


@pytest.fixture
def started(monkeypatch):
    """`started(**variables)`: gunicorn's two variables as it would find them."""
    monkeypatch.setenv("WEB_CONCURRENCY", "")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")
    commands = []
    monkeypatch.setattr(os, "execv", lambda _program, words: commands.append(words))

    def start(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        web.main(["--bind", "127.0.0.1:8000"])
        assert commands == [[sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:8000"]]
        return os.environ["WEB_CONCURRENCY"], os.environ["FORWARDED_ALLOW_IPS"]

    return start


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ("2", "127.0.0.1,::1")),
        ({"WEB_CONCURRENCY": "", "FORWARDED_ALLOW_IPS": " "}, ("2", "127.0.0.1,::1")),
        ({"WEB_CONCURRENCY": " 3", "FORWARDED_ALLOW_IPS": "*"}, ("3", "*")),
        ({"FORWARDED_ALLOW_IPS": "10.0.0.7 10.1.0.0/16"}, ("2", "10.0.0.7,10.1.0.0/16")),
    ],
)
def test_gunicorn_finds_what_was_given_or_the_defaults(started, given, found):
    assert started(**given) == found


def test_variables_may_come_as_files(started, tmp_path):
    (tmp_path / "WEB_CONCURRENCY").write_text("4\n")
    assert started(CREDENTIALS_DIRECTORY=str(tmp_path)) == ("4", "127.0.0.1,::1")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"WEB_CONCURRENCY": "many"},
            "WEB_CONCURRENCY is 'many': write a whole number, such as 2.",
        ),
        (
            {"WEB_CONCURRENCY": "0"},
            "WEB_CONCURRENCY must be a number from 1 to 1000: write for instance 2.",
        ),
        *(
            (
                {"FORWARDED_ALLOW_IPS": f"127.0.0.1,{proxy}"},
                f"FORWARDED_ALLOW_IPS has {proxy!r}: write addresses or networks with commas "
                "between, such as 10.0.0.7,10.1.0.0/16, or *.",
            )
            for proxy in ("caddy", "10.0.0.7/8")
        ),
    ],
)
def test_what_gunicorn_cannot_use_is_refused_in_one_line(started, variables, said):
    with pytest.raises(SystemExit) as refused:
        started(**variables)
    assert refused.value.code == said


def test_process_refuses_what_gunicorn_cannot_use():
    ended = subprocess.run(
        [sys.executable, "-m", "evidence_portal.web", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | PRODUCTION | {"WEB_CONCURRENCY": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = "WEB_CONCURRENCY is 'many': write a whole number, such as 2.\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", said)


def test_web_server_without_the_styles_of_its_release_is_refused_in_one_line(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "evidence_portal.web", "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | PRODUCTION | {"PORTAL_STATIC": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (said,) = [line for line in ended.stderr.splitlines() if " INFO " not in line]
    assert ended.returncode == 1
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path))} lacks \S+\.(css|js) of this release\. Run: "
        rf"PORTAL_STATIC={re.escape(str(tmp_path))} python manage.py collectstatic --no-input",
        said,
    )


LOADS = """
import os, runpy, signal, sys, types
loaded = runpy.run_path("gunicorn.conf.py")
print(os.environ["PROMETHEUS_MULTIPROC_DIR"], "prometheus_client" in sys.modules)
print(loaded["logconfig_dict"]["formatters"]["generic"]["()"], flush=True)
if sys.argv[1] == "is killed":
    os.kill(os.getpid(), signal.SIGKILL)
server = types.SimpleNamespace()
loaded["when_ready"](server)
if sys.argv[1] == "gets SIGHUP":
    loaded = runpy.run_path("gunicorn.conf.py")
loaded["on_exit"](server)
"""


def test_folder_of_counts_goes_with_the_web_server_or_after_one_that_was_killed(tmp_path):
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)} | PRODUCTION

    def load(how):
        command = [sys.executable, "-c", LOADS, how]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    killed = load("is killed")
    (left,) = tmp_path.iterdir()
    # The path is known before the counters are made.
    assert killed.stdout == f"{left} False\ncore.redacting_logs.RedactingFormatter\n"
    for how in ("ends", "gets SIGHUP"):
        assert load(how).returncode == 0
        assert list(tmp_path.iterdir()) == []
