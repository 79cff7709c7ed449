"""pytest plugin of a whole run: script/check runs beside the tests, and the run fails with it.

Before them it would take half a minute, for most of which a processor idles.
"""

import os
import subprocess
import sys

import pytest


class Checks:
    """The process, and what it says; it ends by itself if pytest is killed."""

    def __init__(self, command: list[str]) -> None:
        self.said = ""
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pytest_runtest_logreport(self) -> None:
        """Stop as soon as a check is known to have failed."""
        if self.process.poll():
            pytest.exit("The checks found something; the other tests did not run.", returncode=1)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.said, _ = self.process.communicate()
        if self.process.returncode != 0 and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        if exitstatus == pytest.ExitCode.INTERRUPTED:
            return  # Ctrl-C ended the checks as well
        terminalreporter.section("script/check")
        terminalreporter.write(self.said)
        if self.process.returncode != 0:
            terminalreporter.line("The run fails, because the checks found something.", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(Checks([sys.executable, "-m", "devserver.checking"]))
