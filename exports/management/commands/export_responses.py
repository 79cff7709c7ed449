"""manage.py export_responses"""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from accounts.models import User
from core import clock, disk_reserve
from core.outages import outage_of, way_out
from core.spoken_numbers import say_count
from core.written_whole import written_whole
from exports.durations import minutes
from exports.export_context import UnsupportedByFormat
from exports.filters import ORDERS, ExportFilter, FilterRefused
from exports.formats import FORMATS
from exports.permissions import ExportRefused
from exports.queries import count, used_codes
from exports.recording import COMMAND_LINE, export_chunks, say_left_out, say_lost_files
from exports.types import Dataset, Pieces
from exports.writers import bundle, reading_pdf
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind

BAR = 40  # characters
LOST_FILES = 3  # the exit status of an export without files that are damaged or were not made
# Option -> field of ExportFilter, and what the option's help says.
SEVERAL = {
    "timing": ("timings", "on_time, grace or late_pass"),
    "status": ("statuses", "unread, in_review, considered or set_aside"),
    "code": ("codes", "name of a code"),
    "publication": ("publications", "named, organisation, anonymous or confidential"),
    "org-name-listed": ("org_name_listed", "yes or no"),
    "quote-ok": ("quote_ok", "yes or no"),
}


class Command(BaseCommand):
    help = (
        "Write a call's submitted responses, without who answered, to a file or to the terminal. "
        "Of confidential ones it holds no more than when they came. "
        "The file appears when it is whole, and only its owner can read it. The export is put "
        "on record. Filters of different kinds narrow each other; one kind given several times "
        "widens it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--call", required=True, metavar="SLUG", help="which call")
        parser.add_argument("--format", required=True, help=f"one of: {', '.join(FORMATS)}")
        parser.add_argument(
            "--output", required=True, metavar="FILE", help="where to; - for the terminal"
        )
        parser.add_argument(
            "--facet",
            dest="facets",
            action="append",
            default=[],
            metavar="QUESTION=OPTION",
            help="one of the call's facets, by its question's key, and the key of an option",
        )
        parser.add_argument(
            "--role",
            dest="roles",
            action="append",
            default=[],
            metavar="WHICH",
            help="key of a role; short for the facet that asks for roles",
        )
        for option, (field, what) in SEVERAL.items():
            parser.add_argument(
                f"--{option}", dest=field, action="append", default=[], metavar="WHICH", help=what
            )
        parser.add_argument("--words", default="", help="only with these words in the answers")
        parser.add_argument("--since", metavar="DAY", help="received on this day or later")
        parser.add_argument("--until", metavar="DAY", help="received on this day or earlier")
        parser.add_argument(
            "--quotable", action="store_true", help="only responses that may be quoted"
        )
        parser.add_argument(
            "--campaigns",
            default="",
            metavar="HOW",
            help="named: with a column that names the campaign; once: each campaign once, and "
            "duplicates not at all",
        )
        parser.add_argument(
            "--choices", default="keys", help="in tables: keys or labels; keys if not given"
        )
        parser.add_argument(
            "--several",
            default="joined",
            help="in tables: joined, or apart for a column of yes or no per option, too",
        )
        parser.add_argument(
            "--order", default="oldest", help=f"one of: {', '.join(ORDERS)}; oldest if not given"
        )
        parser.add_argument(
            "--named",
            action="store_true",
            help="with who answered, of those who chose to be named; needs --reason",
        )
        parser.add_argument(
            "--include-unnamed",
            action="store_true",
            help="with --named: also of those who did not choose to be named",
        )
        parser.add_argument(
            "--confidential",
            action="store_true",
            help="with the evidence of confidential responses; needs --reason",
        )
        parser.add_argument("--reason", default="", help="why this much is exported")
        parser.add_argument(
            "--as",
            dest="person",
            metavar="USERNAME",
            help="who exports: the record has this name, and the person needs the right to; "
            "without it the record has “command line”",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._export(options)
        # COPY is psycopg2's own, whose errors Django does not translate.
        except (Error, psycopg2.Error) as error:
            if outage_of(error) or way_out(error):
                raise
            said = " ".join(str(error).split())
            raise CommandError(f"The database cannot give the responses: {said}") from error

    def _export(self, options: dict[str, Any]) -> None:
        name, output = options["format"], options["output"]
        if name not in FORMATS:
            raise CommandError(f"“{name}” is not a format. Formats: {', '.join(FORMATS)}.")
        by = _person(options["person"]) if options.get("person") else None
        dataset = _dataset(options)
        path = None if output == "-" else Path(output)
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise CommandError(f"{output} cannot be written: it is a folder, or its folder is not.")
        lost: list[int] = []
        left_out: dict[str, str] = {}
        rows = count(dataset)
        if not rows:
            self.stderr.write(self._say_nothing(dataset))
        if wait := minutes(name, rows):
            self.stderr.write(f"{say_count(rows, 'response')}: about {wait} min")
        bar = _Bar(rows) if sys.stderr.isatty() else None
        try:
            chunks = export_chunks(
                dataset,
                name,
                by=by,
                at=clock.portal_now(),
                reason=options["reason"],
                progress=bar,
                lost_files=lost.append,
                left_out=left_out.update,
                through=COMMAND_LINE,
            )
            if path is None:
                _write_out(chunks)
            elif path.exists() and not path.is_file():
                _write_into(chunks, path)
            else:
                _write_whole(chunks, path.resolve())
        except (UnsupportedByFormat, ExportRefused, disk_reserve.NoRoom) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            what = "The export cannot be made" if path is None else f"{output} cannot be written"
            raise CommandError(f"{what}: {error.strerror}.") from error
        finally:
            if bar is not None:
                bar.end()
        if path is not None:
            self.stderr.write(f"written: {output}", self.style.SUCCESS)
        for each in left_out.items():
            self.stderr.write(say_left_out(*each), self.style.WARNING)
        if lost:
            raise CommandError(say_lost_files(lost[0]), returncode=LOST_FILES)
        if {bundle.NOT_MADE, reading_pdf.NOT_MADE} & set(left_out.values()):
            raise CommandError("A file of the export could not be made.", returncode=LOST_FILES)

    def _say_nothing(self, dataset: Dataset) -> str:
        total = count(Dataset(dataset.call))
        if not total:
            return f"No response to “{dataset.call.slug}” was submitted: the export has no row."
        return f"This chooses none of the {total:,} submitted: the export has no row."


def _person(username: str) -> User:
    person = User.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody signs in as “{username}”.")
    return person


def _dataset(options: dict[str, Any]) -> Dataset:
    call = Call.objects.filter(slug=options["call"]).first()
    if call is None:
        slugs = ", ".join(Call.objects.values_list("slug", flat=True)) or "none"
        raise CommandError(f"There is no call “{options['call']}”. Calls: {slugs}.")
    if options["include_unnamed"] and not options["named"]:
        raise CommandError("--include-unnamed goes with --named.")
    dataset = Dataset(
        call,
        named=options["named"],
        includes_unnamed=options["include_unnamed"],
        confidential=options["confidential"],
    )
    fields = [*(field for field, _ in SEVERAL.values()), "words", "since", "until", "quotable"]
    fields += ["campaigns", "order", "choices", "several"]
    try:
        filters = {name: options[name] for name in fields}
        export_filter = ExportFilter.from_filters(filters | {"facets": _facets(call, options)})
        codes = tuple(code.name for code in used_codes(dataset))
        return replace(dataset, export_filter=export_filter.checked(call, codes))
    except FilterRefused as error:
        raise CommandError(str(error)) from error


def _facets(call: Call, options: dict[str, Any]) -> dict[str, list[str]]:
    """Return the options chosen of each facet; raise FilterRefused for what has no “=”."""
    facets: dict[str, list[str]] = {}
    for written in options["facets"]:
        key, equals, option = written.partition("=")
        if not equals:
            raise FilterRefused(f"facet: “{written}” is not of the form QUESTION=OPTION.")
        facets.setdefault(key.strip(), []).append(option.strip())
    if options["roles"]:
        keys = [q.key for _facet, q in call.facet_questions if q.kind == QuestionKind.ROLES]
        if not keys:
            raise FilterRefused("role: the call has no facet that asks for roles.")
        facets.setdefault(keys[0], []).extend(options["roles"])
    return facets


class _Bar:
    """Responses written, of all, on one line of the terminal."""

    def __init__(self, total: int) -> None:
        self._total = total

    def __call__(self, done: int) -> None:
        filled = BAR * done // max(self._total, done, 1)
        of = say_count(self._total, "response")
        sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done:,} of {of}")
        sys.stderr.flush()

    def end(self) -> None:
        sys.stderr.write("\n")


def _write_out(chunks: Pieces) -> None:
    for chunk in chunks:
        try:
            sys.stdout.buffer.write(chunk)
            # At once: an export whose reader is gone must not end as a whole one.
            sys.stdout.buffer.flush()
        except OSError as error:
            chunks.close()
            # Python would complain once more when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):
                raise CommandError("The reader of the output went away.") from None
            raise CommandError(f"The output cannot be written: {error.strerror}.") from None


def _write_into(chunks: Pieces, path: Path) -> None:
    """Write to a device or a pipe, whose place no file may take."""
    with closing(chunks), path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
            file.flush()  # at once, as in `_write_out`


def _write_whole(chunks: Pieces, path: Path) -> None:
    with closing(chunks), written_whole(path) as file:
        pieces: Iterator[bytes] = chunks
        if disk_reserve.is_disk_of(path.parent):
            pieces = disk_reserve.leave_reserve(chunks)
        for chunk in pieces:
            file.write(chunk)
