"""python -m bench.export: the CSV of the steering group, against PostgreSQL's own COPY.

Starts a PostgreSQL of its own (durable, as in production), writes responses with five answers
of 3 kB each, and lays the rows of the finished CSV in a flat table beside them. Then, by turns:
the export as the page streams it, and COPY of the flat table as psql's copy command does it.
Prints for each size the ratio of the two times (aim: 1.35 or less), the time to the first byte
(aim: 0.2 s), the memory above idle (aim: 30 MB) and the queries (aim: 5), and the machine's load.
Absolute times move with the machine, and on a busy one so does the ratio by the clock, as an
export works on both sides of its connection at once; that of processor time moves less.
Then comes every format, as `bench.export_formats` prints it.
"""

import argparse
import subprocess
import sys

from bench.export_formats import FORMATS, make_each
from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--counts",
        type=int,
        nargs="+",
        default=[1_000, 10_000, 100_000],
        help="responses; default 1000 10000 100000, which takes 8 GB of disk",
    )
    parser.add_argument(
        "--formats-of",
        type=int,
        default=2_000,
        help="responses of which bench.export_formats then makes each format; 0 for none; "
        "default 2000",
    )
    parser.add_argument("--turns", type=int, help="default 3 to 25, more of small exports")
    chosen = parser.parse_args()
    for count in chosen.counts:
        with postgres() as database:
            environment = environment_of(database, log_level="WARNING")
            # Two processes: what filling the tables took must not count as the export's memory.
            turns = chosen.turns or max(3, min(25, 90_000 // count))
            for step in (["fill", str(count)], ["measure", str(turns)]):
                command = [sys.executable, "-m", "bench.export_by_turns", *step]
                done = subprocess.run(command, env=environment, cwd=ROOT, check=False)
                if done.returncode:
                    return done.returncode
    return make_each(chosen.formats_of, FORMATS) if chosen.formats_of else 0


if __name__ == "__main__":
    sys.exit(main())
