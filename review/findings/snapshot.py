"""What is kept of a report: every number, and the place and digest of all that it stood on.

It is JSON. It has no words of a response, none of a claim and none of a heading: those have their
digests. So an erasure finds nothing in it.
"""

from typing import Any

from core.canonical import digest
from review.findings.finding_counts import Place
from review.findings.printing import ReportPassage
from review.findings.reports import Report, ReportFinding
from review.models import ReportHeading

Snapshot = dict[str, Any]


def snapshot_of(report: Report) -> Snapshot:
    findings = report.findings
    return {
        "scale": dict(report.scale),
        "outline": [_item(item) for item in report.items],
        "responses": {
            source.reference: [source.version, source.sha256] for source in _sources(findings)
        },
        "findings": {str(one.finding.guid): _finding(one) for one in findings},
        "method": {fact.key: fact.value for fact in report.method.facts},
    }


def findings_in_order(snapshot: Snapshot) -> list[str]:
    """Return the keys of its findings as its outline has them: kept JSON has another order."""
    return [key for kind, key, *_ in snapshot["outline"] if kind == "finding"]


def _item(item: ReportHeading | ReportFinding) -> list[str]:
    if isinstance(item, ReportHeading):
        return ["heading", str(item.pk), digest(item.title)]
    return ["finding", str(item.finding.guid)]


def _sources(findings: list[ReportFinding]) -> list[Any]:
    found = {source.reference: source for one in findings for source in one.stands.base.values()}
    return [found[reference] for reference in sorted(found)]


def _finding(one: ReportFinding) -> dict[str, Any]:
    finding, stands = one.finding, one.stands
    return {
        "claim": digest(f"{finding.title}\n{finding.text}"),
        "status": finding.status,
        "strength": one.strength,
        "codes": sorted(str(code.guid) for code in one.codes),
        "questions": finding.questions,
        "roles": finding.roles,
        "once": finding.counts_once,
        "number": stands.number,
        "of": stands.of,
        "base": sorted(source.reference for source in stands.base.values()),
        "counted": {
            stands.base[key].reference: [_place(place) for place in places]
            for key, places in stands.counted.items()
        },
        "passages": [_passage(passage) for passage in one.passages],
        "agreed": [[name, at.isoformat()] for name, at in one.agreed],
    }


def _place(place: Place) -> list[str | int]:
    return [place.question, place.file, place.start, place.end]


def _passage(passage: ReportPassage) -> dict[str, Any]:
    source = passage.source
    return {
        "stance": passage.stance.value,
        "reference": source.reference,
        "version": source.version,
        "sha256": source.sha256,
        "place": _place(passage.place),
        "printed": bool(passage.words),
        "redacted": [list(part) for part in passage.redacted],
    }
