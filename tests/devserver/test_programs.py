"""What becomes of the tests that need a program which the machine does not have, and of the run."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
from tests import programs
def test_with_a_missing_one(): programs.find_or_skip("no-such-program", package="no-such-package")
def test_with_one_that_is_there(): assert programs.find_or_skip("sh", package="dash").name == "sh"
"""


def test_run_without_a_program_names_what_did_not_run_and_is_well(tmp_path):
    (tmp_path / "test_programs.py").write_text(TESTS)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", os.devnull),
            *(
                "-p",
                "tests.programs",
                "-p",
                "no:django",
                "-p",
                "no:valkey",
                "-p",
                "no:randomly",
                ".",
            ),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    *said, last = [line.strip("= ") for line in run.stdout.splitlines() if line]
    assert run.returncode == 0, run.stdout + run.stderr
    assert said[-3:] == [
        "1 tests did not run: no no-such-program",
        "test_programs.py::test_with_a_missing_one",
        "Install it (on Debian, as root: apt install no-such-package).",
    ]
    assert last.startswith("1 passed, 1 skipped in ")
