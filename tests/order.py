"""In what order the files are run: the longest first, so that no processor waits at the end."""

import importlib
import os
from contextlib import suppress
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).parent
# They start processes and browsers, and take seconds each.
SLOW_FOLDERS = ("faults", "journeys", "devserver")
# Those that take longest by themselves, the longest first.
LONGEST_FILES = (
    "journeys/test_every_admin_page.py",
    "faults/test_two_machines.py",
    "faults/test_whatever_dies.py",
    "rights/test_every_address.py",
    "exports/test_consent.py",
    "upgrades/test_upgrades.py",
    "containers/test_commands.py",
    "journeys/test_every_page.py",
    "devserver/test_server.py",
    "exports/test_bundle.py",
    "containers/test_proxies.py",
    "journeys/test_saving.py",
    "personal_data/test_meanwhile.py",
    "stores/test_move_files.py",
    "review/test_any_query.py",
    "exports/test_redacted.py",
)
# The files of each line meet one portal, which takes half a minute to start.
ONE_PORTAL = (
    ("tests/containers/",),
    ("tests/faults/test_two_machines.py", "tests/faults/test_whatever_dies.py"),
)
_PLACES = {TESTS / name: place for place, name in enumerate(LONGEST_FILES)}


def import_each_from_another_place(config: pytest.Config) -> None:
    """Import the tests of a whole run, each worker from another file on.

    In a fresh clone none of them is compiled. One by one in the same order, each worker would
    compile them all; so it finds most of them compiled by the others.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker or config.args != config.getini("testpaths"):
        return
    names = [
        ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        for path in sorted(TESTS.rglob("test_*.py"))
    ]
    workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    first = len(names) * int(worker.removeprefix("gw")) // workers
    for name in names[first:] + names[:first]:
        # Whoever collects it says what is wrong with it.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


def place(path: Path) -> tuple[int, bool]:
    """What to sort tests by; those of one file keep the order that they have."""
    return _PLACES.get(path, len(LONGEST_FILES)), path.parent.name not in SLOW_FOLDERS


class ByFile(LoadFileScheduling):
    """A worker takes a whole file, and all files that meet ONE_PORTAL."""

    def _split_scope(self, nodeid: str) -> str:
        together = (files[0] for files in ONE_PORTAL if nodeid.startswith(files))
        return next(together, None) or super()._split_scope(nodeid)
