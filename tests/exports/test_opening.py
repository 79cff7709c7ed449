"""The guide's commands read every cell as it stands; each runs where its program is there."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.exports.exporting import exported, make_nasty, members
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
def test_r_reads_every_cell_as_it_stands(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    written_csv(tmp_path)
    program = ""
    for command in commands("r"):
        shown = f"{command}\ncat(responses$story, sep = '\\x1e'); cat('\\x1d')"
        if package := re.search(r"(\w+)::", command):
            shown = f"if (requireNamespace('{package[1]}', quietly = TRUE)) {{ {shown} }}"
        program += f"{shown}\n"
    done = subprocess.run(
        ["Rscript", "-e", program], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    *read, rest = done.stdout.split("\x1d")
    assert ([cells.split("\x1e") for cells in read], rest) == ([WRITTEN] * len(read), "")
    assert read


LABEL = 'What “happened”? \\ "\U0001f600"\nنعم'
# One answer with its reference before it, the label of the question, of a choice, and a moment.
SHOWN = """
source("load.R", encoding = "UTF-8")
shown <- c(paste(responses$reference, responses$story), attr(responses$story, "label"),
           as.character(responses$publication[1]), format(responses$received_at[1], "%H:%M %Z"),
           class(responses$words))
con <- file("shown", "wb")
writeBin(charToRaw(paste(enc2utf8(shown), collapse = "\\x1e")), con)
close(con)
"""


@pytest.mark.django_db
def test_script_for_r_reads_every_answer_and_labels_it_in_every_locale(tmp_path):
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    call, stored = make_nasty()
    wide_spaces = "\u3000- one\n\u3000- two;\u2003=3\n\x0b+4"
    stored[make_submitted(call, story=wide_spaces).reference] = wide_spaces
    question = call.questions_by_key["story"]
    question.label = LABEL
    question.save()
    for name, content in members(exported(call, "r")).items():
        (tmp_path / name).write_bytes(content)
    for locale in ("C", "C.UTF-8"):
        subprocess.run(
            ["Rscript", "-e", SHOWN], cwd=tmp_path, env=os.environ | {"LC_ALL": locale}, check=True
        )
        shown = (tmp_path / "shown").read_bytes().decode().split("\x1e")
        assert shown == [
            *(f"{reference} {text}" for reference, text in stored.items()),
            LABEL,
            "Publish with a name",
            "12:00 BST",
            "integer",
        ], locale
