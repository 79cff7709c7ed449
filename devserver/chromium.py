"""The browser of the journey tests: one that is there, or one that can be installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from devserver.errors import CannotStart, InvalidSetting

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# In a process of its own: playwright's synchronous interface leaves an event loop behind.
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as p: print(p.chromium.executable_path)"
)
HEADLESS_SHELL = "chromium-headless-shell"

REMEDY = (
    f"Install one (on Debian, as root: apt install chromium {HEADLESS_SHELL}) or name the "
    "one that you have: CHROMIUM=/path/to/chromium script/test"
)


def find() -> Path | None:
    """A Chromium that runs: CHROMIUM, the system's, or playwright's own.

    Raises InvalidSetting if CHROMIUM is set and does not run.
    """
    given = os.environ.get("CHROMIUM", "").strip()
    if given:
        if not _runs(Path(given)):
            raise InvalidSetting(f"CHROMIUM is {given!r}, which does not run. Unset or correct it.")
        return Path(given)
    for name in NAMES:
        path = shutil.which(name)
        if path is not None and _runs(Path(path)):
            return Path(path)
    return _playwrights()


def find_headless_shell() -> Path | None:
    """Debian's Chromium that opens no windows, unless CHROMIUM names another.

    It takes half of a Chromium's processor time. It keeps no pages to go back to.
    """
    if os.environ.get("CHROMIUM", "").strip():
        return None
    path = shutil.which(HEADLESS_SHELL)
    return Path(path) if path is not None and _runs(Path(path)) else None


def install() -> Path:
    """Fetch one with playwright, else from Debian's packages; raises CannotStart if neither can.

    Debian's headless shell comes with Debian's.

    What they say is not passed on: without a network playwright shows five stack traces.
    """
    print("Fetching a Chromium, which can take some minutes.", flush=True)
    _quietly(sys.executable, "-m", "playwright", "install", "chromium")
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ("apt-get", "-qq", "-o", "Dpkg::Use-Pty=0")
        _quietly(*apt, "update")
        _quietly(*apt, "install", "-y", "--no-install-recommends", "chromium")
        _quietly(*apt, "install", "-y", "--no-install-recommends", HEADLESS_SHELL)
        found = find()
    if found is None:
        raise CannotStart(f"No Chromium was found and none could be fetched. {REMEDY}")
    return found


def _quietly(*command: str) -> None:
    subprocess.run(
        command,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def _playwrights() -> Path | None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False
    )
    path = Path(answer.stdout.strip() or "/nonexistent")
    return path if _runs(path) else None


def _runs(path: Path) -> bool:
    try:
        return (
            subprocess.run(
                [str(path), "--version"], capture_output=True, timeout=30, check=False
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
