"""python -m bench.duplicates: whether planted campaigns are found among varied responses.

Starts a PostgreSQL of its own (durable, as in production), writes a corpus of varied responses with
campaigns among them (verbatim, with a preface, padded, 8 % edited, one paragraph changed) and short
answers that are none, and compares all of it as the worker does. Prints for each size what was
found of each variant (aim: 0.95), false pairs among those proposed (aim: 0.01), the time and the
memory from nothing (aim: 10 minutes and 1 GB at 20,000), the size of the tables, and the time of
one arrival (aim: 0.2 s).
"""

import argparse
import subprocess
import sys

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[20_000, 100_000])
    for count in parser.parse_args().counts:
        with postgres() as database:
            environment = environment_of(database, log_level="WARNING")
            # Two processes: what making the corpus took must not count as the comparison's memory.
            for step in ("fill", "measure"):
                command = [sys.executable, "-m", "bench.duplicates_found", step, str(count)]
                done = subprocess.run(command, env=environment, cwd=ROOT, check=False)
                if done.returncode:
                    return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
