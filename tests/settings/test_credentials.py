"""Secrets that come as files: systemd's credentials, and secrets of Docker and Kubernetes."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection

from core import heartbeats
from evidence_portal import credentials, health
from evidence_portal.environment import read_text
from tests.settings.environments import PRODUCTION, ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("BROKER_URL", raising=False)
    return tmp_path


def test_setting_comes_from_the_file_of_its_name(folder):
    (folder / "BROKER_URL").write_text("redis://cache.example.org:6379/0\n")
    assert credentials.given("BROKER_URL") == "redis://cache.example.org:6379/0"


def test_variable_that_is_set_counts_before_the_file(folder, monkeypatch):
    (folder / "BROKER_URL").write_text("redis://cache.example.org:6379/0\n")
    monkeypatch.setenv("BROKER_URL", "redis://127.0.0.1:6379/1")
    assert credentials.given("BROKER_URL") == "redis://127.0.0.1:6379/1"
    monkeypatch.setenv("BROKER_URL", "  ")
    assert credentials.given("BROKER_URL") == "redis://cache.example.org:6379/0"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_file_that_is_missing_or_empty_is_a_setting_that_is_unset(folder, content):
    if content is not None:
        (folder / "BROKER_URL").write_text(content)
    with pytest.raises(ImproperlyConfigured, match=r"^BROKER_URL is not set. Write one.$"):
        read_text("BROKER_URL", remedy="Write one.")


def test_file_that_cannot_be_read_is_named_without_what_it_holds(folder):
    (folder / "BROKER_URL").mkdir()
    with pytest.raises(ImproperlyConfigured) as refused:
        read_text("BROKER_URL")
    assert str(refused.value) == (
        "BROKER_URL: its file in CREDENTIALS_DIRECTORY cannot be read (Is a directory). "
        "It must be a text file that the portal's account may read."
    )
    (folder / "BROKER_URL").rmdir()
    (folder / "BROKER_URL").write_bytes(b"redis://\xff")
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read \(it is not text\)"):
        read_text("BROKER_URL")


def test_folder_that_is_not_there_is_refused(folder, monkeypatch):
    (folder / "file").touch()
    for path in (folder / "none", folder / "file"):
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path))
        with pytest.raises(ImproperlyConfigured) as refused:
            read_text("MONITORING_TOKEN", default="")
        assert str(refused.value) == (
            "CREDENTIALS_DIRECTORY names no folder that is there: write the one with the files of "
            "secrets, or unset it."
        )


def test_portal_needs_no_secret_in_its_environment(tmp_path):
    for name, value in PRODUCTION.items():
        (tmp_path / name).write_text(f"{value}\n")
    secret = f"hook:{'x' * 20}"
    more = {"ANYMAIL_PROVIDER": "mailgun", "ANYMAIL_WEBHOOK_SECRET": secret}
    for name, value in (more | {"ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY": "key"}).items():
        (tmp_path / name).write_text(value)
    read = "from django.conf import settings as s; print(s.SECRET_KEY, s.ANYMAIL, s.PORTAL_ENV)"
    done = subprocess.run(
        [sys.executable, "-c", read],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
            "CREDENTIALS_DIRECTORY": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    anymail = {"WEBHOOK_SECRET": secret, "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    assert done.stdout == f"{PRODUCTION['SECRET_KEY']} {anymail} production\n", done.stderr


def test_health_check_finds_the_broker_in_its_file(tmp_path):
    with Connection(os.environ["BROKER_URL"]) as connection:
        heartbeats.beat_starts(connection.default_channel.client)  # another test may have left one
    (tmp_path / "BROKER_URL").write_text(os.environ["BROKER_URL"])
    checked = subprocess.run(
        [sys.executable, "-m", "evidence_portal.health", "beat"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CREDENTIALS_DIRECTORY": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    # The broker was asked: no beat runs on the tests' own.
    assert (checked.returncode, checked.stderr) == (1, "beat: no sign of life\n")


def test_health_check_says_what_does_not_answer_and_where():
    checked = subprocess.run(
        [sys.executable, "-m", "evidence_portal.health", "parts"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORT": "9", "PORTAL_URL": "https://evidence.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (
        1,
        "parts: the web server at 127.0.0.1:9 does not answer (ConnectionRefusedError)\n",
    )


def test_health_check_knows_the_broker_by_both_names_of_its_protocol(monkeypatch, capsys):
    for url in ("redis://127.0.0.1:9/0", "valkey://127.0.0.1:9/0"):
        monkeypatch.setenv("BROKER_URL", url)
        assert health.main(["beat"]) == 1
        assert capsys.readouterr().err == (
            "beat: the broker (BROKER_URL) does not answer (OperationalError)\n"
        )
