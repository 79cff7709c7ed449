"""setting_up.py WHAT [ARGUMENT...]: make .venv what the requirements say, then hand over.

It is run as a file by a Python that has nothing installed, so it imports the standard library only.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
FOR_TESTS = "requirements-test.txt"
# What .venv and the making of it take: with the packages for the tests, twice as much.
NEEDS_MB = {"requirements.txt": 1_000, "requirements-local.txt": 1_000, FOR_TESTS: 2_000}
# Each file holds everything of the ones before it.
REQUIREMENTS = ("requirements.txt", "requirements-local.txt", FOR_TESTS)
# The pip that installs them.
INSTALLER = "requirements-pip.txt"
WHAT_RUNS = {
    "server": ("requirements-local.txt", "devserver.supervisor"),
    "test": (FOR_TESTS, "devserver.testing"),
    "check": (FOR_TESTS, "devserver.checking"),
    "screenshots": (FOR_TESTS, "devserver.screenshots"),
    "release": (FOR_TESTS, "devserver.releasing"),
}
# What script/server says to arguments, of which it takes none.
OF_SERVER = """script/server runs the whole portal until Ctrl-C. It takes no arguments:
README.md lists the settings, which are environment variables."""


class CannotSetUp(Exception):
    """The message is one line that names the remedy."""


def main(arguments: list[str]) -> None:
    requirements, module = WHAT_RUNS[arguments[0]]
    if arguments[0] == "server" and arguments[1:]:
        is_help = arguments[1] in {"-h", "--help"}
        print(OF_SERVER, file=sys.stdout if is_help else sys.stderr)
        sys.exit(0 if is_help else 2)
    if os.environ.get("PORTAL_DATA", "").strip():
        # Seen from where the command was typed.
        os.environ["PORTAL_DATA"] = str(
            Path(os.environ["PORTAL_DATA"].strip()).expanduser().absolute()
        )
    os.chdir(ROOT)
    # Neither may decide where the portal's Python finds its modules.
    for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH"):
        os.environ.pop(name, None)
    install(requirements)
    if arguments[0] == "server":
        # A Ctrl-C now waits until the supervisor is ready for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    os.execv(PYTHON, [str(PYTHON), "-m", module, *arguments[1:]])


def install(requirements: str) -> None:
    """Bring .venv up to date; two at once take turns."""
    try:
        folder = os.open(ROOT, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError as error:
        raise CannotSetUp(f"{ROOT} cannot be locked: {error.strerror}.") from error
    try:
        wanted = {
            name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
            for name in REQUIREMENTS[: REQUIREMENTS.index(requirements) + 1]
        }
        usable = venv_is_usable()
        if usable and wanted.items() <= installed().items():
            return
        if not usable:
            refuse_without_room(NEEDS_MB[requirements])
            make_venv()
        print(f"Installing {requirements} into .venv; the first time takes a minute.", flush=True)
        STAMP.unlink(missing_ok=True)
        if not usable:
            pip_install(INSTALLER)
        pip_install(requirements)
        STAMP.write_text(json.dumps({"at": str(ROOT), "files": wanted}))
    finally:
        os.close(folder)


def pip_install(requirements: str) -> None:
    # Tests import a fraction of what they install; Python compiles that as they do.
    lazily = ("--no-compile",) if requirements == FOR_TESTS else ()
    pip = subprocess.run(
        [
            *(str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"),
            *(*lazily, "--require-hashes", "--requirement", requirements),
        ],
        env=os.environ | {"PIP_USER": "0", "PIP_NO_INPUT": "1"},
        check=False,
    )
    if pip.returncode != 0:
        raise CannotSetUp(
            f"pip could not install {requirements}; its own words are above. "
            "It needs a connection to the Python package index."
        )


def installed() -> dict[str, str]:
    """The requirements in .venv, file name to digest; nothing if it was moved or half installed."""
    try:
        stamp = json.loads(STAMP.read_text())
        return stamp["files"] if stamp["at"] == str(ROOT) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def venv_is_usable() -> bool:
    """Whether .venv's Python runs, and is the version that PYTHON asks for, if it asks."""
    try:
        answer = subprocess.run(
            [str(PYTHON), "-c", "import pip, sys; print(*sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return False
    found = tuple(int(part) for part in answer)
    wanted = sys.version_info[:2]
    return found == wanted if os.environ.get("PYTHON") else found >= (3, 11)


def refuse_without_room(needed: int) -> None:
    """Raise CannotSetUp where a new .venv would fill the disk; `needed` is in MB."""
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < needed:
        raise CannotSetUp(
            f"{ROOT} has {free:,} MB free, and .venv needs {needed:,} MB. "
            "Make room, or put the portal on another disk."
        )


def make_venv() -> None:
    if VENV.is_symlink():
        raise CannotSetUp(f"{VENV} is a link that leads to no usable Python. Remove it.")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        said = (made.stdout + made.stderr).strip().splitlines()
        if "ensurepip" in made.stdout + made.stderr or "No module named venv" in made.stderr:
            version = ".".join(str(part) for part in sys.version_info[:2])
            raise CannotSetUp(
                f"{sys.executable} has no venv module with pip. On Debian and Ubuntu: "
                f"apt install python3-venv (or python{version}-venv)."
            )
        raise CannotSetUp(f"{VENV} could not be made: {said[-1] if said else made.returncode}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CannotSetUp as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)
