#!/usr/bin/env python
"""Django's management commands: in the portal that runs here, or where the environment says."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

try:
    from devserver import running_portal
except ModuleNotFoundError:  # not part of production
    running_portal = None  # type: ignore[assignment]


def main() -> None:
    if running_portal is not None:
        missing = running_portal.adopt(os.environ, sys.argv[1:])
        if missing is not None:
            sys.exit(missing)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
