"""What the coders of a sample can be compared by: the texts that at least two of them had open.

A coder had open what they were done with: each answer of the version that was the latest at that
moment. Of a file they had open what was read of it, if they coded in it, or may open files and
another coder coded in it. What they coded after they were done counts for nothing here.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet

from accounts.models import AuditEvent, User
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.codings import can_be_coded
from review.coding.places_in_text import Passage, sentences
from review.coding.samples import to_code_blind
from review.models import Code, Coding, CodingDone, CodingSample, FileText
from submissions.calls.models import Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState

FEWEST = 2  # coders of a response that can be compared

Place = tuple[int, int, int | None]  # version, question, text of a file


@dataclass(frozen=True)
class PlacedCoding:
    code: int
    coder: int
    passage: Passage


@dataclass(frozen=True)
class ComparedText:
    """An answer, or what was read of a file; `coders` are those who had it open, by key.

    `number` is that of the version.
    """

    response: Submission
    version: int
    number: int
    question: Question
    text: str
    coders: frozenset[int]
    file_text: FileText | None = None
    codings: list[PlacedCoding] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return self.version, self.question.pk, self.file_text.pk if self.file_text else None

    @cached_property
    def sentences(self) -> list[Passage]:
        return sentences(self.text)

    @cached_property
    def coded_sentences(self) -> dict[int, dict[int, set[int]]]:
        """Return who coded each sentence with what: by its number, then by the code's key."""
        found: dict[int, dict[int, set[int]]] = {}
        starts = [one.start for one in self.sentences]
        for coding in self.codings:
            here = max(bisect_right(starts, coding.passage.start) - 1, 0)
            while here < len(starts) and starts[here] < coding.passage.end:
                if self.sentences[here].end > coding.passage.start:
                    of_sentence = found.setdefault(here, {})
                    of_sentence.setdefault(coding.code, set()).add(coding.coder)
                here += 1
        return found


@dataclass(frozen=True)
class Comparison:
    """`drawn` is how many responses the sample has; `waiting` those that cannot be compared yet.

    `done` has, by response, the coders who are compared, and `said_done` all who are done with it,
    with another version as well. `left_out` are withdrawn, erased or set aside. `amended` are those
    of which no two coders had the same version open. `taken_away` counts the codings that were
    removed after the sample was closed.
    """

    sample: CodingSample
    coders: dict[int, User]
    codes: dict[int, Code]
    texts: list[ComparedText]
    done: dict[int, frozenset[int]]
    said_done: dict[int, frozenset[int]]
    drawn: int
    left_out: int
    waiting: int
    amended: int
    taken_away: int

    @property
    def responses(self) -> int:
        return len(self.done)


def is_hidden_from(sample: CodingSample, reader: User) -> bool:
    """Return whether the reader still codes a response of the sample blind, here or in another."""
    responses = sample.responses.values("submission")
    return to_code_blind(reader).filter(submission__in=responses).exists()


def compare(
    sample: CodingSample,
    *,
    only: Submission | None = None,
    among: QuerySet[Submission] | None = None,
) -> Comparison:
    """Read what is compared, in a number of queries that depends on the coders alone.

    `only` one response of the sample, or those `among` others.
    """
    rows = sample.responses.select_related("submission")
    if only is not None:
        rows = rows.filter(submission=only)
    if among is not None:
        rows = rows.filter(submission__in=among)
    drawn = {row.pk: row.submission for row in rows.order_by("pk")}
    counting = {
        key: one
        for key, one in drawn.items()
        if one.state == SubmissionState.SUBMITTED and not one.is_set_aside
    }
    finished: dict[int, dict[int, datetime]] = defaultdict(dict)
    for sampled, coder, at in CodingDone.objects.filter(sampled__in=counting).values_list(
        "sampled", "coder", "at"
    ):
        finished[counting[sampled].pk][coder] = at
    enough = {key: by for key, by in finished.items() if len(by) >= FEWEST}
    chosen = _versions_open(enough)
    responses = {one.pk: one for one in counting.values() if one.pk in chosen}
    coders = User.objects.in_bulk({coder for _, open_to in chosen.values() for coder in open_to})
    codings = _codings(chosen, enough)
    texts = [
        text
        for key, response in responses.items()
        for text in _texts(sample, response, *chosen[key], codings[key], coders)
    ]
    used = {coding.code for text in texts for coding in text.codings}
    return Comparison(
        sample=sample,
        coders=coders,
        codes=Code.objects.in_bulk(used),
        texts=texts,
        done={key: chosen[key][1] for key in responses},
        said_done={key: frozenset(finished[key]) for key in responses},
        drawn=len(drawn),
        left_out=len(drawn) - len(counting),
        waiting=len(counting) - len(enough),
        amended=len(enough) - len(responses),
        taken_away=_taken_away(sample, set(responses)),
    )


