"""python -m bench.review: how long staff wait for a search, the list and the pages for reading.

Starts a PostgreSQL of its own (durable, as in production), writes 200 responses of varied texts
with choices and notes, counts the queries of the list, of a search, of a response's page and of a
question's page, and fills it up to each of the sizes. There it counts them again (they are the
same), and prints how long each page takes (median of five), the searches among them by what is
searched for. Aim: a search under a second at 100,000 responses, on a machine that has nothing else
to do. It also prints what the entries of the search took to write, and their size.
"""

import argparse
import subprocess
import sys

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[20_000, 100_000])
    counts = parser.parse_args().counts
    with postgres() as database:
        environment = environment_of(database)
        command = [sys.executable, "-m", "bench.review_measured", *map(str, [200, *counts])]
        return subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
