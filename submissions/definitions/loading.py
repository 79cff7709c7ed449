"""Call definitions: text -> checked definition -> rows, and the same again when it changes."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.contrib.staticfiles import finders
from django.db import connection, transaction
from django.db.models import F

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core.spoken_numbers import say_count
from core.time_limits import YEARS_AHEAD, latest_moment
from submissions.calls.models import Call, Question, RespondentRole, Section
from submissions.calls.models.loaded import LoadedWording
from submissions.calls.retention import end_earlier
from submissions.definitions.broken_toml import explain
from submissions.definitions.changes import differences
from submissions.definitions.closing_times import note_closing_change
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.reading_calls import read
from submissions.definitions.rules import check
from submissions.definitions.tables import Problems
from submissions.definitions.types import (
    CALL_FIELDS,
    QUESTION_FIELDS,
    CallDefinition,
    stored_fields,
)
from submissions.definitions.wording import note_loaded, refuse_to_overwrite, words_of
from submissions.responses.models import Answer, Attachment, IdentityAnswer

LARGEST_DEFINITION = 1_000_000  # characters
MOST_PARTS = 20  # of a key; tomllib takes time by the square of them
# So many parts with dots between them: bare, or in quotation marks. Each scan ends where the next
# may begin, so that no text takes long.
DEEP_KEY = re.compile(
    r"""(?<![\w"'.\\-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    f"{{{MOST_PARTS}}}"
)
OUT_OF_THE_WAY = 10_000  # more than a call can have of anything
LOADED = "The definition that was loaded says so"
WITHIN_CALL = ["call", "key"]  # what tells one role, section or question from another


@dataclass(frozen=True)
class LoadResult:
    """`changes` has a line for each part that changed: its path and what changed in it."""

    call: Call
    outcome: Literal["created", "changed", "unchanged"]
    definition: CallDefinition
    changes: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Return one line: the call, what happened to it, and in a change where."""
        line = f"{self.call.slug}: {self.outcome}"
        if self.outcome == "created":
            sections, questions = self.definition.sections, self.definition.questions
            return (
                f"{line}, {say_count(len(sections), 'section')}, "
                f"{say_count(len(questions), 'question')}, closes {self.call.closes_in_words}"
            )
        return f"{line} ({'; '.join(self.changes)})" if self.changes else line


def parse(text: str, *, source: str) -> CallDefinition:
    """Return the call that `text` (TOML 1.0) defines.

    Raises DefinitionRefused with all its problems, each naming `source`, the path of the key and
    the reason. Problems between the parts are looked for once each part can be named.
    """
    problems = Problems(source)
    definition = read(_tables(text, source), problems)
    if _is_nameable(definition):
        check(definition, problems)
    if problems.lines:
        raise DefinitionRefused(problems.lines, problems.found)
    return definition


def _tables(text: str, source: str) -> dict[str, object]:
    if len(text) > LARGEST_DEFINITION:
        reason = (
            f"has {len(text):,} characters; a call definition has {LARGEST_DEFINITION:,} at most"
        )
        raise DefinitionRefused([f"{source}: file: {reason}"])
    if found := DEEP_KEY.search(text):
        line = text.count("\n", 0, found.start()) + 1
        reason = f"has a key of more than {MOST_PARTS} parts in line {line:,}"
        raise DefinitionRefused([f"{source}: file: {reason}"])
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise DefinitionRefused([f"{source}: file: lists or tables are nested too deep"]) from None
    except ValueError as error:
        raise DefinitionRefused([f"{source}: file: is not TOML: {explain(error)}"]) from None


def _is_nameable(call: CallDefinition) -> bool:
    questions = [q for section in call.sections for q in section.questions]
    options = [option for q in questions for option in (*q.options, *q.rows)]
    return all(
        [
            *(role.key for role in call.roles),
            *(section.key for section in call.sections),
            *(q.key for q in questions),
            *(q.kind for q in questions),
            *(option["key"] for option in options),
            *(facet["question"] for facet in (*call.facets, *call.derived)),
            *(derived["key"] for derived in call.derived),
            *(band["key"] for derived in call.derived for band in derived["bands"]),
        ]
    )


@transaction.atomic
def load(
    definition: CallDefinition,
    *,
    by: User | None,
    at: datetime,
    reword: bool = False,
    reset_times: bool = False,
    latest: datetime | None = None,
    take_file: frozenset[str] = frozenset(),
) -> LoadResult:
    """Make the call as it is defined, or change it to that, and record it; all or nothing.

    A definition that says what it said at the last load changes nothing, whatever staff have
    changed since. Raises DefinitionRefused for

    - what would orphan an answer;
    - what would change a question that has answers, without `reword`;
    - another opening time, closing time or grace period than the portal has, without `reset_times`;
    - words that staff have changed in the admin, unless `take_file` has their path (see `wording`);
    - times after `latest`, which is five years after `at` if it is not given;
    - a prefix of references that another call has, unless this one has it already.
    """
    problems = Problems(definition.source)
    if definition.logo and not finders.find(definition.logo):
        problems.add("call.logo", f"there is no file static/{definition.logo}")
    wait_for_other_loads()
    # The row's lock waits for submissions that are being taken and for changes of closing times.
    stored = Call.objects.select_for_update(no_key=True).filter(slug=definition.slug)
    call = stored.first()
    wanted = take_file & words_of(definition).keys()
    if call is not None and call.definition_digest == definition.digest() and not wanted:
        if not LoadedWording.objects.filter(call=call).exists():
            note_loaded(call, definition)
        return LoadResult(call, "unchanged", definition)
    _refuse_far_times(definition, latest or latest_moment(at), problems)
    if call is None or call.reference_prefix != definition.reference_prefix:
        _refuse_prefix_of_another(definition, problems)
    changes: list[str] = []
    if call is not None:
        hold_answers_still()
        found = differences(
            call, definition, reword=reword, reset_times=reset_times, problems=problems
        )
        changes = [str(difference) for difference in found]
        refuse_to_overwrite(call, definition, take_file=wanted, problems=problems)
    if problems.lines:
        raise DefinitionRefused(problems.lines)
    outcome: Literal["created", "changed"] = "created" if call is None else "changed"
    closed_at = definition.closes_at if call is None else call.closes_at
    call = _write(definition)
    note_loaded(call, definition)
    if call.closes_at != closed_at:
        note_closing_change(call, before=closed_at, reason=LOADED, by=by, at=at)
    record(
        by=by,
        at=at,
        action=AuditAction.CALL_LOADED,
        call=call,
        outcome=outcome,
        digest=call.definition_digest,
        changes=changes,
        opens_at=call.opens_at.isoformat(),
        closes_at=call.closes_at.isoformat(),
    )
    return LoadResult(call, outcome, definition, tuple(changes))


def _refuse_far_times(definition: CallDefinition, latest: datetime, problems: Problems) -> None:
    for name, moment in (("opens", definition.opens_at), ("closes", definition.closes_at)):
        if moment > latest:
            problems.add(f"call.{name}", f"must be within {YEARS_AHEAD} years from now")


def _refuse_prefix_of_another(definition: CallDefinition, problems: Problems) -> None:
    prefix = definition.reference_prefix
    others = Call.objects.filter(reference_prefix=prefix).exclude(slug=definition.slug)
    other = others.order_by("pk").values_list("slug", flat=True).first()
    if other is not None:
        problems.add(
            "call.reference_prefix",
            f"“{prefix}” begins the references of the call “{other}”: choose another, so that a "
            "reference tells its call",
        )


def lock_calls(definitions: Sequence[CallDefinition]) -> None:
    """Lock the calls of what is to be loaded in this transaction, before anything else.

    A load holds back all answers. To wait for a second call after that would be a deadlock with
    whoever locked that one and has an answer to write.
    """
    wait_for_other_loads()
    slugs = [definition.slug for definition in definitions]
    list(Call.objects.select_for_update(no_key=True).filter(slug__in=slugs).order_by("pk"))


def wait_for_other_loads() -> None:
    """One load at a time: two first loads would both find no row to lock.

    Two that add the same fake responses wait for each other, too.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('submissions.load_call'))")


