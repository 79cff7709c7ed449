import importlib.util
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from devserver import setting_up
from devserver.setting_up import CannotSetUp, install


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone whose requirements are empty files: pip has nothing to fetch."""
    for name in (*setting_up.REQUIREMENTS, setting_up.INSTALLER):
        (tmp_path / name).write_text("# nothing\n")
    venv = tmp_path / ".venv"
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(setting_up, "ROOT", tmp_path)
    monkeypatch.setattr(setting_up, "VENV", venv)
    monkeypatch.setattr(setting_up, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(setting_up, "STAMP", venv / "installed.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def pip_is_lent(clone, monkeypatch):
    """A new venv uses the pip of these tests. To give it one takes seconds.

    `.ci/run` begins in a fresh clone, which gets a venv with a pip of its own.
    """
    run = subprocess.run
    ours = Path(importlib.util.find_spec("pip").origin).parents[1]

    def lend(command, **how):
        if "venv" not in command:
            return run(command, **how)
        made = run([*command, "--without-pip"], **how)
        [packages] = clone.glob(".venv/lib/python*/site-packages")
        (packages / "lent.pth").write_text(f"{ours}\n")
        return made

    monkeypatch.setattr(subprocess, "run", lend)


@pytest.mark.usefixtures("pip_is_lent")
def test_venv_is_made_once_and_follows_the_requirements(clone, capfd, monkeypatch):
    install("requirements-local.txt")
    assert set(setting_up.installed()) == {"requirements.txt", "requirements-local.txt"}
    capfd.readouterr()

    install("requirements-local.txt")
    install("requirements.txt")
    assert capfd.readouterr().out == ""

    run = subprocess.run
    with monkeypatch.context() as without_pip:  # which has nothing to fetch
        without_pip.setattr(
            subprocess,
            "run",
            lambda command, **how: run(["true"] if "pip" in command else command, **how),
        )
        install("requirements-test.txt")
        (clone / "requirements.txt").write_text("# something else\n")
        install("requirements-local.txt")
    assert capfd.readouterr().out.splitlines() == [
        "Installing requirements-test.txt into .venv; the first time takes a minute.",
        "Installing requirements-local.txt into .venv; the first time takes a minute.",
    ]

    # A venv knows its own path: one that was moved is filled anew.
    stamp = json.loads(setting_up.STAMP.read_text())
    setting_up.STAMP.write_text(json.dumps(stamp | {"at": "/elsewhere"}))
    assert setting_up.installed() == {}

    (clone / "requirements.txt").write_text("Django==5.2\n")
    with pytest.raises(CannotSetUp, match=r"^pip could not install requirements\.txt"):
        install("requirements.txt")
    assert "--require-hashes" in capfd.readouterr().err
    assert not setting_up.STAMP.exists()


def test_venv_whose_python_is_gone_is_not_usable(clone):
    (clone / ".venv" / "bin").mkdir(parents=True)
    setting_up.PYTHON.symlink_to("/nonexistent/python3")
    assert setting_up.venv_is_usable() is False


@pytest.mark.usefixtures("clone")
def test_disk_without_room_is_told_before_a_venv_is_made(monkeypatch):
    usage = SimpleNamespace(free=900_000_000)
    monkeypatch.setattr(setting_up.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(CannotSetUp) as refused:
        install("requirements-local.txt")
    assert str(refused.value) == (
        f"{setting_up.ROOT} has 900 MB free, and .venv needs 1,000 MB. "
        "Make room, or put the portal on another disk."
    )
    assert not setting_up.VENV.exists()


@pytest.mark.parametrize(("argument", "ends"), [("--help", 0), ("-h", 0), ("8001", 2)])
def test_server_asked_for_help_says_how_to_use_it_and_starts_nothing(argument, ends, capsys):
    with pytest.raises(SystemExit) as ended:
        setting_up.main(["server", argument])
    out, err = capsys.readouterr()
    assert ended.value.code == ends
    assert "It takes no arguments" in (err if ends else out)
