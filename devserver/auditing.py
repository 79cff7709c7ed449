"""What script/check audit runs: pip-audit over every pinned version, and what its answer means.

pip-audit asks the Python package index which of the versions have known holes. Where the index
cannot be asked, or does not know, nothing was audited: that passes on a machine of one's own, and
says so. With PORTAL_AUDIT=required, as in the forge's workflow, it fails.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

REQUIRED = "PORTAL_AUDIT"
# It holds every version of the other files of requirements too.
EVERYTHING = "requirements-test.txt"
# The advisory, and why it is no danger here. The test of it fails on a reason that is empty.
EXCEPTIONS: dict[str, str] = {}
COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--requirement", EVERYTHING),
    *("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"),
    *("--timeout", "10"),
)
PATIENCE = 50  # seconds; script/check stays under a minute


@dataclass
class Audit:
    """`holes` names each advisory with its package; `unknown` each package that was not audited."""

    audited: int = 0
    holes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read(answer: str) -> Audit | None:
    """Return what pip-audit's JSON says, None if it is none: then it could ask nobody."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    audit = Audit()
    for one in dependencies:
        if "skip_reason" in one:
            audit.unknown.append(one["name"])
            continue
        audit.audited += 1
        for hole in one["vulns"]:
            if not {hole["id"], *hole["aliases"]} & EXCEPTIONS.keys():
                mended = ", ".join(hole["fix_versions"]) or "no version yet"
                said = f"{one['name']} {one['version']}: {hole['id']}, mended in {mended}"
                audit.holes.append(said)
    return audit


def verdict(audit: Audit | None, *, is_required: bool) -> tuple[str, int]:
    """Return what to say, and the exit status."""
    if audit is None or not audit.audited:
        return (
            "Nothing was audited: the package index gave no advisories to this machine.",
            1 if is_required else 0,
        )
    if audit.holes:
        return "\n".join(audit.holes), 1
    if audit.unknown and is_required:
        return f"Not audited: {', '.join(audit.unknown)}.", 1
    left_out = f"; the index knows nothing of {len(audit.unknown)}" if audit.unknown else ""
    return f"{audit.audited} versions have no known holes{left_out}.", 0


def main() -> int:
    try:
        ran = subprocess.run(COMMAND, capture_output=True, text=True, timeout=PATIENCE, check=False)
        audit = read(ran.stdout)
    except subprocess.TimeoutExpired:
        audit = None
    said, status = verdict(audit, is_required=os.environ.get(REQUIRED) == "required")
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main())
