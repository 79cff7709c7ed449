"""start_engines.py FOLDER kernel|script: start both engines, say who they are, and wait.

A test runs it as a process of its own, to kill it.
"""

import sys
import time
from pathlib import Path

from devserver import children
from devserver.errors import CannotStart
from devserver.folders import RunFolder
from devserver.postgres import WITHOUT_FSYNC, Postgres
from devserver.valkey import Valkey


def main(folder: Path, what_ends_orphans: str) -> None:
    children.KERNEL_ENDS_ORPHANS = what_ends_orphans == "kernel"
    folder.mkdir(exist_ok=True)
    run = RunFolder(folder / "run-folder")
    postgres = Postgres(
        folder / "postgres", run, log=folder / "postgres.log", settings=WITHOUT_FSYNC
    )
    valkey = Valkey(folder / "valkey", run, log=folder / "valkey.log")
    try:
        postgres.start()
        valkey.start()
    except CannotStart as error:
        sys.exit(str(error))
    sys.stdout.write(f"{postgres.url('postgres')} {valkey.url()}\n")
    sys.stdout.flush()
    time.sleep(120)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