def _versions_open(
    finished: dict[int, dict[int, datetime]],
) -> dict[int, tuple[Version, frozenset[int]]]:
    """Return, by response, the latest version that two coders had open, and who they are."""
    rows = Version.objects.filter(submission__in=finished).only(
        "submission", "number", "received_at", "texts"
    )
    found = {}
    versions: dict[int, list[Version]] = defaultdict(list)
    for version in rows.order_by("submission", "number"):
        versions[version.submission_id].append(version)
    for response, by in finished.items():
        of_version: dict[int, set[int]] = defaultdict(set)
        for coder, at in by.items():
            there = [n for n, one in enumerate(versions[response]) if one.received_at <= at]
            of_version[there[-1] if there else 0].add(coder)
        for number in sorted(of_version, reverse=True):
            if len(of_version[number]) >= FEWEST:
                found[response] = versions[response][number], frozenset(of_version[number])
                break
    return found


def _codings(
    chosen: dict[int, tuple[Version, frozenset[int]]], finished: dict[int, dict[int, datetime]]
) -> dict[int, list[Coding]]:
    """Return, by response, what its coders coded of the version before they were done."""
    found: dict[int, list[Coding]] = defaultdict(list)
    rows = Coding.objects.filter(version__in=[version for version, _ in chosen.values()])
    rows = rows.only(
        "code", "version__submission", "question", "file_text", "start", "end", "by", "at"
    )
    for coding in rows.select_related("version").order_by("pk"):
        response = coding.version.submission_id
        is_of_coder = coding.by_id in chosen[response][1]
        if is_of_coder and coding.at <= finished[response][coding.by_id]:
            found[response].append(coding)
    return found


def _texts(
    sample: CodingSample,
    response: Submission,
    version: Version,
    open_to: frozenset[int],
    codings: Collection[Coding],
    coders: dict[int, User],
) -> Iterator[ComparedText]:
    by_place: dict[tuple[int, int | None], list[PlacedCoding]] = defaultdict(list)
    for one in codings:
        by_place[one.question_id, one.file_text_id].append(
            PlacedCoding(one.code_id, one.by_id, Passage(one.start, one.end))
        )
    questions = sample.call.questions_in_order
    for question in questions:
        if can_be_coded(question, version):
            of_answer = by_place.get((question.pk, None), [])
            text = version.texts[question.key]
            yield ComparedText(
                response, version.pk, version.number, question, text, open_to, codings=of_answer
            )
    files = {file for _, file in by_place if file is not None}
    read = FileText.objects.select_related("attachment").in_bulk(files) if files else {}
    of_key = {question.pk: question for question in questions}
    for (key, file), of_file in by_place.items():
        if file is None or key not in of_key:
            continue
        theirs = {one.coder for one in of_file}
        may_open = {one for one in open_to if may(coders[one], Action.OPEN_FILES, sample.call_id)}
        had_open = frozenset(theirs | may_open)
        if len(had_open) >= FEWEST:
            yield ComparedText(
                response,
                version.pk,
                version.number,
                of_key[key],
                read[file].text,
                had_open,
                read[file],
                of_file,
            )


def _taken_away(sample: CodingSample, responses: Collection[int]) -> int:
    """Return how many codings of the sample's coders were removed since it was closed."""
    if sample.closed_at is None:
        return 0
    removed = AuditEvent.objects.filter(
        action=AuditAction.CODING_REMOVED,
        at__gte=sample.closed_at,
        call=sample.call_id,
        submission__in=responses,
        actor__in=sample.coders.all(),
    )
    return removed.count()
