"""Writes by which words each response is found, and ends it with the response.

An entry is due while it is missing, stale, of an earlier version, of other labels of the call or
of other rules. A worker writes it: submitting knows nothing of this.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.attempts import Attempts
from core.canonical import digest
from core.words import words_in
from review.models import FileText, Note, Redaction, SearchEntry
from review.redaction.readable_texts import readable_answers, readable_file_texts
from review.states import LIVE_REDACTIONS, TextState
from submissions.calls.models import Call
from submissions.calls.states import CHOICE_KINDS, QuestionKind
from submissions.responses.models import Submission, Version
from submissions.responses.scanning import is_held_back, state_of
from submissions.responses.states import SubmissionState
from submissions.responses.transcript import say_answer

logger = logging.getLogger(__name__)
RULES = 3  # of the words that an entry has; another number makes all entries anew
LOOKED_UP = 1_000  # responses; what is due is looked up so seldom
BATCH = 50
SHORTENED = (1, 2, 4, 8)  # parts of the text of files that are tried until the vector holds them
# Of over 200,000 bytes `submissions_words` takes the beginning alone, so it gets a text in pieces
# of less, which end where a word does.
PIECE = re.compile(r".{1,45000}(?=\s|\Z)|.{1,45000}", re.DOTALL)
SEARCHED = (SubmissionState.SUBMITTED, SubmissionState.WITHDRAWN)
LONGEST_BEGINNING = 60  # letters of a word by which its beginning is found
# A position of its own between the parts, so that no phrase goes from one into the next.
GAP = "'''='':9'::tsvector"
# Weights order what is found: an answer (A) before a note (B), before the label of a choice (D).
ANSWERS = "setweight(version.word_index, 'A')"
OTHERS = (
    f"|| {GAP} || setweight(submissions_words(%(notes)s::jsonb), 'B')"
    f"|| {GAP} || setweight(submissions_words(%(labels)s::jsonb), 'D')"
)
BEGINNINGS = "|| array_to_tsvector(%(beginnings)s::text[])"
WRITE = """
INSERT INTO review_searchentry
    (submission_id, call_id, version_id, labels, rules, is_stale, words, files, is_redacted)
SELECT submission.id, submission.call_id, version.id, %(digest)s, %(rules)s, false, {words}, NULL,
    %(is_redacted)s
FROM submissions_submission AS submission
JOIN submissions_version AS version ON version.id = submission.current_version_id
WHERE submission.id = %(submission)s
ON CONFLICT (submission_id) DO UPDATE SET
    version_id = excluded.version_id, labels = excluded.labels, rules = excluded.rules,
    is_stale = false, words = excluded.words, files = excluded.files,
    is_redacted = excluded.is_redacted, words_outside = NULL, files_outside = NULL
"""
# For readers who may not see hidden words: the same without them.
WRITE_OUTSIDE = """
UPDATE review_searchentry AS entry SET words_outside = {words}
FROM submissions_version AS original
LEFT JOIN review_redactedversion AS redacted ON redacted.version_id = original.id
CROSS JOIN LATERAL (
    SELECT submissions_words(coalesce(redacted.texts, original.texts)) AS word_index
) AS version
WHERE entry.submission_id = %(submission)s AND original.id = entry.version_id
"""
WRITE_FILES = """
UPDATE review_searchentry SET {column} =
    setweight({words}, 'C') || array_to_tsvector(%(beginnings)s::text[])
WHERE submission_id = %(submission)s
"""


def write_due(*, until: Callable[[], bool]) -> int:
    """Write the entries that are due, in batches of one transaction each; return how many.

    `until` says after each batch whether it is time to stop. Raises SomeFailed after the others
    where one cannot be written.
    """
    with Attempts(logger) as attempts:
        return _write_due(until, attempts)


def _write_due(until: Callable[[], bool], attempts: Attempts) -> int:
    done = 0
    while keys := list(due().values_list("pk", flat=True)[:LOOKED_UP]):
        before = done
        for place in range(0, len(keys), BATCH):
            done += _write_some(keys[place : place + BATCH], attempts)
            if until():
                return done
        if done == before or len(keys) < LOOKED_UP:
            break
    return done


def due(calls: Iterable[Call] | None = None) -> QuerySet[Submission]:
    """Return the responses, of these calls or of all, whose entry is due; the first given first."""
    calls = Call.objects.all() if calls is None else calls
    now = Q(pk__in=())
    for call in calls:
        now |= Q(call=call, labels=labels_digest(call))
    written = SearchEntry.objects.filter(
        now,
        submission=OuterRef("pk"),
        version=OuterRef("current_version"),
        rules=RULES,
        is_stale=False,
    )
    return Submission.objects.filter(~Exists(written), state__in=SEARCHED, call__in=calls).order_by(
        "submitted_at", "pk"
    )


def words_changed(submission: int) -> None:
    """Have the entry made anew, in the transaction that changes the words of a note or a file.

    The response is locked: whoever writes its entry at that moment goes first, or waits.
    """
    Submission.objects.select_for_update(no_key=True).get(pk=submission)
    SearchEntry.objects.filter(submission=submission).update(is_stale=True)


def forget_words(submission: int) -> None:
    """End the entry, in the transaction that erases. What is left is read anew by a worker."""
    SearchEntry.objects.filter(submission=submission).delete()


def labels_digest(call: Call) -> str:
    """Return what tells the labels of the call's choices from those of another time."""
    said = [[q.key, q.kind, q.options, q.rows] for q in call.questions_in_order if _is_found_by(q)]
    return digest(json.dumps(said, sort_keys=True, default=str))[:16]


