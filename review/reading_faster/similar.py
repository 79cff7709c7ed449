"""Finds passages that say something in the words of another, by the words that few responses have.

PostgreSQL's index says which answers have each word; for scripts without spaces the words of the
search do. Of the answers with the rarest ones each sentence is compared with the passage: a word
counts the more, the fewer responses have it. No text leaves the database and this process.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from math import fsum, log
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from core.words import words_in
from review.coding.places_in_text import Passage, sentences
from review.reading_faster.texts import (
    JOIN_REDACTED,
    READABLE_WORDS,
    RUN,
    answers_of,
    small_pieces,
    small_words,
    stems_of,
    words_at,
)
from review.redaction.readable_texts import sees_redacted
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState, TriageStatus

MOST_TERMS = 40  # different words of the passage, the first ones
MOST_OF_A_WORD = 5_000  # responses; a word that more of them have tells nothing
MOST_COMPARED = 150  # responses whose sentences are looked at
MOST_SHOWN = 30
LEAST_SHARE = 0.25  # of the weight of the passage's words
FEWEST_TERMS = 2  # words in common, where the passage has so many
LONGEST = 2_000  # characters of a sentence
HAVING = """
SELECT wanted.place, version.id
FROM (
    SELECT {query} AS query, place
    FROM unnest(%(runs)s::text[]) WITH ORDINALITY AS given(run, place)
) AS wanted
CROSS JOIN LATERAL (
    SELECT version.id FROM submissions_version AS version
    JOIN submissions_submission AS submission ON submission.current_version_id = version.id
    {join}
    WHERE submissions_indexed({words}) @@ wanted.query
      AND submission.call_id = %(call)s AND submission.state = %(submitted)s
      AND submission.triage_status <> %(set_aside)s
      AND ({readable})
    LIMIT %(most)s
) AS version
"""
IN_INDEX = {
    "query": "phraseto_tsquery('pg_catalog.english', run)",
    "words": "version.word_index",
    "join": "",
    "readable": "true",
}
# The index has all words: where some are hidden, those that are left have to have it, too.
OUTSIDE = {"join": JOIN_REDACTED, "readable": f"({READABLE_WORDS}) @@ wanted.query"}
IN_SEARCH = {
    "query": "run::tsquery",
    "words": "entry.words",
    "join": "JOIN review_searchentry AS entry ON entry.version_id = version.id",
    "readable": "true",
}
SEARCH_OUTSIDE = {
    "readable": "NOT entry.is_redacted OR coalesce(entry.words_outside @@ wanted.query, false)"
}


@dataclass(frozen=True)
class Found:
    """A passage of an answer; `pieces` are its parts, each with whether it is in both.

    `copies` are other responses with the same sentence, which are not shown again.
    """

    response: Submission
    question: Question
    passage: Passage
    pieces: list[tuple[str, bool]]
    share: int
    copies: int = 0


@dataclass(frozen=True)
class Similar:
    """`words` are those that were looked for, the rarest first, each with how many responses.

    `common` are words of the passage that too many responses have. `is_cut`: there are more.
    """

    found: list[Found] = field(default_factory=list)
    words: list[tuple[str, int]] = field(default_factory=list)
    common: list[str] = field(default_factory=list)
    is_cut: bool = False


@dataclass(frozen=True)
class _Sentence:
    version: Version
    question: Question
    passage: Passage
    text: str
    shared: frozenset[str]
    share: float


class _Stems:
    """Finds the stems of sentences; those of what stands between two spaces once.

    `pieces` are what `small_pieces` gives. A sentence may end within one: it has others than its
    text.
    """

    def __init__(self, stem_of: Mapping[str, str], weights: Iterable[str]) -> None:
        self._stem_of = stem_of
        self._weights = frozenset(weights)
        self._stems_in: dict[str, set[str]] = {}
        self._telling: set[str] = set()  # pieces with a stem that has a weight

    def shared(self, pieces: set[str]) -> frozenset[str]:
        """Return the stems that have a weight."""
        if not self._stems_in.keys() >= pieces:
            self._add(pieces)
        return self._weights & self.all_of(pieces & self._telling)

    def all_of(self, pieces: set[str]) -> set[str]:
        """Return all stems of pieces that were looked at, "" for words that count nothing."""
        return set(chain.from_iterable(map(self._stems_in.__getitem__, pieces)))

    def _add(self, pieces: set[str]) -> None:
        for piece in pieces:
            if piece not in self._stems_in:
                stems = {self._stem_of.get(word, "") for word in words_in(piece)}
                self._stems_in[piece] = stems
                if not self._weights.isdisjoint(stems):
                    self._telling.add(piece)


def similar_to(
    words: str, *, call: Call, reader: User, without: tuple[int, str, Passage] | None = None
) -> Similar:
    """Return the passages most like `words`, of responses that count, those set aside left out.

    Words that redaction hides from the reader find and count nothing.
    `without` is the place of the words themselves: version, question and passage.
    """
    known = stems_of([words])
    terms: dict[str, str] = {}  # each stem with the word as it was written first
    for run in small_words(words):
        if stem := known.get(run):
            terms.setdefault(stem, run)
    having = _having(call, dict(list(terms.items())[:MOST_TERMS]), reader)
    total = _counting(call)
    rare = {stem: keys for stem, keys in having.items() if 0 < len(keys) < MOST_OF_A_WORD}
    weights = {stem: log(1 + total / len(keys)) for stem, keys in rare.items()}
    if not weights:
        return Similar(common=[terms[stem] for stem, keys in having.items() if keys])
    scores: dict[int, float] = defaultdict(float)
    for stem, keys in rare.items():
        for key in keys:
            scores[key] += weights[stem]
    best = [key for key, _ in sorted(scores.items(), key=lambda one: (-one[1], -one[0]))]
    compared = _sentences(call, best[:MOST_COMPARED], weights, without, reader)
    return Similar(
        found=_shown(compared, weights),
        words=sorted(
            ((terms[stem], len(keys)) for stem, keys in rare.items()), key=lambda one: one[1]
        ),
        common=[terms[stem] for stem, keys in having.items() if len(keys) >= MOST_OF_A_WORD],
        is_cut=len(best) > MOST_COMPARED or len(compared) > MOST_SHOWN,
    )


def _having(call: Call, terms: Mapping[str, str], reader: User) -> dict[str, list[int]]:
    """Return, by each stem, the versions that have it; at most so many as tell something.

    `terms` has each stem with the word: PostgreSQL cuts some words at marks of letters, and then
    the index has the parts.
    """
    found: dict[str, list[int]] = {stem: [] for stem in terms}
    whole = [stem for stem in terms if stem.startswith("=")]
    sees = sees_redacted(reader, call)
    spaced = {stem: word for stem, word in terms.items() if stem not in whole}
    looked_for = (
        (IN_INDEX | ({} if sees else OUTSIDE), spaced),
        # Letters and marks alone: there is nothing to quote in them.
        (IN_SEARCH | ({} if sees else SEARCH_OUTSIDE), {stem: f"'{stem}'" for stem in whole}),
    )
    for sql, runs in looked_for:
        if not runs:
            continue
        stems = list(runs)
        given: dict[str, Any] = {
            "runs": list(runs.values()),
            "call": call.pk,
            "submitted": SubmissionState.SUBMITTED.value,
            "set_aside": TriageStatus.SET_ASIDE.value,
            "most": MOST_OF_A_WORD,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            # As in the search: the planner would read every entry where a word is common.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(HAVING.format(**sql), given)
            for place, key in cursor:
                found[stems[place - 1]].append(key)
            cursor.execute("SET LOCAL enable_seqscan = DEFAULT")
    return found


def _counting(call: Call) -> int:
    counting = Submission.objects.submitted().filter(call=call)
    return counting.exclude(triage_status=TriageStatus.SET_ASIDE).count()


def _sentences(
    call: Call,
    keys: list[int],
    weights: Mapping[str, float],
    without: tuple[int, str, Passage] | None,
    reader: User,
) -> list[_Sentence]:
    """Return the sentences with enough in common, the most first."""
    rows = Version.objects.filter(pk__in=keys).select_related("submission__review")
    versions = list(rows.defer("canonical_text"))
    texts = answers_of(call, versions, reader=reader)
    stem_of = stems_of(text for answers in texts.values() for text in answers.values())
    stems = _Stems(stem_of, weights)
    whole = sum(weights.values())
    fewest = min(FEWEST_TERMS, len(weights))
    found = []
    for version in versions:
        version.submission.current_version = version
        for key, text in texts[version.pk].items():
            if len(stems.shared(small_pieces(text))) < fewest:
                continue
            for passage in sentences(text):
                said = passage.quote(text)[:LONGEST]
                pieces = small_pieces(said)
                shared = stems.shared(pieces)
                if len(shared) < fewest or _is(without, version, key, passage):
                    continue
                # A long sentence has words of any other by chance.
                length = max(1.0, len(stems.all_of(pieces)) / len(weights))
                share = fsum(weights[stem] for stem in shared) / whole / (0.5 + 0.5 * length)
                if share >= LEAST_SHARE:
                    question = call.questions_by_key[key]
                    found.append(_Sentence(version, question, passage, said, shared, share))
    return sorted(found, key=lambda one: (-one.share, -one.version.pk, one.passage))


def _is(
    without: tuple[int, str, Passage] | None, version: Version, key: str, passage: Passage
) -> bool:
    """Whether the sentence is the passage itself, or has a part of it."""
    if without is None or without[:2] != (version.pk, key):
        return False
    return passage.start < without[2].end and without[2].start < passage.end


def _shown(compared: Iterable[_Sentence], weights: Mapping[str, float]) -> list[Found]:
    """Return the first of them, each wording once."""
    by_wording: dict[tuple[str, ...], list[_Sentence]] = {}
    for one in compared:
        by_wording.setdefault(tuple(RUN.findall(one.text.lower())), []).append(one)
    first = list(by_wording.values())[:MOST_SHOWN]
    stem_of = stems_of(those[0].text for those in first)
    return [
        Found(
            response=one.version.submission,
            question=one.question,
            passage=one.passage,
            pieces=_pieces(one.text, one.shared, stem_of),
            share=round(
                100 * min(1.0, sum(weights[s] for s in one.shared) / sum(weights.values()))
            ),
            copies=len({other.version.pk for other in those} - {one.version.pk}),
        )
        for those in first
        for one in those[:1]
    ]


def _pieces(
    text: str, shared: frozenset[str], stem_of: Mapping[str, str]
) -> list[tuple[str, bool]]:
    pieces, at = [], 0
    for word, place in words_at(text):
        if stem_of.get(word.lower()) in shared:
            pieces += [(text[at:place], False), (word, True)]
            at = place + len(word)
    pieces.append((text[at:], False))
    return [(piece, is_shared) for piece, is_shared in pieces if piece]
