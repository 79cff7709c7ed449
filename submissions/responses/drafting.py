"""Starting a draft and keeping what is typed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from core import clock
from submissions.calls.models import Call, Question, call_of_revision
from submissions.calls.states import QuestionKind
from submissions.responses.answering import clean_answer
from submissions.responses.deadlines import refuse_unless_open
from submissions.responses.errors import AlreadySubmitted
from submissions.responses.models import Answer, Attachment, IdentityAnswer, Submission
from submissions.responses.states import Channel

TABLES = (Answer, IdentityAnswer)


def start(*, call: Call, at: datetime, channel: Channel = Channel.WEB) -> Submission:
    """Make an empty draft.

    Raises CallNotYetOpen or CallClosed outside `opens_at <= at < closes_at`.
    """
    refuse_unless_open(call, at)
    return begin(call=call, at=at, channel=channel)


def begin(*, call: Call, at: datetime, channel: Channel = Channel.WEB) -> Submission:
    """Make an empty draft whatever the time: for `start`, and for who holds a late pass."""
    return Submission.objects.create(
        call=call,
        channel=channel,
        started_at=at,
        saved_at=at,
        rehearsal=clock.is_rehearsal(),
    )


def etag(value: Any) -> str:
    """Return 12 hex digits that tell one stored value from another, "-" for no answer.

    Pages carry it beside each answer that they show, to tell later whether that was changed.
    """
    if value is None:
        return "-"
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def draft_etag(answers: Mapping[str, Any], files: Iterable[Attachment]) -> str:
    """Return what tells one state of a working copy, its files included, from another."""
    return etag([answers, sorted(str(file.public_id) for file in files)])


@dataclass(frozen=True)
class SaveResult:
    """What a save led to, each by the questions' keys.

    `conflicts` has the stored value of each answer that two people changed; `answers` is the
    working copy as it is now.
    """

    conflicts: dict[str, Any]
    answers: dict[str, Any]


def save_answers(
    *,
    submission: Submission,
    call: Call,
    values: Mapping[str, Any],
    at: datetime,
    base_etags: Mapping[str, Collection[str]] | None = None,
    pending_etags: Mapping[str, Collection[str]] | None = None,
    read: "WorkingCopy | None" = None,
) -> SaveResult:
    """Keep `values` (question key -> raw value; an empty one deletes) in the working copy.

    Atomic: all of them or none. The deadline does not matter: a draft that is no longer
    submittable still keeps its text. Raises AnswerRefused for a value that cannot be stored,
    AlreadySubmitted if the working copy is closed.

    `base_etags` has by key the etags of what the author was shown, `pending_etags` of what they
    sent before and do not know to be stored. Where another value was stored since, an author who
    changed nothing leaves it, and one who did gets it back in `conflicts`. Nothing of those is
    overwritten; the other values are saved all the same.

    `read` is the working copy as the caller read it: a save into it needs no lock as long as
    nobody has changed it since.
    """
    stored = {
        call.questions_by_key[key]: clean_answer(call.questions_by_key[key], raw)
        for key, raw in values.items()
        if call.questions_by_key[key].kind != QuestionKind.FILE
    }
    if read is not None and read.submission.has_working_copy:
        new, conflicts = merge(stored, read.answers, base_etags, pending_etags or {})
        if not conflicts and _keep_unless_changed(read, new, at):
            return _result(new, conflicts, read.answers)
    with transaction.atomic():
        lock_working_copy(submission)
        current = working_answers(submission, call)
        new, conflicts = merge(stored, current, base_etags, pending_etags or {})
        for table in TABLES:
            part = {q: v for q, v in new.items() if _table_of(q) == table}
            if part:
                _keep(table, submission, part, at)
        # After closing, a save of nothing new makes nothing late that was sent in time and waits.
        if not new and not conflicts and call.is_open_at(at):
            note_saved(submission, at)
    return _result(new, conflicts, current)


def merge(
    given: Mapping[Question, Any],
    current: Mapping[str, Any],
    base_etags: Mapping[str, Collection[str]] | None,
    pending_etags: Mapping[str, Collection[str]],
) -> tuple[dict[Question, Any], dict[str, Any]]:
    """Return what is to be kept of the given values, and what of `current` is conflicts."""
    if base_etags is None:
        return dict(given), {}
    new = {q: value for q, value in given.items() if value != current.get(q.key)}
    conflicts: dict[str, Any] = {}
    for question in _changed_since(base_etags, pending_etags, new, current):
        value = new.pop(question)
        if etag(value) not in base_etags[question.key]:
            conflicts[question.key] = current.get(question.key)
    return new, conflicts


def _result(
    new: Mapping[Question, Any], conflicts: dict[str, Any], current: Mapping[str, Any]
) -> SaveResult:
    changed = {question.key: value for question, value in new.items()}
    answers = {key: v for key, v in {**current, **changed}.items() if v is not None}
    return SaveResult(conflicts, answers)


def _keep_unless_changed(read: "WorkingCopy", new: Mapping[Question, Any], at: datetime) -> bool:
    """Keep new answers in one statement that does nothing if the copy is not as it was read.

    False if it was changed, or if there are things to keep that one statement cannot.
    """
    if not new and not read.call.is_open_at(at):
        return False
    tables = {_table_of(question) for question in new}
    if len(tables) > 1 or None in new.values():
        return False
    statement = KEEP[tables.pop()] if tables else NOTE_SAVED
    given = {question.pk: json.dumps(value) for question, value in new.items()}
    return _write(read.submission, at, statement, given, mark=read.mark)


def note_saved(submission: Submission, at: datetime) -> None:
    """Note that a request received at `at` changed the working copy.

    The moment never goes back: requests that wait may be taken up in another order than they
    came in, and what is submitted was not there before all of it was.
    """
    _write(submission, at, NOTE_SAVED, {})


def _write(
    submission: Submission,
    at: datetime,
    statement: str,
    given: dict[int, str],
    mark: str | None = None,
) -> bool:
    """Run a statement that notes the save; `given` is JSON by the questions' primary keys.

    False, and nothing is written, if the row is not any more the one that bore the `mark`.
    """
    values = {
        "at": at,
        "id": submission.pk,
        "mark": mark,
        "keys": list(given),
        "values": list(given.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        if not cursor.rowcount:
            return False
    submission.saved_at = max(submission.saved_at, at)
    return True


def _changed_since(
    base_etags: Mapping[str, Collection[str]],
    pending_etags: Mapping[str, Collection[str]],
    stored: Mapping[Question, Any],
    current: Mapping[str, Any],
) -> list[Question]:
    return [
        question
        for question in stored
        if question.key in base_etags
        and etag(current.get(question.key))
        not in {*base_etags[question.key], *pending_etags.get(question.key, ())}
    ]


def lock_working_copy(submission: Submission) -> None:
    """Lock the row until the transaction ends.

    Raises AlreadySubmitted unless it is a draft, or submitted and opened again by its author;
    Submission.DoesNotExist.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [submission.pk])
        found = cursor.fetchone()
    if found is None:
        raise Submission.DoesNotExist(submission.pk)
    locked = Submission(state=found[0], amending_since=found[1], reference=found[2])
    if not locked.has_working_copy:
        raise AlreadySubmitted(locked.reference)


