"""What becomes of the tests that need a browser where there is none, and of the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
def test_one_with_a_browser(chromium_program): pass
def test_another_with_a_browser(chromium_program): pass
def test_without_one(): pass
"""
NOTE = [
    "test_pages.py::test_another_with_a_browser",
    "test_pages.py::test_one_with_a_browser",
    "Install one (on Debian, as root: apt install chromium chromium-headless-shell) or name the "
    "one that you have: CHROMIUM=/path/to/chromium script/test",
]
# Asking playwright takes seconds of a processor. It has none, and fetches none but in one run.
PLAYWRIGHT_HAS_NONE = """
from devserver import chromium
chromium._playwrights = lambda: None
"""
FETCHES_NONE = "chromium._quietly = lambda *_command: None"


@pytest.fixture
def run_tests(tmp_path):
    """Run three tests, of which two need a browser: `run_tests("-n2", CI="true")`."""
    (tmp_path / "test_pages.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(PLAYWRIGHT_HAS_NONE + FETCHES_NONE)
    (tmp_path / "programs").mkdir()
    nowhere = {
        "PATH": str(tmp_path / "programs"),
        "HOME": str(tmp_path),
        "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers"),
        "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
    }
    plugins = ("-p", "tests.browser", "-p", "no:django", "-p", "no:valkey")

    def run(*arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-c", os.devnull, *plugins, *arguments, "."],
            cwd=tmp_path,
            env=nowhere | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_run_without_a_browser_names_what_did_not_run_and_is_well(run_tests, tmp_path):
    """Neither is there one, nor does playwright fetch one; that says no more."""
    (tmp_path / "conftest.py").write_text(PLAYWRIGHT_HAS_NONE)
    # Where nothing can be written it gives up at once; without a network it tries five times.
    run = run_tests("-n1", PLAYWRIGHT_BROWSERS_PATH=os.devnull)
    *said, last = [line.strip("= ") for line in run.stdout.splitlines() if line]
    assert run.returncode == 0
    assert said[-4:] == ["2 tests did not run: no Chromium", *NOTE]
    assert last.startswith("1 passed, 2 skipped in ")
    assert "Error" not in run.stdout + run.stderr


def test_run_without_a_browser_fails_in_ci(run_tests):
    run = run_tests(CI="true")
    assert run.returncode == 1
    assert NOTE[0] in run.stdout.splitlines()
    assert run.stdout.splitlines()[-1].strip("= ").startswith("1 passed, 2 errors in ")


@pytest.mark.parametrize("named", [None, "/nowhere/chromium"])
def test_browser_without_windows_is_taken_unless_another_is_named(run_tests, tmp_path, named):
    program = tmp_path / "programs" / "chromium-headless-shell"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    run = run_tests(CHROMIUM=named or "")
    counts = "1 passed, 2 errors" if named else "3 passed"
    assert run.stdout.splitlines()[-1].strip("= ").startswith(f"{counts} in ")
    refused = f"CHROMIUM is {named!r}, which does not run. Unset or correct it."
    assert (run.stdout.count(refused) > 0) is bool(named)
