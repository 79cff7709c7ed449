"""Finds the unread responses that are most unlike those that somebody has read.

A response is the more unlike them, the more of its different words are in none of these. A short
one has few words at all, so it counts less. Of a script without spaces the words are those of the
search, which has the labels of choices and the notes beside the answers. No text leaves the
database and this process.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from core.words import UNSPACED, has_no_spaces
from review.reading_faster.texts import (
    ALL_WORDS,
    JOIN_REDACTED,
    READABLE_WORDS,
    answers_of,
    as_found,
    small_words,
)
from review.redaction.readable_texts import sees_redacted
from review.searching.snippets import LONGEST_WORD
from review.visits import unread_by
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState, TriageStatus

MOST_COMPARED = 2_000  # unread responses, and read ones: of 20,000 it would take several seconds
MOST_SHOWN = 30
MOST_WORDS = 12  # of each response
FEW = 20  # different words; with less a response is not unlike others, but short
NEW = """
WITH seen AS MATERIALIZED (SELECT DISTINCT lexeme FROM ({words_of_read}) AS word)
SELECT word.id, count(*) AS words, count(*) FILTER (WHERE seen.lexeme IS NULL) AS new
FROM ({words_of_unread}) AS word LEFT JOIN seen ON seen.lexeme = word.lexeme
GROUP BY word.id
ORDER BY count(*) FILTER (WHERE seen.lexeme IS NULL)::float / (count(*) + %(few)s) DESC, word.id
LIMIT %(most)s
"""
SEEN = "SELECT DISTINCT lexeme FROM ({words_of_read}) AS word WHERE lexeme = ANY(%(lexemes)s)"
# Of a script without spaces the index has no words. Its last word says whether there can be one:
# it is the greatest, and these scripts come after those of most languages.
WORDS = """
SELECT id, lexeme FROM (
    SELECT version.id, unnest(tsvector_to_array({indexed})) AS lexeme
    FROM submissions_version AS version {join} WHERE version.id = ANY({keys})
) AS indexed
WHERE lexeme < '\u0e00' COLLATE "C" OR lexeme !~ '[{unspaced}]'
UNION ALL
SELECT version.id, found.lexeme
FROM submissions_version AS version
JOIN review_searchentry AS entry ON entry.version_id = version.id
CROSS JOIN LATERAL unnest({found_by}) AS found
WHERE version.id = ANY({keys})
  AND (tsvector_to_array(version.word_index))[length(version.word_index)] > '\u0e00' COLLATE "C"
  AND found.lexeme > '=\u0e00' COLLATE "C" AND found.lexeme ~ '^=[{unspaced}]'
