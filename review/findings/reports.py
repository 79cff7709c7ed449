"""A report of a call's findings as data: what `report_text` says in words and `snapshot` keeps.

For readers outside the team nothing of a confidential response counts but in the totals, and
words stand only where their author allows it. Where the call hides small counts, these are hidden
there, and so are the responses that a number stands on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from accounts.models import User
from core.disclosure_control import each_hidden, is_few
from core.percentages import say_share
from review.coding.samples import to_code_blind
from review.errors import FindingRefused
from review.findings.agreeing import agreements_with
from review.findings.finding_counts import (
    Source,
    Stands,
    confidential_responses,
    counting_responses,
    stands_of,
)
from review.findings.method import Method, method_of
from review.findings.outline import Item, outline_of
from review.findings.printing import ReportPassage, passages_of
from review.findings.scale import scale_of, why_not_fitting
from review.models import Code, Finding, ReportHeading
from review.quotes.roles import RoleWords
from review.redaction.readable_texts import without_digest
from review.states import FindingStatus, ReportAudience
from submissions.calls.models import Call
from submissions.responses.models import Version
from submissions.responses.verifying import all_public


@dataclass(frozen=True)
class ReportCount:
    """How many of how many, None where it is hidden, and both in words.

    `is_few`: the finding stands on too few.
    """

    number: int | None
    of: int | None
    said: str
    is_few: bool = False


@dataclass(frozen=True)
class ReportFinding:
    """`stands` is all that it counts, `listed` what the report may list of it."""

    finding: Finding
    strength: str
    codes: list[Code]
    stands: Stands
    count: ReportCount
    listed: Stands
    warning: str
    passages: list[ReportPassage]
    has_more_passages: bool
    agreed: list[tuple[str, datetime]] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    call: Call
    audience: str
    by: str
    at: datetime
    scale: list[tuple[str, int]]
    items: list[ReportHeading | ReportFinding]
    method: Method

    @property
    def is_outside(self) -> bool:
        return self.audience == ReportAudience.OUTSIDE

    @property
    def hides(self) -> bool:
        """Whether small counts are hidden in it."""
        return self.is_outside and self.call.hides_small_counts

    @property
    def findings(self) -> list[ReportFinding]:
        return [item for item in self.items if isinstance(item, ReportFinding)]

    @cached_property
    def without_digest(self) -> set[tuple[str, int]]:
        """The versions whose digests are not in the file: they would tell words that are not there.

        Readers outside know less of a response than the team: short answers of those that are not
        published with names, and earlier versions, are theirs to guess, too.
        """
        hidden = without_digest(self.call)
        if not self.is_outside:
            return hidden
        versions = Version.objects.filter(submission__call=self.call)
        rest = versions.exclude(pk__in=all_public(versions).values("pk"))
        named = rest.values_list("submission__reference", "number")
        return hidden | {(str(reference), number) for reference, number in named}

    def digest_of(self, source: Source) -> str:
        """Return what the file says of the version's digest, "" where it says nothing."""
        hidden = (source.reference, source.version) in self.without_digest
        return "" if hidden else source.sha256

    def sources(self) -> list[Source]:
        """Return the versions that the report lists, by their references and numbers."""
        found = {source for item in self.findings for source in item.listed.base.values()}
        quoted = {one.source for item in self.findings for one in item.passages}
        return sorted(found | quoted, key=lambda one: (one.reference, one.version))


