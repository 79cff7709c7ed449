"""python -m bench.export_formats: every format of an export, and what it takes.

Starts a PostgreSQL of its own (durable, as in production), fills the first call with made-up
responses, their files and a coded sample, hides words of some, and makes each format in a process
of its own, as the worker does. Prints for each what the page says before it starts, if it
takes a minute or more; the seconds by the clock and of the processors (this process, its children
and its database connection); how often the time of JSON lines and of the file's own compression
that is (aim for the REFI-QDA project and for everything but single documents, on two cores: 1.5);
the bytes per response, how far the memory rose, and how far above idle it stayed (aim: 50 MB). At
last come the same JSON lines through the API, by turns with those by file.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of

FLOOR = "seconds of JSON lines: "
FORMATS = [
    "json",
    "csv",
    "codings",
    "counts",
    "csv-excel",
    "long",
    "r",
    "sav",
    "dta",
    "parquet",
    "xlsx",
    "qdpx",
    "qdc",
    "dictionary",
    "datapackage",
    "docx",
    "docx-each",
    "pdf",
    "pdf-each",
    "attachments",
    "bundle-quick",
    "bundle",
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=2_000, help="responses; default 2000")
    parser.add_argument("--formats", nargs="+", default=FORMATS, metavar="FORMAT")
    chosen = parser.parse_args()
    return make_each(chosen.count, chosen.formats)


def make_each(count: int, formats: Sequence[str]) -> int:
    """Print what each format of as many responses takes; return the status to end with."""
    with postgres() as database:
        environment = environment_of(database, log_level="WARNING")
        makes = [["make", name] for name in formats]
        steps = [["fill", str(count)], ["make", "json"], ["hide"], *makes, ["api"]]
        of_json = ["0", "0"]
        for step in steps:
            command = [sys.executable, "-m", "bench.export_formats_measured", *step, *of_json]
            done = subprocess.run(
                command, env=environment, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True
            )
            said, _, told = done.stdout.partition(FLOOR)
            print(said, end="", flush=True)
            of_json = told.split() or of_json
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