"""
FOUND_BY = "entry.words"
FOUND_BY_OUTSIDE = "CASE WHEN entry.is_redacted THEN entry.words_outside ELSE entry.words END"


@dataclass(frozen=True)
class Unlike:
    """An unread response; `new` of its `words` different words are in none that was read.

    `said` are some of those, first the ones that it says most often.
    """

    response: Submission
    new: int
    words: int
    said: list[str]


@dataclass(frozen=True)
class UnlikeList:
    """`read` and `unread` say how many responses were compared.

    `left` is how many unread ones were not, and `earlier` how many read ones, which came earlier.
    """

    found: list[Unlike]
    read: int
    unread: int
    left: int
    earlier: int


def most_unlike(call: Call, rows: QuerySet[Submission], *, reader: User) -> UnlikeList:
    """Return those of `rows` that the reader has not read and that are most unlike what they read.

    What they read is looked for in the whole call; responses set aside are left out. Words that
    redaction hides from the reader count nowhere.
    """
    counting = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED)
    counting = counting.exclude(triage_status=TriageStatus.SET_ASIDE)
    unread = unread_by(reader, rows.filter(call=call, state=SubmissionState.SUBMITTED))
    unread = unread.exclude(triage_status=TriageStatus.SET_ASIDE)
    keys = list(unread.order_by("submitted_at", "pk").values_list("current_version", flat=True))
    all_unread = unread_by(reader, counting).order_by().values("pk")
    read = list(
        counting.exclude(pk__in=all_unread)
        .order_by("-submitted_at", "-pk")
        .values_list("current_version", flat=True)
    )
    earlier, read = len(read[MOST_COMPARED:]), read[:MOST_COMPARED]
    compared = keys
    if len(keys) > MOST_COMPARED:
        drawn = Random(f"{call.pk} {reader.pk}")  # noqa: S311 - the same ones again at each look
        compared = drawn.sample(keys, MOST_COMPARED)
    left = len(keys) - len(compared)
    if not read or not compared:
        return UnlikeList([], len(read), len(compared), left, earlier)
    given: dict[str, Any] = {"read": read, "unread": compared, "few": FEW, "most": MOST_SHOWN}
    with connection.cursor() as cursor:
        cursor.execute(NEW.format(**_words(call, reader)), given)
        found = [(key, words, new) for key, words, new in cursor.fetchall() if new]
    versions = Version.objects.filter(pk__in=[key for key, _, _ in found])
    by_key = {one.pk: one for one in versions.select_related("submission__review")}
    for version in by_key.values():
        version.submission.current_version = version
    said = _said(call, by_key.values(), read, reader)
    shown = [
        Unlike(by_key[key].submission, new, words, said.get(key, [])) for key, words, new in found
    ]
    return UnlikeList(shown, len(read), len(compared), left, earlier)


def _words(call: Call, reader: User) -> dict[str, str]:
    """SQL of the words that the reader may see of the read versions and of the unread ones."""
    if sees_redacted(reader, call):
        join, indexed, found_by = "", ALL_WORDS, FOUND_BY
    else:
        join, indexed, found_by = JOIN_REDACTED, READABLE_WORDS, FOUND_BY_OUTSIDE
    sql = {"join": join, "indexed": indexed, "found_by": found_by, "unspaced": UNSPACED}
    return {
        "words_of_read": WORDS.format(keys="%(read)s::bigint[]", **sql),
        "words_of_unread": WORDS.format(keys="%(unread)s::bigint[]", **sql),
    }


def _said(
    call: Call, versions: Iterable[Version], read: list[int], reader: User
) -> dict[int, list[str]]:
    """Return, by version, the words as they are written that no read response has."""
    answers = answers_of(call, versions, reader=reader)
    texts = {key: list(said.values()) for key, said in answers.items()}
    lexemes_of = _lexemes_of(text for those in texts.values() for text in those)
    with connection.cursor() as cursor:
        lexemes = sorted({lexeme for each in lexemes_of.values() for lexeme in each})
        cursor.execute(SEEN.format(**_words(call, reader)), {"read": read, "lexemes": lexemes})
        seen = {lexeme for (lexeme,) in cursor.fetchall()}
    found: dict[int, list[str]] = {}
    for key, those in texts.items():
        number: Counter[tuple[str, ...]] = Counter()
        first: dict[tuple[str, ...], str] = {}
        for word in small_words("\n".join(those)):
            stem = lexemes_of.get(word)
            if stem and not seen.issuperset(stem):
                number[stem] += 1
                first.setdefault(stem, word)
        found[key] = [first[stem] for stem, _ in number.most_common(MOST_WORDS)]
    return found


def _lexemes_of(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what the index has of each word of the texts in small letters, () for one like “the”.

    PostgreSQL cuts some words at marks of letters. Of a script without spaces it is what the words
    of the search have.
    """
    words = {word for text in texts for word in small_words(text)}
    whole = {word for word in words if has_no_spaces(word)}
    sql = (
        "SELECT word, tsvector_to_array(to_tsvector('pg_catalog.english', word)) "
        "FROM unnest(%s::text[]) AS word"
    )
    with connection.cursor() as cursor:
        asked = sorted(word for word in words - whole if len(word) <= LONGEST_WORD)
        cursor.execute(sql, [asked])
        found = {word: tuple(lexemes) for word, lexemes in cursor.fetchall()}
    return found | {word: (as_found(word),) for word in whole}
