"""The guide's commands read every cell as it stands; each runs where its program is there."""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.exports.exporting import exported
from tests.makers import make_call, make_submitted

GUIDE = Path("docs/guides/steering-group.md")
WRITTEN = [
    "  x ",
    "NA",
    "null",
    "007",
    "2019-07-24",
    'one\ntwo, "three"',
    "'quoted'",
    "é \U0001f600",
]
CELLS = {
    "pandas": 'responses["story"].tolist()',
    "polars": 'responses["story"].to_list()',
    "duckdb": '[row[0] for row in responses.project("story").fetchall()]',
}


def commands(language):
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def written_csv(tmp_path):
    call = make_call()
    for text in WRITTEN:
        make_submitted(call, story=text)
    (tmp_path / "responses.csv").write_bytes(exported(call))


def test_guide_has_a_command_for_each_program():
    assert [line.split(" = ")[1].split(".")[0] for line in commands("python")] == list(CELLS)
    assert len(commands("r")) == 2
    assert len(commands("stata")) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("package", CELLS)
def test_python_reads_every_cell_as_it_stands(tmp_path, package):
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    written_csv(tmp_path)
    (command,) = [line for line in commands("python") if f" {package}." in line]
    program = f"import {package}\n{command}\nprint(ascii({CELLS[package]}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ascii(WRITTEN)


@pytest.mark.django_db
@pytest.mark.parametrize("place", [0, 1])
def test_r_reads_every_cell_as_it_stands(tmp_path, place):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    written_csv(tmp_path)
    command = commands("r")[place]
    program = f"{command}\ncat(responses$story, sep = '\\x1e')"
    done = subprocess.run(
        ["Rscript", "-e", program], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.split("\x1e") == WRITTEN
