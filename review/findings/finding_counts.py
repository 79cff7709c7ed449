"""The count that a finding stands on: which responses are its base, and which of them say it.

A response says it if a passage of its current version is under one of the finding's codes. Where
the base is who answered certain questions, it has to be a passage of such an answer. Withdrawn,
erased and set-aside responses count nowhere, nor do codings against which somebody decided.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from review.coding.decided import standing_codings
from review.coding.samples import seen_by
from review.duplicates.counting_once import PARAMETERS, left_out_sql
from review.models import Code, Coding, Finding
from review.states import ReportAudience
from submissions.calls.models import Call
from submissions.calls.states import TEXT_KINDS, Publication, PublicationPolicy, QuestionKind
from submissions.responses.models import Submission, Version
from submissions.responses.states import SubmissionState, TriageStatus

PUBLISHED = [one.value for one in Publication if one != Publication.CONFIDENTIAL]


@dataclass(frozen=True, order=True)
class Place:
    """`[start, end)` in codepoints of an answer, or of what was read of a file that answers it."""

    question: str
    file: str
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """The version of a response that is counted."""

    reference: str
    version: int
    sha256: str


@dataclass(frozen=True)
class Stands:
    """What a finding stands on: `base` by the keys of the responses, `counted` their passages.

    `codes` are the keys of its codes.
    """

    base: Mapping[int, Source]
    counted: Mapping[int, list[Place]] = field(default_factory=dict)
    codes: Collection[int] = ()

    @property
    def number(self) -> int:
        return len(self.counted)

    @property
    def of(self) -> int:
        return len(self.base)


def counting_responses(call: Call, audience: str) -> QuerySet[Submission]:
    """Return the responses that count: for readers outside, without the confidential ones."""
    rows = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED)
    rows = rows.exclude(triage_status=TriageStatus.SET_ASIDE)
    return rows.filter(is_open(call)) if audience == ReportAudience.OUTSIDE else rows


def confidential_responses(call: Call, audience: str) -> int:
    """Return how many are confidential: to readers outside, those too that the team set aside.

    That it did so is what it thinks of them.
    """
    outside = audience == ReportAudience.OUTSIDE
    submitted = Submission.objects.filter(call=call, state=SubmissionState.SUBMITTED)
    rows = submitted if outside else counting_responses(call, audience)
    return rows.count() - rows.filter(is_open(call)).count()


def is_open(call: Call) -> Q:
    """Return the condition of responses that are not confidential, as exports have it."""
    if call.publication == PublicationPolicy.NEVER:
        return Q(pk__in=())
    if call.publication == PublicationPolicy.NOT_ASKED:
        return Q()
    return Q(current_version__choices__publication__in=PUBLISHED)


def stands_of(
    call: Call,
    findings: Iterable[Finding],
    *,
    reader: User | None,
    audience: str = ReportAudience.TEAM,
    counts_once: bool = True,
) -> dict[int, Stands]:
    """Return what each finding stands on, by its key: a query for each base, and one for all codes.

    `reader` None sees all codings; nobody sees others' in a blind sample. Without `counts_once`
    each response of a campaign counts, whatever a finding says.
    """
    listed = list(findings)
    codes = codes_of(listed)
    passages = _passages(call, {code for each in codes.values() for code in each}, reader)
    bases: dict[tuple[object, ...], dict[int, Source]] = {}
    found = {}
    for finding in listed:
        once = finding.counts_once and counts_once
        key = (tuple(finding.questions), tuple(finding.roles), once)
        if key not in bases:
            bases[key] = _base(call, finding, audience, once=once)
        base = bases[key]
        counted: dict[int, list[Place]] = defaultdict(list)
        for code in codes[finding.pk]:
            for submission, place in passages[code]:
                if submission in base and (
                    not finding.questions or place.question in finding.questions
                ):
                    counted[submission].append(place)
        found[finding.pk] = Stands(
            base,
            {key: sorted(set(places)) for key, places in sorted(counted.items())},
            codes[finding.pk],
        )
    return found


def why_nothing_counts(finding: Finding, call: Call) -> str:
    """Return why no passage can count for the finding, in a sentence; "" where some can."""
    asked = [call.questions_by_key.get(key) for key in finding.questions]
    kinds = {question.kind for question in asked if question is not None}
    if not finding.questions or kinds & {*TEXT_KINDS, QuestionKind.FILE}:
        return ""
    return (
        "No passage can count. It is counted among those who answered questions that have choices "
        "and no words: tick questions for words or files, too, or none."
    )


def codes_of(findings: Collection[Finding]) -> dict[int, set[int]]:
    """Return the keys of the codes of each finding: of a merged one, that of the other."""
    into: dict[int, Any] = dict(
        Code.objects.filter(
            call__in={one.call_id for one in findings}, merged_into__isnull=False
        ).values_list("pk", "merged_into")
    )
    found: dict[int, set[int]] = {one.pk: set() for one in findings}
    pairs = Finding.codes.through.objects.filter(finding__in=found).values_list("finding", "code")
    for finding, code in pairs:
        while code in into:
            code = into[code]
        found[finding].add(code)
    return found


def _passages(
    call: Call, codes: Collection[int], reader: User | None
) -> Mapping[int, list[tuple[int, Place]]]:
    # As a subquery: compared with a joined column, PostgreSQL expects one coding, and looks up each
    # code in each version.
    current = Submission.objects.filter(call=call).values("current_version")
    codings = standing_codings(Coding.objects.filter(code__in=codes, version__in=current))
    if reader is not None:
        codings = seen_by(codings, reader)
    rows: Iterable[Any] = codings.order_by().values_list(
        "code",
        "version__submission",
        "question__key",
        "file_text__attachment__public_id",
        "start",
        "end",
    )
    found: dict[int, list[tuple[int, Place]]] = defaultdict(list)
    for code, submission, question, file, start, end in rows:
        place = Place(question, "" if file is None else str(file), start, end)
        found[code].append((submission, place))
    return found


def _base(call: Call, finding: Finding, audience: str, *, once: bool) -> dict[int, Source]:
    rows = counting_responses(call, audience)
    if finding.questions:
        answered = Q(pk__in=())
        for key in finding.questions:
            answered |= _answered(call, key)
        rows = rows.filter(answered)
    if finding.roles:
        asked = [q.key for q in call.questions_in_order if q.kind == QuestionKind.ROLES]
        of_roles = Q(pk__in=())
        for key in asked:
            for role in finding.roles:
                of_roles |= Q(**{f"current_version__choices__{key}__contains": role})
        rows = rows.filter(of_roles)
    found = {
        pk: Source(str(reference), number, sha256)
        for pk, reference, number, sha256 in rows.order_by("pk").values_list(
            "pk", "reference", "current_version__number", "current_version__sha256"
        )
    }
    if once:
        for pk in left_out_once(call, list(found)):
            del found[pk]
    return found


def _answered(call: Call, key: str) -> Q:
    """Return the condition of responses that answered the question."""
    question = call.questions_by_key.get(key)
    if question is None:
        return Q(pk__in=())
    if question.kind == QuestionKind.FILE:
        files = Version.attachments.through.objects.filter(
            version=OuterRef("current_version"), attachment__question=question.pk
        )
        return Q(Exists(files))
    if question.kind in TEXT_KINDS:
        return Q(current_version__text_keys__contains=[key])
    return Q(current_version__choices__has_key=key)


def left_out_once(call: Call, among: list[int]) -> list[int]:
    """Return which of these responses counting each campaign once leaves out."""
    parameters: dict[str, Any] = {
        "call": call.pk,
        "submitted": SubmissionState.SUBMITTED.value,
        "among": among,
    }
    with connection.cursor() as cursor:
        cursor.execute(left_out_sql("submission.id = ANY(%(among)s)"), PARAMETERS | parameters)
        return sorted({row[0] for row in cursor.fetchall()})
