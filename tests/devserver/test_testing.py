"""What script/test and script/check make of their arguments."""

import os
import sys
from types import SimpleNamespace

import pytest
from hypothesis import settings as hypothesis_settings

from devserver import checking, testing
from tests import checks, order

WHOLE = ["-p", "tests.checks", "--cov", "--cov-report="]
BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
SAYS = [sys.executable, "-c", "import sys; print(sys.argv[1]); sys.exit(int(sys.argv[2]))"]


@pytest.fixture
def started(monkeypatch):
    """What pytest is started with."""
    started = []
    monkeypatch.setattr(testing.os, "execv", lambda program, words: started.append(words[3:]))
    monkeypatch.setattr(testing.os, "sched_getaffinity", lambda pid: {0, 1}, raising=False)
    monkeypatch.setattr(testing.sys, "platform", "linux")
    return started


@pytest.mark.parametrize(
    ("given", "to_pytest"),
    [
        ([], ["-n", "3", *BY_FILE, *WHOLE]),
        (["-q"], ["-n", "3", *BY_FILE, *WHOLE, "-q"]),
        (["-n", "2"], [*WHOLE, "-n", "2"]),
        (["-n2"], [*WHOLE, "-n2"]),
        (["--pdb"], [*WHOLE, "--pdb"]),
        (
            ["tests/devserver/test_testing.py::test_x", "-q"],
            ["tests/devserver/test_testing.py::test_x", "-q"],
        ),
        (["-k", "deadline"], ["-k", "deadline"]),
    ],
)
def test_whole_run_is_spread_over_the_processors_and_measured(started, given, to_pytest):
    testing.main(given)
    assert started == [to_pytest]


class Reporter:
    def __init__(self):
        self.lines = []

    def line(self, words, **style):
        self.lines.append(words)

    section = write = line


@pytest.mark.parametrize(
    ("code", "exit_status", "then"), [("0", 0, 0), ("0", 1, 1), ("1", 0, 1), ("1", 1, 1)]
)
def test_a_whole_run_fails_with_its_checks_and_shows_what_they_say(code, exit_status, then):
    beside = checks.Checks([*SAYS, "line 3 is wrong", code])
    session, reporter = SimpleNamespace(exitstatus=exit_status), Reporter()
    beside.pytest_sessionfinish(session)
    beside.pytest_terminal_summary(reporter, session.exitstatus)
    assert session.exitstatus == then
    fails = ["The run fails, because the checks found something."]
    assert reporter.lines == ["script/check", "line 3 is wrong\n", *(fails if code == "1" else [])]


def test_tests_stop_once_a_check_has_failed():
    passing, failing = (checks.Checks([*SAYS, "", code]) for code in "01")
    for beside in (passing, failing):
        beside.process.communicate()
    passing.pytest_runtest_logreport()
    with pytest.raises(pytest.exit.Exception, match="The checks found something"):
        failing.pytest_runtest_logreport()


def test_compiled_files_are_kept_for_the_processes_that_follow(started, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    testing.main(["tests"])
    assert started == [["tests"]]
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ


def test_checks_say_what_failed_and_why(monkeypatch, capfd):
    found = {"good": [*SAYS, "fine", "0"], "bad": [*SAYS, "line 3 is wrong", "1"]}
    monkeypatch.setattr(checking, "CHECKS", found)
    assert checking.main(["good"]) == 0
    assert capfd.readouterr().out == "Passed: good.\n"
    assert checking.main([]) == 1
    assert capfd.readouterr().out.splitlines() == [
        "--- bad",
        "line 3 is wrong",
        "Passed: good. Failed: bad.",
    ]
    assert checking.main(["worse"]) == 2
    assert capfd.readouterr().out == "No check is called worse. There are: good, bad.\n"


def test_longest_files_come_first_then_the_slow_folders_then_the_others():
    places = [order.place(order.TESTS / name) for name in order.LONGEST_FILES]
    assert all((order.TESTS / name).is_file() for name in order.LONGEST_FILES)
    assert places == sorted(places)
    slow = order.place(order.TESTS / "journeys" / "test_keyboard.py")
    other = order.place(order.TESTS / "core" / "test_words.py")
    assert places[-1] < slow < other


def test_hypothesis_tries_the_same_examples_each_time_in_ci_only():
    in_ci = os.environ.get("CI") == "true"
    assert hypothesis_settings.get_profile("ci").derandomize is True
    assert hypothesis_settings.default.derandomize is in_ci
