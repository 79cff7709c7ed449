"""manage.py export_responses"""

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions import clock
from submissions.exports.runs import csv_chunks
from submissions.models import Call

FORMATS = {"csv": csv_chunks}


class Command(BaseCommand):
    help = (
        "Write a call's submitted responses, without who answered, to a file or to the terminal. "
        "The file appears when it is whole, and only its owner can read it. The export is put "
        "on record."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--call", required=True, metavar="SLUG", help="which call")
        parser.add_argument("--format", required=True, help=f"one of: {', '.join(FORMATS)}")
        parser.add_argument(
            "--output", required=True, metavar="FILE", help="where to; - for the terminal"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, output = options["format"], options["output"]
        if name not in FORMATS:
            raise CommandError(f"“{name}” is not a format. Formats: {', '.join(FORMATS)}.")
        call = Call.objects.with_questions().filter(slug=options["call"]).first()
        if call is None:
            slugs = ", ".join(Call.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"There is no call “{options['call']}”. Calls: {slugs}.")
        chunks = FORMATS[name](call, by=None, at=clock.now(), through="command line")
        if output == "-":
            self._write_out(chunks)
            return
        path = Path(output)
        if path.is_dir() or not path.parent.is_dir():
            raise CommandError(f"{output} cannot be written: it is a folder, or its folder is not.")
        try:
            _write_whole(chunks, path)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"written: {output}")

    def _write_out(self, chunks: Iterator[bytes]) -> None:
        try:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            chunks.close()
            # Python would complain once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise CommandError("The reader of the output went away.") from None


def _write_whole(chunks: Iterator[bytes], path: Path) -> None:
    """Write beside `path` and rename, so that `path` is the whole file or what it was before."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        chunks.close()
        part.unlink(missing_ok=True)
        raise
