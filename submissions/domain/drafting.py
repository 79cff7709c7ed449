"""Starting a draft and keeping what is typed."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from submissions import clock
from submissions.domain.answering import storable
from submissions.domain.deadlines import refuse_unless_open
from submissions.errors import AlreadySubmitted
from submissions.models import (
    Answer,
    Attachment,
    Call,
    IdentityAnswer,
    Question,
    Submission,
    call_of_revision,
)
from submissions.vocabulary import Channel, QuestionKind


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


def fingerprint(value: Any) -> str:
    """Return 12 hex digits that tell one stored value from another, "-" for no answer.

    Pages carry it beside each answer that they show, to tell later whether that was changed.
    """
    if value is None:
        return "-"
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def whole_mark(answers: Mapping[str, Any], files: Iterable[Attachment]) -> str:
    """Return what tells one state of a working copy, its files included, from another."""
    return fingerprint([answers, sorted(str(file.public_id) for file in files)])


@dataclass(frozen=True)
class Kept:
    """What a save leads to, each by the questions' keys.

    `contested` has what is stored of every answer that two people changed; `answers` is the
    working copy as it stands now.
    """

    contested: dict[str, Any]
    answers: dict[str, Any]


def save_answers(
    *,
    submission: Submission,
    call: Call,
    values: Mapping[str, Any],
    at: datetime,
    seen: Mapping[str, Collection[str]] | None = None,
    sent: Mapping[str, Collection[str]] | None = None,
) -> Kept:
    """Keep `values` (question key -> raw value; an empty one deletes) in the working copy.

    Atomic: all of them or none. The deadline does not matter: a draft that is no longer
    submittable still keeps its text. Raises AnswerRefused for a value that cannot be stored,
    AlreadySubmitted if the working copy is closed.

    `seen` has by key the fingerprints of what the author was shown, `sent` of what they sent
    before and do not know to be stored. Where another was stored since, an author who changed
    nothing leaves it, and one who did gets it back as `contested`. Of those nothing is
    overwritten; the others are kept all the same.
    """
    stored = {
        call.questions_by_key[key]: storable(call.questions_by_key[key], raw)
        for key, raw in values.items()
        if call.questions_by_key[key].kind != QuestionKind.FILE
    }
    contested: dict[str, Any] = {}
    with transaction.atomic():
        lock_working_copy(submission)
        current = working_answers(submission, call)
        if seen is not None:
            stored = {q: value for q, value in stored.items() if value != current.get(q.key)}
            for question in _changed_since(seen, sent or {}, stored, current):
                value = stored.pop(question)
                if fingerprint(value) not in seen[question.key]:
                    contested[question.key] = current.get(question.key)
        for table, is_identity in ((Answer, False), (IdentityAnswer, True)):
            part = {q: v for q, v in stored.items() if q.identity == is_identity}
            if part:
                _keep(table, submission, part, at)
        # After closing, a save of nothing new makes nothing late that was sent in time and waits.
        if not stored and not contested and call.is_open_at(at):
            note_saved(submission, at)
    changed = {question.key: value for question, value in stored.items()}
    answers = {key: v for key, v in {**current, **changed}.items() if v is not None}
    return Kept(contested, answers)


def note_saved(submission: Submission, at: datetime) -> None:
    """Note that a request received at `at` changed the working copy.

    The moment never goes back: requests that wait may be taken up in another order than they
    came in, and what is submitted was not there before all of it was.
    """
    _write(submission, at, NOTE_SAVED, {})


def _write(submission: Submission, at: datetime, statement: str, given: dict[int, str]) -> None:
    """Run a statement that notes the save; `given` is JSON by the questions' primary keys."""
    values = {"at": at, "id": submission.pk, "keys": list(given), "values": list(given.values())}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    submission.saved_at = max(submission.saved_at, at)


def _changed_since(
    seen: Mapping[str, Collection[str]],
    sent: Mapping[str, Collection[str]],
    stored: Mapping[Question, Any],
    current: Mapping[str, Any],
) -> list[Question]:
    return [
        question
        for question in stored
        if question.key in seen
        and fingerprint(current.get(question.key))
        not in {*seen[question.key], *sent.get(question.key, ())}
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
    keys = call.asked.keys
    # Another author may have answered meanwhile what was not asked when `call` was read.
    return {keys[int(pk)]: v for pk, v in (given or {}).items() if int(pk) in keys}


@dataclass(frozen=True)
class WorkingCopy:
    """A response with its answers as they stand: question key -> stored value."""

    call: Call
    submission: Submission
    answers: dict[str, Any]
    has_files: bool


# Every page of a respondent begins with the first of these, and every save ends with the others:
# statements that are not put together anew each time, which costs more than to run them.
# JSON, not JSONB: psycopg2 reads it, where Django leaves JSONB to its fields.
_FIELDS = [field.attname for field in Submission._meta.concrete_fields]
WORKING_COPY = f"""
    SELECT {", ".join(f"s.{name}" for name in _FIELDS)},
        c.revision, submissions_given(s.id), submissions_has_files(s.id)
    FROM submissions_submission s JOIN submissions_call c ON c.id = s.call_id
    WHERE s.public_id = %s AND c.slug = %s
"""  # noqa: S608 only the names of the table's own columns
GIVEN = "SELECT submissions_given(%s)"
LOCK = """
    SELECT state, amending_since, reference FROM submissions_submission
    WHERE id = %s FOR NO KEY UPDATE
"""
NOTE_SAVED = """
    UPDATE submissions_submission SET saved_at = greatest(saved_at, %(at)s) WHERE id = %(id)s
"""
KEEP = {
    table: f"""
        WITH noted AS ({NOTE_SAVED})
        INSERT INTO {table._meta.db_table} (submission_id, saved_at, question_id, value)
        SELECT %(id)s, %(at)s, given.* FROM unnest(%(keys)s::bigint[], %(values)s::jsonb[]) given
        ON CONFLICT (submission_id, question_id)
        DO UPDATE SET value = EXCLUDED.value, saved_at = EXCLUDED.saved_at
    """  # noqa: S608 only the portal's own tables
    for table in (Answer, IdentityAnswer)
}


def working_copy(public_id: UUID | str, slug: str) -> WorkingCopy | None:
    """Return the response of this identity to the call of that slug, and the call as it stands."""
    with connection.cursor() as cursor:
        cursor.execute(WORKING_COPY, [str(public_id), slug])
        found = cursor.fetchone()
    if found is None:
        return None
    *fields, revision, given, has_files = found
    submission = Submission.from_db(connection.alias, _FIELDS, fields)
    call = call_of_revision(submission.call_id, revision)
    return WorkingCopy(call, submission, _by_key(given, call), has_files)


def files_by_key(call: Call, attachments: Iterable[Attachment]) -> dict[str, list[Attachment]]:
    """Return the attachments by the key of their question."""
    keys = call.asked.keys
    found: dict[str, list[Attachment]] = {}
    for attachment in attachments:
        if attachment.question_id in keys:
            found.setdefault(keys[attachment.question_id], []).append(attachment)
    return found
