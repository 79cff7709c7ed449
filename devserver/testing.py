"""What script/test does once .venv is there: a browser, ruff, pytest."""

import os
import subprocess
import sys

from devserver import chromium
from devserver.errors import CannotStart


def main(arguments: list[str]) -> int:
    try:
        browser = chromium.find() or chromium.install()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Chromium: {browser}", flush=True)
    for check in (["check"], ["format", "--check"]):
        ruff = subprocess.run([sys.executable, "-m", "ruff", *check, "--quiet", "."], check=False)
        if ruff.returncode != 0:
            print(
                f"ruff {' '.join(check)} found something; the tests did not run.", file=sys.stderr
            )
            return ruff.returncode
    os.environ["CHROMIUM"] = str(browser)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
