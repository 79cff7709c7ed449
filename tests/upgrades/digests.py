"""Says in JSON the SHA-256 of each migration: `python -m tests.upgrades.digests`.

Ends with 1 where the models have a change that no migration makes.
"""

import json
import os
import sys

import django
from django.core.management import call_command

from core import schema
from tests.upgrades.dumps import SETTINGS

os.environ |= SETTINGS | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}


def main():
    django.setup()
    try:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    except SystemExit:
        sys.exit("The models have changes without a migration: run manage.py makemigrations.")
    json.dump(schema.file_digests(), sys.stdout)


if __name__ == "__main__":
    main()
