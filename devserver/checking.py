"""script/check [NAME...]: what can be checked without running a test, side by side."""

import os
import subprocess
import sys
from pathlib import Path

from devserver.running_portal import PLACEHOLDERS

PYTHON = (sys.executable, "-m")
CHECKS = {
    "ruff": (*PYTHON, "ruff", "check", "--quiet", "."),
    "format": (*PYTHON, "ruff", "format", "--check", "--quiet", "."),
    "types": (*PYTHON, "mypy"),
    "imports": (str(Path(sys.executable).with_name("lint-imports")), "--no-logo"),
    "templates": (*PYTHON, "djlint", "--lint", "--quiet", "templates"),
    "security": (*PYTHON, "bandit", "-q", "-c", "pyproject.toml", "-r", "."),
    "audit": (*PYTHON, "devserver.auditing"),
}
# What these say is shown where they pass, too.
SPEAK = {"audit"}


def main(names: list[str]) -> int:
    """Run the named checks, or all of them; show what those say that fail."""
    unknown = sorted(set(names) - set(CHECKS))
    if unknown:
        print(f"No check is called {', '.join(unknown)}. There are: {', '.join(CHECKS)}.")
        return 2
    running = {
        name: subprocess.Popen(
            CHECKS[name],
            env=os.environ | PLACEHOLDERS,  # mypy's plug-in for Django loads the settings
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in names or CHECKS
    }
    failed = []
    for name, process in running.items():
        said = process.communicate()[0]
        if process.returncode != 0:
            failed.append(name)
        if process.returncode != 0 or name in SPEAK:
            print(f"--- {name}", said.strip(), sep="\n", flush=True)
    passed = [name for name in running if name not in failed]
    print(f"Passed: {', '.join(passed) or 'none'}", end="")
    print(f". Failed: {', '.join(failed)}." if failed else ".", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
