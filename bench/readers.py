"""python -m bench.readers: which programs read the answers of which format as they stand.

Starts a PostgreSQL of its own, gives it responses whose answers are hard to carry, exports each
format, and has each reader that this machine has read it: CSV by the commands of the guide. Prints
how many answers came back as the format has them by docs/exports.md, and which did not. R reads in
the locale C.UTF-8 and, as on a machine of another encoding, in C.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of

GUIDE = ROOT / "docs/guides/steering-group.md"
EXPECTED, NAMES, READ = "expected.json", "names.json", "read"
BETWEEN, APART = "\x1e", "\x1f"  # two answers; a reference and its answer
LOCALES = ("C.UTF-8", "C")
# Both languages get a function that writes down what was read.
PYTHON = f"""
import csv, json
csv.field_size_limit(10**9)

def tell(references, answers):
    told = ((reference, "" if answer is None or answer != answer else answer)
            for reference, answer in zip(references, answers, strict=True))
    with open({READ!r}, "wb") as file:
        file.write({BETWEEN!r}.join({APART!r}.join(pair) for pair in told).encode())

def told_in_parts(table):
    parts = [name for name in table.columns if name.startswith("story")]
    tell(table["reference"], table[parts].fillna("").agg("".join, axis=1))
"""
R = f"""
tell <- function(references, answers) {{
  answers <- as.character(answers)
  answers[is.na(answers)] <- ""
  told <- paste(enc2utf8(paste0(references, "\\x1f", answers)), collapse = "\\x1e")
  file <- file("{READ}", "wb")
  writeBin(charToRaw(told), file)
  close(file)
}}
in_parts <- function(table) {{
  parts <- lapply(table[grep("^story", names(table))], as.character)
  do.call(paste0, lapply(parts, function(part) ifelse(is.na(part), "", part)))
}}
"""
PSPP = "subprocess"  # which is all that its program in Python imports
IN_ROWS = 'tell([row["reference"] for row in rows], [row["{}"] for row in rows])'
FRAME = 'tell(responses["reference"], responses["story"])'
FRAME_OF_R = "tell(responses$reference, responses$story)"
OPENED = 'csv.DictReader(open("{}", newline="", encoding="utf-8-sig"))'
ANSWERS = (
    f'rows = [row for row in {OPENED.format("answers.csv")} if row["question"] == "story"]\n'
    + IN_ROWS.format("value")
)
SHEET = (
    'lines = openpyxl.load_workbook("responses.xlsx")["Responses"].iter_rows(values_only=True)\n'
    "head, _labels = next(lines), next(lines)\n"
    'parts = [place for place, name in enumerate(head) if name.startswith("story")]\n'
    'answers = [(line[0], "".join(line[part] or "" for part in parts)) for line in lines]\n'
    "tell(*zip(*answers))"
)
LINES = 'rows = [json.loads(line) for line in open("responses.json", encoding="utf-8")]\n'


@dataclass(frozen=True)
class Reader:
    """A program in Python or R that reads a format with a package; `base` is R without any.

    The package PSPP is a command, which makes a CSV of the file.
    """

    format_name: str
    package: str
    program: str
    is_r: bool = False

    @property
    def name(self) -> str:
        if self.package == PSPP:
            return "PSPP"
        return f"{'R' if self.is_r else 'Python'}, {self.package}"

    @property
    def is_there(self) -> bool:
        if self.package == PSPP:
            return shutil.which("pspp-convert") is not None
        if not self.is_r:
            return find_spec(self.package) is not None
        if shutil.which("Rscript") is None:
            return False
        asked = f'quit(status = !requireNamespace("{self.package}", quietly = TRUE))'
        return subprocess.run(["Rscript", "-e", asked], check=False).returncode == 0

    def read(self, folder: Path, locale: str) -> dict[str, str]:
        """Return the answers by their references; raise CalledProcessError if it breaks."""
        file = folder / READ
        file.unlink(missing_ok=True)
        if self.is_r:
            command = ["Rscript", "-e", f"{R}\n{self.program}"]
        else:
            command = [sys.executable, "-c", f"import {self.package}\n{PYTHON}\n{self.program}"]
        subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"LC_ALL": locale},
            check=True,
            capture_output=True,
            text=True,
        )
        told = file.read_bytes().decode(errors="replace")
        pairs = (one.partition(APART) for one in told.split(BETWEEN))
        return {reference: answer for reference, _, answer in pairs}


def _of_the_guide(language: str, word: str) -> str:
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found


READERS = [
    Reader(
        "csv", "csv", f"rows = list({OPENED.format('responses.csv')})\n{IN_ROWS.format('story')}"
    ),
    Reader("csv", "pandas", f"{_of_the_guide('python', 'pandas.')}\n{FRAME}"),
    Reader("csv", "polars", f"{_of_the_guide('python', 'polars.')}\n{FRAME}"),
    Reader(
        "csv",
        "duckdb",
        f"{_of_the_guide('python', 'duckdb.')}\n"
        'tell(*zip(*responses.project("reference, story").fetchall()))',
    ),
    Reader("csv", "base", f"{_of_the_guide('r', ' read.csv(')}\n{FRAME_OF_R}", is_r=True),
    Reader("csv", "readr", f"{_of_the_guide('r', 'readr::')}\n{FRAME_OF_R}", is_r=True),
    Reader(
        "csv",
        "data.table",
        'responses <- data.table::fread("responses.csv", colClasses = "character", '
        f'na.strings = NULL, strip.white = FALSE, encoding = "UTF-8")\n{FRAME_OF_R}',
        is_r=True,
    ),
    Reader(
        "csv-excel",
        "csv",
        f"rows = list({OPENED.format('responses.csv')})\n{IN_ROWS.format('story')}",
    ),
    Reader("csv-excel", "readr", f"{_of_the_guide('r', 'readr::')}\n{FRAME_OF_R}", is_r=True),
    Reader("long", "csv", ANSWERS),
    Reader("r", "base", f'source("load.R", encoding = "UTF-8")\n{FRAME_OF_R}', is_r=True),
    Reader(
        "json",
        "json",
        f'{LINES}tell([row["reference"] for row in rows], '
        '[row["answers"]["story"] for row in rows])',
    ),
    Reader("xlsx", "openpyxl", SHEET),
    Reader(
        "xlsx",
        "pandas",
        'whole = {"dtype": str, "keep_default_na": False}\n'
        'told_in_parts(pandas.read_excel("responses.xlsx", skiprows=[1], **whole))',
    ),
    Reader("sav", "pyreadstat", 'told_in_parts(pyreadstat.read_sav("responses.sav")[0])'),
    Reader(
        "sav",
        "haven",
        'responses <- haven::read_sav("responses.sav")\n'
        "tell(responses$reference, in_parts(responses))",
        is_r=True,
    ),
    Reader(
        "sav",
        PSPP,
        'subprocess.run(["pspp-convert", "responses.sav", "made.csv"], check=True)\n'
        f"lines = list({OPENED.format('made.csv')})\n"
        'parts = [name for name in lines[0] if name.startswith("story")]\n'
        'tell([line["reference"] for line in lines], '
        '["".join(line[part] for part in parts) for line in lines])',
    ),
    Reader("dta", "pyreadstat", 'told_in_parts(pyreadstat.read_dta("responses.dta")[0])'),
    Reader(
        "dta",
        "pandas",
        f'responses = pandas.read_stata("responses.dta", convert_categoricals=False)\n{FRAME}',
    ),
    Reader(
        "dta", "haven", f'responses <- haven::read_dta("responses.dta")\n{FRAME_OF_R}', is_r=True
    ),
    Reader("parquet", "pandas", f'responses = pandas.read_parquet("responses.parquet")\n{FRAME}'),
    Reader("parquet", "polars", f'responses = polars.read_parquet("responses.parquet")\n{FRAME}'),
    Reader(
        "parquet",
        "duckdb",
        "found = duckdb.sql(\"SELECT reference, story FROM 'responses.parquet'\").fetchall()\n"
        "tell(*zip(*found))",
    ),
]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="portal-readers-") as made, postgres() as database:
        folder = Path(made)
        command = [sys.executable, "-m", "bench.readers_files", made]
        subprocess.run(command, env=environment_of(database), cwd=ROOT, check=True)
        names = json.loads((folder / NAMES).read_text())
        for reader in READERS:
            for locale in LOCALES if reader.is_r else LOCALES[:1]:
                found = _found(reader, folder / reader.format_name, locale, names)
                print(f"{reader.format_name:10}{reader.name:22}{locale:10}{found}", flush=True)
    return 0


def _found(reader: Reader, folder: Path, locale: str, names: dict[str, str]) -> str:
    if not reader.is_there:
        return "is not installed"
    try:
        read = reader.read(folder, locale)
    except subprocess.CalledProcessError as error:
        return f"breaks: {error.stderr.strip().splitlines()[-1]}"
    expected = json.loads((folder / EXPECTED).read_text())
    differ = [names[one] for one, answer in expected.items() if read.get(one) != answer]
    return f"{len(expected) - len(differ)} of {len(expected)}" + (
        f", but: {', '.join(differ)}" if differ else ""
    )


if __name__ == "__main__":
    sys.exit(main())
