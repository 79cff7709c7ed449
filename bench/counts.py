"""python -m bench.counts: how long it takes to count the answers to every closed question.

Starts a PostgreSQL of its own (durable, as in production), loads the first call, and fills up to
each of the sizes with fake responses. There it counts the queries (they are the same) and prints
how long the query takes, hiding small counts and not, the page of all questions and the CSV (median
of five), also as a ratio to the floor: a query in the same run that reads the choices of every
response and counts their keys. Aim: the page at 10,000 responses under a second, on a machine that
has nothing else to do.
"""

import argparse
import subprocess
import sys

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
    counts = parser.parse_args().counts
    with postgres() as database:
        environment = environment_of(database, log_level="WARNING")
        command = [sys.executable, "-m", "bench.counts_measured", *map(str, counts)]
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