def _table_of(question: Question) -> type[Answer] | type[IdentityAnswer]:
    return IdentityAnswer if question.identity else Answer


def _keep(
    table: type[Answer] | type[IdentityAnswer],
    submission: Submission,
    values: Mapping[Question, Any],
    at: datetime,
) -> None:
    emptied = [question for question, value in values.items() if value is None]
    if emptied:
        table.objects.filter(submission=submission, question__in=emptied).delete()
    given = {question.pk: json.dumps(v) for question, v in values.items() if v is not None}
    _write(submission, at, KEEP[table] if given else NOTE_SAVED, given)


def working_answers(submission: Submission, call: Call) -> dict[str, Any]:
    """Return the working copy as question key -> stored value, identity included."""
    with connection.cursor() as cursor:
        cursor.execute(GIVEN, [submission.pk])
        return _by_key(cursor.fetchone()[0], call)


def _by_key(given: dict[str, Any] | None, call: Call) -> dict[str, Any]:
    keys = call.questionnaire.keys
    # Another author may have answered meanwhile what was not asked when `call` was read.
    return {keys[int(pk)]: v for pk, v in (given or {}).items() if int(pk) in keys}


@dataclass(frozen=True)
class WorkingCopy:
    """A response with its answers as they stand: question key -> stored value.

    `mark` is of the response's row, its transaction and place (PostgreSQL's manual, “System
    Columns”): what changes the working copy writes the row too, which then has another mark.
    """

    call: Call
    submission: Submission
    answers: dict[str, Any]
    has_files: bool
    mark: str


# Every page of a respondent begins with the first of these, and every save ends with the others:
# statements that are not put together anew each time, which costs more than to run them.
# JSON, not JSONB: psycopg2 reads it, where Django leaves JSONB to its fields.
# A function of the database's keeps its plan, which takes longer to make than to carry out.
_FIELDS = [field.attname for field in Submission._meta.concrete_fields]
WORKING_COPY = "SELECT * FROM submissions_working_copy(%s, %s)"
GIVEN = "SELECT submissions_given(%s)"
LOCK = """
    SELECT state, amending_since, reference FROM submissions_submission
    WHERE id = %s FOR NO KEY UPDATE
"""
NOTE_SAVED = """
    UPDATE submissions_submission SET saved_at = greatest(saved_at, %(at)s)
    WHERE id = %(id)s AND (%(mark)s IS NULL OR concat(xmin, ctid) = %(mark)s)
"""
KEEP = {
    table: f"""
        WITH noted AS ({NOTE_SAVED} RETURNING id)
        INSERT INTO {table._meta.db_table} (submission_id, saved_at, question_id, value)
        SELECT noted.id, %(at)s, given.*
        FROM noted, unnest(%(keys)s::bigint[], %(values)s::jsonb[]) given
        ON CONFLICT (submission_id, question_id)
        DO UPDATE SET value = EXCLUDED.value, saved_at = EXCLUDED.saved_at
    """  # noqa: S608 only the portal's own tables
    for table in TABLES
}


def working_copy(public_id: UUID | str, slug: str) -> WorkingCopy | None:
    """Return the response of this identity to the call of that slug, and the call as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(WORKING_COPY, [str(public_id), slug])
        found = cursor.fetchone()
    if found is None:
        return None
    *fields, revision, given, has_files, mark = found
    submission = Submission.from_db(connection.alias, _FIELDS, fields)
    call = call_of_revision(submission.call_id, revision)
    return WorkingCopy(call, submission, _by_key(given, call), has_files, mark)


def files_by_key(call: Call, attachments: Iterable[Attachment]) -> dict[str, list[Attachment]]:
    """Return the attachments by the key of their question."""
    keys = call.questionnaire.keys
    found: dict[str, list[Attachment]] = {}
    for attachment in attachments:
        if attachment.question_id in keys:
            found.setdefault(keys[attachment.question_id], []).append(attachment)
    return found
