"""pytest plugin: which Chromium the journeys run in. It is asked for when a test first needs it.

Where none can be had, the tests that need it are skipped, and the run ends by naming them. With
CI=true they fail: there a browser is a part of the machine.
"""

import fcntl
import os
from pathlib import Path

import pytest

from devserver import chromium
from devserver.errors import CannotStart, InvalidSetting

NOT_RUN = "needs a Chromium, and there is none"


@pytest.fixture(scope="session")
def chromium_program(request: pytest.FixtureRequest) -> Path:
    """What takes the least of the processor."""
    return chromium.find_headless_shell() or request.getfixturevalue("full_chromium_program")


@pytest.fixture(scope="session")
def full_chromium_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Find it or fetch it; xdist's workers take turns, and only the first of them fetches."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with (folder / "chromium-was-fetched").open("a+") as fetched:
        fcntl.flock(fetched, fcntl.LOCK_EX)
        try:
            found = chromium.find()
            if found is None and fetched.tell() == 0:
                fetched.write("yes")
                found = chromium.install()
        except InvalidSetting as error:
            pytest.fail(str(error), pytrace=False)
        except CannotStart:
            found = None
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(NOT_RUN, pytrace=False)
    pytest.skip(NOT_RUN)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run, and say how to get them to run."""
    reports = terminalreporter.getreports("skipped") + terminalreporter.getreports("error")
    names = sorted(report.nodeid for report in reports if NOT_RUN in str(report.longrepr))
    if names:
        terminalreporter.section(f"{len(names)} tests did not run: no Chromium")
        for name in names:
            terminalreporter.line(name)
        terminalreporter.line(chromium.REMEDY)
