#!/usr/bin/env python
"""Django's management commands, on the portal that runs here or that the environment names."""

import os
import signal
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error as DatabaseError

from core.outages import StoreAway, way_out

try:
    from devserver.running_portal import complete_environment
except ModuleNotFoundError:  # production has no devserver; its environment is complete

    def complete_environment(
        environment: MutableMapping[str, str], arguments: Sequence[str]
    ) -> str | None:
        return None


NOWHERE = Path(os.devnull)


def main() -> None:
    missing = complete_environment(os.environ, sys.argv[1:])
    if missing is not None:
        sys.exit(missing)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")
    try:
        _run()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write("Stopped.\n")
        sys.exit(128 + signal.SIGINT)  # as shells say it
    except EOFError:
        if "--traceback" in sys.argv:
            raise
        sys.exit("The command asks for something, and nobody answers. Run it in a terminal.")
    except PermissionError as error:
        if not error.filename or "--traceback" in sys.argv:
            raise
        sys.exit(
            f"{error.filename}: {error.strerror}. Run this as the portal's account, or give that "
            "the right."
        )
    except (DatabaseError, psycopg2.Error, StoreAway) as error:
        said = way_out(error)
        if not said or "--traceback" in sys.argv:
            raise
        sys.exit(said)


def _run() -> None:
    # None: whoever started it has closed it.
    sys.stdout = sys.stdout or NOWHERE.open("w")
    sys.stderr = sys.stderr or NOWHERE.open("w")
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader, such as `head`, has gone.
        _leave_output()
        sys.exit(1)
    except OSError as error:
        if _takes_output():
            raise
        _leave_output()
        sys.exit(f"The output of this command cannot be written: {error.strerror}.")


def _takes_output() -> bool:
    """Return whether a line can be written: if not, it was the output that failed."""
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        return False
    return True


def _leave_output() -> None:
    """Keep Python from complaining once more as it flushes at its end."""
    os.dup2(os.open(NOWHERE, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
