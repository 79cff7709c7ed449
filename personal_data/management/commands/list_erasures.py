"""`manage.py list_erasures`: what a restore has to know, for a place that it does not set back."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.written_whole import written_whole
from personal_data import since_backups


class Command(BaseCommand):
    help = (
        "Write one line of JSON for each erasure (which response, when, why, who decided), each "
        "withdrawal, and each other response by its reference. Keep it apart from the backups: "
        "reapply_erasures reads it after a restore."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", default="-", help="A file; - is standard output.")

    def handle(self, *, output: str, **_options: Any) -> None:
        lines = [f"{json.dumps(row)}\n" for row in since_backups.rows()]
        if output == "-":
            sys.stdout.writelines(lines)
        else:
            try:
                _write(Path(output), "".join(lines))
            except OSError as error:
                raise CommandError(f"{output} cannot be written: {error.strerror}.") from None


def _write(path: Path, text: str) -> None:
    if path.exists() and not path.is_file():  # a device or a pipe
        path.write_text(text, encoding="utf-8")
        return
    with written_whole(path) as file:
        file.write(text.encode())
