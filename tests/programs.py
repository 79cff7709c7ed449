"""pytest plugin: programs of the system that a test needs, such as nginx.

Where one is missing, the tests that need it are skipped, and the run ends by naming them.
"""

import os
import re
import shutil
from pathlib import Path

import pytest

# Programs for administrators are often outside an ordinary user's PATH.
FOLDERS = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
NOT_RUN = re.compile(r"needs the program ([\w-]+) \(apt install ([\w-]+)\), and there is none")


def find_or_skip(name: str, *, package: str) -> Path:
    """Return where the program is. `package` is Debian's, which the run names if it is missing."""
    found = shutil.which(name, path=FOLDERS)
    if found is None:
        pytest.skip(f"needs the program {name} (apt install {package}), and there is none")
    return Path(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run, and say how to get them to run."""
    missing: dict[tuple[str, str], list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        for program in NOT_RUN.findall(str(report.longrepr)):
            missing.setdefault(program, []).append(report.nodeid)
    for (name, package), tests in sorted(missing.items()):
        terminalreporter.section(f"{len(tests)} tests did not run: no {name}")
        for test in sorted(tests):
            terminalreporter.line(test)
        terminalreporter.line(f"Install it (on Debian, as root: apt install {package}).")