def hold_answers_still() -> None:
    """Wait for answers that are on their way, and hold back others, until the load is over.

    Locks of the questions' rows would not do: PostgreSQL takes an answer's share of them only
    when it checks the deferred foreign key, at the answer's commit.
    """
    tables = ", ".join(table._meta.db_table for table in (Answer, IdentityAnswer, Attachment))
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")


def _write(definition: CallDefinition) -> Call:
    values = stored_fields(definition, CALL_FIELDS) | {"definition_digest": definition.digest()}
    stored = Call.objects.filter(slug=definition.slug).first()
    if stored is not None and end_earlier(stored, definition):
        values["retention_revision"] = stored.retention_revision + 1
    call, _ = Call.objects.update_or_create(slug=definition.slug, defaults=values)
    _write_roles(call, definition)
    _write_sections(call, definition)
    return Call.objects.get(pk=call.pk)


def _write_roles(call: Call, definition: CallDefinition) -> None:
    call.roles.exclude(key__in=[role.key for role in definition.roles]).delete()
    call.roles.update(position=F("position") + OUT_OF_THE_WAY)
    RespondentRole.objects.bulk_create(
        [
            RespondentRole(
                call=call, key=role.key, label=role.label, reveals=role.reveals, position=position
            )
            for position, role in enumerate(definition.roles)
        ],
        update_conflicts=True,
        unique_fields=WITHIN_CALL,
        update_fields=["label", "reveals", "position"],
    )


def _write_sections(call: Call, definition: CallDefinition) -> None:
    call.questions.exclude(key__in=definition.questions).delete()
    call.questions.update(position=F("position") + OUT_OF_THE_WAY)
    call.sections.update(position=F("position") + OUT_OF_THE_WAY)
    sections = Section.objects.bulk_create(
        [
            Section(
                call=call,
                key=section.key,
                title=section.title,
                intro=section.intro,
                show_if=section.show_if,
                position=position,
            )
            for position, section in enumerate(definition.sections)
        ],
        update_conflicts=True,
        unique_fields=WITHIN_CALL,
        update_fields=["title", "intro", "show_if", "position"],
    )
    Question.objects.bulk_create(
        [
            Question(
                call=call,
                section=kept,
                position=place,
                **stored_fields(question, QUESTION_FIELDS),
            )
            for kept, section in zip(sections, definition.sections, strict=True)
            for place, question in enumerate(section.questions)
        ],
        update_conflicts=True,
        unique_fields=WITHIN_CALL,
        update_fields=[*{*QUESTION_FIELDS} - {"key"}, "section", "position"],
    )
    call.sections.exclude(key__in=[section.key for section in definition.sections]).delete()
