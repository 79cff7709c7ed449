"""What the made-up team makes of what it coded: memos, quotes, and findings with their passages."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from accounts.models import User
from review.coding.decided import standing_codings
from review.errors import FindingRefused
from review.findings.agreeing import agree
from review.findings.claims import Claim, change_finding, etag_of, set_status, write_finding
from review.findings.finding_counts import counting_responses, stands_of
from review.findings.passages import put_passage
from review.findings.scale import fitting_step, scale_of
from review.memos.writing import About, write_memo
from review.models import Code, Coding, Finding
from review.quotes.marking import mark_quote
from review.states import FindingStatus, ReportAudience, Stance
from submissions.calls.models import Call

PASSAGES = 5  # of a finding, at most


def write_up(call: Call, *, lead: User, colleague: User, at: datetime) -> tuple[int, int]:
    """Write memos and up to two findings, of which one is agreed.

    Return how many findings there are, and how many quotes they have.
    """
    codings = standing_codings(Coding.objects.filter(code__call=call, file_text=None))
    codings = codings.filter(version__submission__in=counting_responses(call, ReportAudience.TEAM))
    rows = list(codings.select_related("code", "version__submission", "question").order_by("pk"))
    most = Counter(coding.code for coding in rows).most_common(2)
    about = "What the sample was coded by. Change it before you code the rest."
    write_memo(About(call), title="How we code", text=about, by=lead, at=at)
    quotes = 0
    for number, (code, _) in enumerate(most):
        text = "Clear in most responses; see the definition."
        write_memo(About(call, code=code), title=code.name, text=text, by=lead, at=at)
        of_code = [coding for coding in rows if coding.code == code]
        finding = _finding(call, code, lead, at)
        quotes += _put_quotes(finding, of_code, lead, at)
        if number == 0:
            _agree(finding, lead=lead, colleague=colleague, at=at)
    return len(most), quotes


def _finding(call: Call, code: Code, by: User, at: datetime) -> Finding:
    """Write a finding whose strength is the word that fits its count."""
    claim = Claim(title=f"Respondents speak of {code.name.lower()}", codes=frozenset({code.pk}))
    finding = write_finding(call=call, claim=claim, by=by, at=at)
    stands = stands_of(call, [finding], reader=by)[finding.pk]
    step = fitting_step(scale_of(call), number=stands.number, of=stands.of)
    if step is None:
        return finding
    claim = replace(claim, strength=step.name)
    return change_finding(finding, claim=claim, base=finding.revision, by=by, at=at)


def _put_quotes(finding: Finding, codings: list[Coding], by: User, at: datetime) -> int:
    """Mark passages as quotes, and put those into the finding whose authors allow it."""
    there: set[int] = set()
    for coding in codings:
        if len(there) == PASSAGES:
            break
        quote = mark_quote(
            version=coding.version,
            question=coding.question,
            start=coding.start,
            end=coding.end,
            by=by,
            at=at,
        )
        try:
            put_passage(finding, quote, stance=Stance.SUPPORTS, by=by, at=at)
        except FindingRefused:  # its author does not allow it
            continue
        there.add(quote.pk)
    return len(there)


def _agree(finding: Finding, *, lead: User, colleague: User, at: datetime) -> None:
    """Ask for agreement, agree, and set the status."""
    finding.refresh_from_db()
    for status in (FindingStatus.FOR_AGREEMENT, FindingStatus.AGREED):
        if status == FindingStatus.AGREED:
            agree(finding, base=etag_of(finding, colleague), by=colleague, at=at)
        finding = set_status(finding, status=status, base=etag_of(finding, lead), by=lead, at=at)