def report_of(call: Call, *, audience: str, reader: User | None, at: datetime) -> Report:
    """Return the report as it is now. `reader` None is the command line.

    For the team it has all findings but dropped ones; for readers outside those that are agreed.
    Raises FindingRefused for somebody who codes an open blind sample: others' codings are hidden
    from them.
    """
    if reader is not None and to_code_blind(reader).filter(sample__call=call).exists():
        raise FindingRefused(
            "You code a blind sample, and a report shows the codings of others: say first that you "
            "are done with its responses, or ask somebody else"
        )
    is_outside = audience == ReportAudience.OUTSIDE
    outline = [item for item in outline_of(call) if not is_outside or _is_agreed(item)]
    findings = [item for item in outline if isinstance(item, Finding)]
    once = not (is_outside and call.hides_small_counts)
    stands = stands_of(call, findings, reader=None, audience=audience, counts_once=once)
    apart = confidential_responses(call, audience) if is_outside else 0
    total = counting_responses(call, audience).count() + apart
    method = method_of(call, audience=audience)
    hidden = _Hiding(call, audience, total=total, apart=apart, hides_open=method.hides_open)
    codes = Code.objects.in_bulk({key for each in stands.values() for key in each.codes})
    scale, agreements = scale_of(call), agreements_with(findings)
    quoted = passages_of(findings, call, audience=audience, roles=RoleWords(call))
    made: list[ReportHeading | ReportFinding] = []
    for item in outline:
        if isinstance(item, ReportHeading):
            made.append(item)
            continue
        stood = stands[item.pk]
        passages, has_more = quoted[item.pk]
        count = hidden.count(item, stood)
        made.append(
            ReportFinding(
                finding=item,
                strength=item.strength.name if item.strength else "",
                codes=sorted((codes[key] for key in stood.codes), key=lambda code: code.name),
                stands=stood,
                count=count,
                listed=Stands({}) if hidden.hides else stood,
                warning=""
                if count.number is None or count.of is None
                else why_not_fitting(scale, item.strength, number=count.number, of=count.of),
                passages=passages,
                has_more_passages=has_more,
                agreed=agreements[item.pk],
            )
        )
    return Report(
        call=call,
        audience=audience,
        by=reader.get_username() if reader else "",
        at=at,
        scale=[(step.name, step.smallest_share) for step in scale],
        items=_without_empty_headings(made) if is_outside else made,
        method=method,
    )


def base_in_words(finding: Finding, call: Call, *, of: int | None, once: bool) -> str:
    """Return of whom the finding counts its share: “who answered “Good practice””.

    `of` is how many they are, None where that is hidden.
    """
    said = "response" if of == 1 else "responses"
    if finding.questions:
        questions = call.questions_by_key
        labels = [
            f"“{questions[key].label}”" if key in questions else f"“{key}”"
            for key in finding.questions
        ]
        said = f"who answered {' or '.join(labels)}"
    if finding.roles:
        names = dict(call.roles.values_list("key", "label"))
        roles = " or ".join(f"“{names.get(key, key)}”" for key in finding.roles)
        said += f", of those who are {roles}"
    if finding.counts_once:
        said += (
            ", each campaign counted once and duplicates not at all"
            if once
            else ", each response of a campaign counted"
        )
    return said


@dataclass(frozen=True)
class _Hiding:
    call: Call
    audience: str
    total: int
    apart: int
    hides_open: bool

    @property
    def hides(self) -> bool:
        return self.audience == ReportAudience.OUTSIDE and self.call.hides_small_counts

    def count(self, finding: Finding, stands: Stands) -> ReportCount:
        """Return the count as the report shows it."""
        number: int | None = stands.number
        of: int | None = stands.of
        if self.hides:
            of = each_hidden([stands.of], total=self.total, apart=self.apart)[0].number
            if self.hides_open and stands.of == self.total - self.apart:
                of = None
            shown = each_hidden([stands.number], total=stands.of)[0].number
            number = None if of is None else shown
        base = base_in_words(finding, self.call, of=of, once=not self.hides)
        said = _in_words(number, of, base, is_few=is_few(stands.number))
        few = is_few(stands.number) or is_few(stands.of)
        return ReportCount(number, of, said, few)


def _in_words(number: int | None, of: int | None, base: str, *, is_few: bool) -> str:
    if of is None:
        return f"the numbers are hidden, as one of them would tell a small count. Base: {base}"
    if number is None:
        return f"{'fewer than 5' if is_few else 'all but a few'} of {of:,} {base}"
    share = f" ({say_share(number, of)})" if of else ""
    return f"{number:,} of {of:,} {base}{share}"


def _is_agreed(item: Item) -> bool:
    return isinstance(item, ReportHeading) or item.status == FindingStatus.AGREED


def _without_empty_headings(
    items: Sequence[ReportHeading | ReportFinding],
) -> list[ReportHeading | ReportFinding]:
    """Leave out headings under which nothing stands."""
    return [
        item
        for place, item in enumerate(items, start=1)
        if isinstance(item, ReportFinding)
        or any(isinstance(after, ReportFinding) for after in items[place : place + 1])
    ]
