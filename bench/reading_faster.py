"""python -m bench.reading_faster: how long reading faster and the table of codings take.

Starts a PostgreSQL of its own (durable, as in production) with the varied responses of
bench.duplicates and 100,000 codings on them. Prints the median of each of these, beside its floor:
passages like one, to reading all answers of the call once; unread responses unlike the read ones,
with half of them read, to the same; the table of codings, to a bare COPY of the same words. Of the
table it prints the memory, too (aim: under 20 MB, however many rows).
"""

import argparse
import subprocess
import sys

from bench.mail import ROOT, postgres
from bench.portal_environment import environment_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20_000, help="responses")
    parser.add_argument("--codings", type=int, default=100_000)
    given = parser.parse_args()
    with postgres() as database:
        environment = environment_of(database, log_level="WARNING")
        # Two processes: what making the corpus took must not count as memory.
        for step in ("fill", "measure"):
            module = [sys.executable, "-m", "bench.reading_faster_measured"]
            command = [*module, step, str(given.count), str(given.codings)]
            done = subprocess.run(command, env=environment, cwd=ROOT, check=False)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
