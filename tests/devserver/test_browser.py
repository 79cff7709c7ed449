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
# Where nothing can be written playwright gives up at once; without a network it tries five times.
UNWRITABLE = {"PLAYWRIGHT_BROWSERS_PATH": os.devnull}


@pytest.fixture
def run_tests(tmp_path):
    """Run three tests, of which two need a browser: `run_tests("-n2", CI="true")`."""
    (tmp_path / "test_pages.py").write_text(TESTS)
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


@pytest.mark.parametrize(
    ("arguments", "trouble"), [((), {}), (("-n2",), UNWRITABLE)], ids=["alone", "spread"]
)
def test_run_without_a_browser_names_what_did_not_run_and_is_well(run_tests, arguments, trouble):
    run = run_tests(*arguments, **trouble)
    assert run.returncode == 0
    *said, last = [line.strip("= ") for line in run.stdout.splitlines() if line]
    assert said[-4:] == ["2 tests did not run: no Chromium", *NOTE]
    assert last.startswith("1 passed, 2 skipped in ")
    assert "Error" not in run.stdout + run.stderr


def test_run_without_a_browser_fails_in_ci(run_tests):
    run = run_tests(CI="true", **UNWRITABLE)
    assert run.returncode == 1
    assert NOTE[0] in run.stdout.splitlines()
    assert run.stdout.splitlines()[-1].strip("= ").startswith("1 passed, 2 errors in ")


def test_run_where_no_test_needs_a_browser_asks_for_none(run_tests):
    run = run_tests("-k", "without_one", CHROMIUM="/nowhere/chromium")
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1].strip("= ").startswith("1 passed, 2 deselected in ")


def test_named_browser_that_does_not_run_fails_the_tests_that_need_it(run_tests):
    run = run_tests(CHROMIUM="/nowhere/chromium")
    assert run.returncode == 1
    assert (
        run.stdout.count(
            "CHROMIUM is '/nowhere/chromium', which does not run. Unset or correct it."
        )
        > 0
    )
    assert run.stdout.splitlines()[-1].strip("= ").startswith("1 passed, 2 errors in ")


@pytest.mark.parametrize(
    ("named", "counts"), [("", "3 passed"), ("/nowhere", "1 passed, 2 errors")]
)
def test_browser_without_windows_is_taken_unless_another_is_named(
    run_tests, tmp_path, named, counts
):
    program = tmp_path / "programs" / "chromium-headless-shell"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    run = run_tests(CHROMIUM=named)
    assert run.stdout.splitlines()[-1].strip("= ").startswith(f"{counts} in ")
