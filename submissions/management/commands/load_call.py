"""manage.py load_call FILE [FILE...]"""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import clock
from core.time_limits import latest_moment
from submissions.definitions import loading
from submissions.definitions.broken_toml import explain_encoding
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.lines import said
from submissions.definitions.tables import printable
from submissions.definitions.types import CallDefinition
from submissions.definitions.wording import full_path, words_of

LARGEST_FILE = 4 * loading.LARGEST_DEFINITION  # bytes; a character in UTF-8 has 4 at most


class Command(BaseCommand):
    help = (
        "Makes a call for evidence out of each definition FILE (TOML), or changes the call to it. "
        "All the files are checked first, and all or none are loaded. A file that is loaded "
        "already changes nothing. What would orphan an answer is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument(
            "--reword",
            action="store_true",
            help="change the words and rules of questions that people have answered already",
        )
        parser.add_argument(
            "--reset-times",
            action="store_true",
            help="take the file's opening time, closing time and grace period, also where staff "
            "have changed the portal's",
        )

        parser.add_argument(
            "--take-file",
            action="append",
            default=[],
            metavar="FIELD",
            help="take the file's words there, such as call.contact_email, also where staff have "
            "changed the portal's; may be given several times",
        )

    def handle(
        self,
        *,
        files: list[Path],
        reword: bool,
        reset_times: bool,
        take_file: list[str] | None = None,
        **_: Any,
    ) -> None:
        definitions: list[CallDefinition] = []
        problems: list[str] = []
        for file in files:
            text = ""
            try:
                text = read(file)
                definitions.append(loading.parse(text, source=str(file)))
            except DefinitionRefused as refused:
                problems += said(refused, text, source=str(file))
        unlike = {(definition.slug, definition.digest()) for definition in definitions}
        slugs = Counter(slug for slug, _digest in unlike)
        problems += [
            f"{definition.source}: call.slug: another of the files has “{definition.slug}”, too"
            for definition in definitions
            if slugs[definition.slug] > 1
        ]
        wanted = frozenset(full_path(name) for name in take_file or ())
        known = {path for definition in definitions for path in words_of(definition)}
        if not problems:
            problems = [
                f"--take-file {path}: no such words are in the file"
                for path in sorted(wanted - known)
            ]
        if problems:
            raise CommandError("\n".join(problems))
        # A rehearsal may prepare a call of the real years to come.
        latest = latest_moment(max(clock.portal_now(), clock.wall_now()))
        try:
            with transaction.atomic():
                loading.lock_calls(definitions)
                results = [
                    loading.load(
                        definition,
                        by=None,
                        at=clock.portal_now(),
                        reword=reword,
                        reset_times=reset_times,
                        latest=latest,
                        take_file=wanted,
                    )
                    for definition in definitions
                ]
        except DefinitionRefused as refused:
            raise CommandError("\n".join(refused.problems)) from None
        for result in results:
            self.stdout.write(result.in_words())


def read(file: Path) -> str:
    """Return the file's text; raise DefinitionRefused with one line if it has none."""
    reason = ""
    try:
        if file.is_dir():
            reason = "is a folder"
        elif not file.is_file():
            reason = "there is no such file" if not file.exists() else "is not an ordinary file"
        elif file.stat().st_size > LARGEST_FILE:
            reason = f"has {file.stat().st_size:,} bytes; {LARGEST_FILE:,} at most"
        else:
            return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        reason = explain_encoding(error)
    except (OSError, ValueError) as error:
        reason = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    raise DefinitionRefused([f"{printable(str(file))}: file: {reason}"])
