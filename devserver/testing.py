"""What script/test does once .venv is there: the checks and every test, or the tests it is told."""

import os
import sys
from pathlib import Path

SELECTIONS = ("-k", "-m", "--lf", "--last-failed", "--ff", "--sw", "--deselect")
# With these a run is not spread over the processors unless it says so: `-n 2 --pdb` is refused.
UNSPREAD = ("-n", "--numprocesses", "--pdb", "--trace", "-s")
# A whole run is measured; its report by files would be worked out after the figure, all over again.
OF_A_WHOLE_RUN = ("-p", "tests.checks", "--cov", "--cov-report=")


def main(arguments: list[str]) -> None:
    # Checks, workers and the parts that tests start would compile the same files again and again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not chooses(arguments):
        arguments = [*spread(arguments), *OF_A_WHOLE_RUN, *arguments]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def chooses(arguments: list[str]) -> bool:
    """Whether some tests are named or chosen, rather than all of them run."""
    return any(
        argument.startswith(SELECTIONS) or Path(argument.partition("::")[0]).exists()
        for argument in arguments
    )


def spread(arguments: list[str]) -> list[str]:
    """What makes pytest use every processor; a file's tests stay together, in one worker.

    There is a worker more than processors: some tests wait for what they killed to come back.
    """
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    if processors == 1 or any(argument.startswith(UNSPREAD) for argument in arguments):
        return []
    # In the order of tests/conftest.py, not those with the most tests first.
    return ["-n", str(processors + 1), "--dist", "loadfile", "--no-loadscope-reorder"]


if __name__ == "__main__":
    main(sys.argv[1:])
