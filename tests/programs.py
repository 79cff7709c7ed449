"""pytest plugin: programs of the system that a test needs, such as nginx.

Where one is missing, the tests that need it are skipped, and the run ends by naming them.
"""

import os
import re
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

# Programs for administrators are often outside an ordinary user's PATH.
FOLDERS = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
NOT_RUN = re.compile(r"needs the program (.+?), and there is none: (.+?)\.(?:'|\Z)")


def find_or_skip(name: str, *, package: str) -> Path:
    """Return where the program is. `package` is Debian's, which the run names if it is missing."""
    found = shutil.which(name, path=FOLDERS)
    if found is None:
        skip_for_want_of(name, remedy=f"on Debian, as root: apt install {package}")
    return Path(found)


def skip_for_want_of(program: str, *, remedy: str) -> NoReturn:
    """Skip the test; the run ends by naming it with `remedy`, words without a full stop."""
    pytest.skip(f"needs the program {program}, and there is none: {remedy}.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not run, and say how to get them to run."""
    missing: dict[tuple[str, str], list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        for program in NOT_RUN.findall(str(report.longrepr)):
            missing.setdefault(program, []).append(report.nodeid)
    for (program, remedy), tests in sorted(missing.items()):
        terminalreporter.section(f"{len(tests)} tests did not run: no {program}")
        for test in sorted(tests):
            terminalreporter.line(test)
        terminalreporter.line(f"Install it ({remedy}).")
