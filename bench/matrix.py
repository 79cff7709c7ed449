"""python -m bench.matrix: how long the matrix takes, beside a query that only counts the codings.

Starts a PostgreSQL of its own (durable, as in production), writes 200 responses with 2,000 codings,
counts the queries of the pages of the matrix, and fills up to each of the sizes: ten codings of
each response, under 60 codes in two levels, by four coders who agree on every third place, with
two campaigns of 200 responses. There it counts the queries again (they are the same), and prints
how long each page takes (median of five), also as a ratio to the floor: a query in the same run
that counts responses and passages by code and role, each row as it stands. Aim: the matrix at
100,000 codings under a second, on a machine that has nothing else to do.
"""

import argparse
import subprocess
import sys

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--codings", type=int, nargs="+", default=[100_000])
    codings = parser.parse_args().codings
    with postgres() as database:
        environment = environment_of(database)
        command = [sys.executable, "-m", "bench.matrix_measured", *map(str, [2_000, *codings])]
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
