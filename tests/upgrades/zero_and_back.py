"""Reverses every migration that can be, and applies them again: `python -m` this.

Ends with a traceback where one cannot be reversed, or left something that is then in its way.
"""

import gc

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder


def main():
    django.setup()
    gc.disable()  # it would look through thousands of models again and again
    before = applied()
    call_command("migrate", "submissions", "zero", verbosity=0)
    # Those of other apps that build on these tables went with them.
    reversed_ones = before - applied()
    assert ("submissions", "0001_calls") in reversed_ones
    for app in sorted({app for app, _name in reversed_ones}):
        newest = max(name for of, name in before if of == app)
        call_command("migrate", app, newest, verbosity=0)
    assert applied() == before


def applied():
    return {*MigrationRecorder(connection).applied_migrations()}


if __name__ == "__main__":
    main()
