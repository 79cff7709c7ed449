"""docs/architecture.md lists the packages that pyproject.toml's import contracts put in order."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWING = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
APPS = "An app imports only lower apps"
SLICES = "A slice of submissions imports only lower slices"


def contracted(title):
    """The layers of a contract, highest first, each as the names that share it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each["name"] == title]
    return [sorted(name.strip() for name in re.split(r"[|:]", layer)) for layer in layers]


def drawn(indent):
    """The same from the drawing: apps stand at the margin, slices two spaces in."""
    (drawing,) = DRAWING.findall((ROOT / "docs" / "architecture.md").read_text())
    lines = re.findall(rf"^{indent}(\w+(?: \| \w+)*)(?:  .*)?$", drawing, re.MULTILINE)
    return [sorted(line.split(" | ")) for line in lines]


def packages_in(folder):
    return {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.mark.parametrize(("indent", "title"), [("", APPS), ("  ", SLICES)], ids=["apps", "slices"])
def test_drawing_of_packages_equals_the_contract(indent, title):
    assert drawn(indent) == contracted(title)


def test_drawing_has_every_app_of_the_tree():
    assert {name for layer in drawn("") for name in layer} == packages_in(ROOT) - {"bench", "tests"}


def test_drawing_has_every_slice_of_the_tree():
    slices = packages_in(ROOT / "submissions") - {"migrations"} | {"urls"}
    assert {name for layer in drawn("  ") for name in layer} == slices