def labels_of(call: Call, version: Version) -> dict[str, str]:
    """Return the labels that the author chose, per question."""
    return {
        question.key: "\n".join(line.removeprefix("- ") for line in said)
        for question in call.questions_in_order
        if _is_found_by(question)
        and (value := version.choices.get(question.key))
        and (said := say_answer(question, value))
    }


def _is_found_by(question: Any) -> bool:
    """A ticked box says “Yes”, by which nobody is looked for."""
    return (
        question.kind in CHOICE_KINDS
        and question.kind != QuestionKind.CHECKBOX
        and not question.identity
    )


def _write_some(keys: list[int], attempts: Attempts) -> int:
    """Write the entries of these responses together; where one of them fails, each alone."""
    try:
        return _write_batch(keys)
    except Exception:  # noqa: BLE001 - raised again by the one that it is of
        done = 0
        for key in keys:
            with attempts.at("response %s, words for the search", key):
                done += _write_batch([key])
        return done


def _write_batch(keys: list[int]) -> int:
    """Write the entries of these responses; each is locked, so that nobody erases it meanwhile.

    One that somebody works on waits for the next time.
    """
    with transaction.atomic():
        batch = list(
            due()
            .filter(pk__in=keys)
            .select_related("call", "current_version")
            .defer("current_version__canonical_text")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
        )
        notes: dict[int, list[str]] = {}
        for key, text in Note.objects.filter(submission__in=batch).values_list(
            "submission", "text"
        ):
            notes.setdefault(key, []).append(text)
        versions = [submission.current_version_id for submission in batch]
        read = FileText.objects.filter(attachment__versions__in=versions, state=TextState.READ)
        with_texts = set(read.values_list("attachment__submission", flat=True))
        redacted = _redacted(batch)
        for submission in batch:
            is_redacted = submission.pk in redacted
            _write(submission, notes.get(submission.pk, []), is_redacted=is_redacted)
            if submission.pk in with_texts:
                _write_files(submission, is_redacted=is_redacted)
    return len(batch)


def _redacted(batch: list[Submission]) -> set[int]:
    """Return those of the responses of which words are hidden."""
    current = [one.current_version_id for one in batch]
    of_version = Q(version__in=current) | Q(file_text__attachment__versions__in=current)
    live = Redaction.objects.filter(of_version, state__in=LIVE_REDACTIONS)
    return set(live.order_by().values_list("version__submission", flat=True))


def _write(submission: Submission, notes: list[str], *, is_redacted: bool) -> None:
    version = submission.submitted_version
    labels = labels_of(submission.call, version)
    given: dict[str, Any] = {
        "submission": submission.pk,
        "digest": labels_digest(submission.call),
        "rules": RULES,
        "notes": json.dumps(dict(enumerate(notes))),
        "labels": json.dumps(labels),
        "beginnings": beginnings([*version.texts.values(), *labels.values(), *notes]),
        "is_redacted": is_redacted,
    }
    _write_words(WRITE, given)
    if is_redacted:
        readable = readable_answers(version)
        given["beginnings"] = beginnings([*readable.values(), *labels.values(), *notes])
        _write_words(WRITE_OUTSIDE, given)


def _write_words(statement: str, given: dict[str, Any]) -> None:
    """A vector holds a megabyte: a response of more is found by its answers at least."""
    for words in (ANSWERS + OTHERS + BEGINNINGS, ANSWERS + OTHERS, ANSWERS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement.format(words=words), given)
            return
        except OperationalError:
            if words == ANSWERS:
                raise


def _write_files(submission: Submission, *, is_redacted: bool) -> None:
    files = texts_of_files([submission.current_version_id])
    _write_words_of_files(submission, [found.text for found in files], "files")
    if is_redacted:
        readable = readable_file_texts(files)
        _write_words_of_files(submission, list(readable.values()), "files_outside")


def _write_words_of_files(submission: Submission, texts: list[str], column: str) -> None:
    """Write by which words of its files the response is found.

    Where they are too many for a vector, those of the beginning of each file; at worst none.
    """
    for parts in SHORTENED:
        shortened = [text[: len(text) // parts] for text in texts]
        given: dict[str, Any] = {
            "submission": submission.pk,
            "beginnings": beginnings(shortened),
        }
        words = ["''::tsvector"]
        for number, piece in enumerate(one for text in shortened for one in PIECE.findall(text)):
            given[f"piece{number}"] = json.dumps([piece])
            words.append(f"submissions_words(%(piece{number})s::jsonb)")
        statement = WRITE_FILES.format(column=column, words=f" || {GAP} || ".join(words))
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, given)
            return
        except OperationalError:
            continue


def texts_of_files(versions: Iterable[int | None]) -> list[FileText]:
    """Return what was read of files of these versions, but of those that are held back.

    The versions are of different responses, so that no file is in two of them.
    """
    read = FileText.objects.filter(
        attachment__versions__in=list(versions), state=TextState.READ
    ).select_related("attachment__scan")
    return [
        found
        for found in read.order_by("attachment")
        if not is_held_back(state_of(found.attachment))
    ]


def beginnings(texts: Iterable[str]) -> list[str]:
    """Return the words of the texts as they are written, by which their beginnings are found.

    English is indexed by stems, which “organisat” is not the beginning of. Of a script without
    spaces PostgreSQL knows no words, so that they are found by these. The mark keeps them apart
    from the stems.
    """
    return sorted({f"={word[:LONGEST_BEGINNING]}" for t in texts for word in words_in(t.lower())})
