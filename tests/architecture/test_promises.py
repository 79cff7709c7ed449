"""What docs/promises.md says keeps a promise is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| promise", "| ---"))
]
MIGRATIONS = "".join(
    path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("*/migrations/0*.py"))
)


def exists(keeper):
    """Whether there is such a test, or such a name in a migration."""
    path, _, name = keeper.partition("::")
    if not name:
        return re.search(rf"\b{re.escape(keeper)}\b", MIGRATIONS) is not None
    if not (ROOT / path).exists():
        return False
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.search(rf"^ *def {re.escape(name)}\(", text, re.MULTILINE) is not None


def test_promises_are_kept_by_what_exists():
    assert [row for row in ROWS if len(row) != 3] == []
    keepers = {promise: re.findall(r"`([^`]+)`", kept_by) for promise, _, kept_by in ROWS}
    assert [promise for promise, kept_by in keepers.items() if not kept_by] == []
    assert [one for kept_by in keepers.values() for one in kept_by if not exists(one)] == []


def test_there_are_promises():
    assert len(ROWS) > 5
