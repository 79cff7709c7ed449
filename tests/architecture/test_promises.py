"""What docs/promises.md says keeps a promise is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("| \n").split(" | ")]
    for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| promise", "| ---"))
]
MIGRATIONS = "".join(
    path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("*/migrations/0*.py"))
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_promise_is_kept_by_something_that_exists(row):
    assert len(row) == 3
    keepers = re.findall(r"`([^`]+)`", row[2])
    assert keepers
    for keeper in keepers:
        path, _, name = keeper.partition("::")
        if name:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^ *def {re.escape(name)}\(", text, re.MULTILINE), keeper
        else:
            assert re.search(rf"\b{re.escape(keeper)}\b", MIGRATIONS), keeper


def test_there_are_promises():
    assert len(ROWS) > 5
