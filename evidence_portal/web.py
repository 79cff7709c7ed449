"""python -m evidence_portal.web: gunicorn, once the variables that it reads by itself are checked.

gunicorn reads WEB_CONCURRENCY and FORWARDED_ALLOW_IPS before it reads gunicorn.conf.py. What it
cannot use ends there in a traceback, or in a line that names no variable.
"""

import os
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

from evidence_portal.environment import read_proxies, read_web_processes


def main(arguments: Sequence[str]) -> None:
    """Become gunicorn with these arguments, or end with one line."""
    try:
        os.environ["WEB_CONCURRENCY"] = str(read_web_processes())
        os.environ["FORWARDED_ALLOW_IPS"] = ",".join(read_proxies())
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    # In place of this process, so that it gets the signals of whoever started it.
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
