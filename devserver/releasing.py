"""What script/release does once .venv is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "core" / "release.py"
CHANGELOG = ROOT / "CHANGELOG.md"
UPGRADES = ROOT / "tests" / "upgrades"
RELEASED = UPGRADES / "released_migrations.json"
VERSION = re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE)
# Where the tag of our image stands, and what stands before it there.
TAGGED = {
    ROOT / "docker-compose.yml": "image: evidence-portal:",
    ROOT / "deploy" / "kubernetes" / "base" / "kustomization.yaml": "newTag: ",
    ROOT / "deploy" / "kubernetes" / "backup" / "kustomization.yaml": "newTag: ",
}
WHAT_IT_DOES = """\
script/release 1.1.0 prepares a release:

1. It refuses unless everything is committed, CHANGELOG.md has a heading “## 1.1.0”, and the models
   have no change without a migration.
2. It writes the version into core/release.py, and as the tag of our image into docker-compose.yml
   and deploy/kubernetes.
3. It freezes the migrations: the SHA-256 of each file goes into
   tests/upgrades/released_migrations.json. From then on a test refuses a change of a released
   migration; migrations are only added.
4. It keeps a small database of this release, with its files, in tests/upgrades/1.1.0/. Tests
   upgrade it to every later schema, and use it.

Then run script/test, commit, and tag the commit v1.1.0. Operators take that tag, and run
`python manage.py migrate`: until then web, worker, beat and /readyz/ refuse the database.
"""


class CannotRelease(Exception):
    """The message is one line that names the remedy."""


def release(version: str) -> None:
    """Prepare the release in the working tree; raises CannotRelease with nothing changed."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise CannotRelease(f"{version} is not a version such as 1.1.0.")
    if _output("git", "status", "--porcelain"):
        raise CannotRelease("Commit what is changed, or put it aside, before a release.")
    if any(_number(version) <= _number(one.name) for one in UPGRADES.glob("*.*.*")):
        raise CannotRelease(f"{version} is not newer than the newest release.")
    if f"\n## {version}\n" not in CHANGELOG.read_text(encoding="utf-8"):
        raise CannotRelease(f"CHANGELOG.md has no heading “## {version}”. Say what changes.")
    digests = json.loads(_output(sys.executable, "-m", "tests.upgrades.digests"))
    changed = [name for name, digest in released().items() if digests.get(name) != digest]
    if changed:
        raise CannotRelease(f"The released migration {changed[0]} was changed. Restore it.")
    # First what may fail: until then nothing is changed.
    _output(sys.executable, "-m", "tests.upgrades.dumps", version)
    RELEASE.write_text(
        VERSION.sub(f'VERSION = "{version}"', RELEASE.read_text(encoding="utf-8")),
        encoding="utf-8",
    )
    for path, before in TAGGED.items():
        tagged = re.sub(
            rf"(?m)^(\s*{re.escape(before)})\S+$",
            rf"\g<1>{version}",
            path.read_text(encoding="utf-8"),
        )
        path.write_text(tagged, encoding="utf-8")
    RELEASED.write_text(f"{json.dumps(digests, indent=2, sort_keys=True)}\n", encoding="utf-8")
    print(f"{version} is prepared. Run script/test, commit, and tag the commit v{version}.")


def released() -> dict[str, str]:
    """Return the SHA-256 of each released migration, by `app.name`."""
    if not RELEASED.exists():
        return {}
    digests: dict[str, str] = json.loads(RELEASED.read_text(encoding="utf-8"))
    return digests


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _output(*words: str) -> str:
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise CannotRelease(said[-1] if said else f"{words[0]} ended with {ended.returncode}.")
    return ended.stdout


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in {"-h", "--help"}:
        print(WHAT_IT_DOES, end="")
        return 0 if len(arguments) <= 1 else 2
    os.chdir(ROOT)
    try:
        release(arguments[0])
    except CannotRelease as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
