"""The passages of a finding as a report has them: the words where they may stand, the place always.

Readers outside the team get those passages alone whose words they may read.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import QuerySet

from review.findings.finding_counts import Place, Source, is_open
from review.models import Finding, FindingPassage, Quote
from review.quotes.consent import standing_of_each, why_not_answer
from review.quotes.roles import RoleWords
from review.redaction.readable_texts import HIDDEN, readable_quotes
from review.states import ReportAudience, Stance
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

PLACE_ALONE = "It does not stand here as a quote of the bank"
IN_A_FILE = "It is in a file: no report has the words of files"


@dataclass(frozen=True)
class ReportPassage:
    """`words` are empty where `why_not` says why they do not stand in the report.

    `role` is what its author is, in words that are safe to print. `redacted` are the parts of the
    passage that are hidden from readers outside the team, as offsets in the answer.
    """

    stance: Stance
    source: Source
    role: str
    place: Place
    question: str
    words: str
    why_not: str
    is_current: bool
    redacted: list[tuple[int, int]] = field(default_factory=list)


def passages_of(
    findings: Collection[Finding], call: Call, *, audience: str, roles: RoleWords
) -> dict[int, tuple[list[ReportPassage], bool]]:
    """Return by finding the passages that the report lists, and whether it leaves any out.

    Those of responses that are withdrawn, erased or set aside are nowhere. Of confidential ones
    readers outside are not even told that there are passages.
    """
    rows = list(
        with_quotes(FindingPassage.objects.filter(finding__in=findings))
        .filter(version__submission__state=SubmissionState.SUBMITTED)
        .exclude(version__submission__triage_status=TriageStatus.SET_ASIDE)
        .defer("file_text__text")
    )
    if audience == ReportAudience.OUTSIDE:
        theirs = Submission.objects.filter(pk__in={row.version.submission_id for row in rows})
        open_ones = set(theirs.filter(is_open(call)).values_list("pk", flat=True))
        rows = [row for row in rows if row.version.submission_id in open_ones]
    why_not = why_not_printed(rows, call)
    words = readable_quotes([row for row in rows if row.quote_id and not why_not[row.pk]])
    shown: dict[int, list[ReportPassage]] = {finding.pk: [] for finding in findings}
    for row in rows:
        one = _passage(row, words.get(row.pk, ""), why_not[row.pk], roles)
        shown[row.finding_id].append(one)
    if audience != ReportAudience.OUTSIDE:
        return {key: (_in_order(passages), False) for key, passages in shown.items()}
    return {
        key: (_in_order([one for one in passages if one.words]), not all(p.words for p in passages))
        for key, passages in shown.items()
    }


def with_quotes(passages: QuerySet[FindingPassage]) -> QuerySet[FindingPassage]:
    """Fetch with the passages what tells whether a report has their words."""
    return passages.select_related(
        "version__submission__current_version", "question", "file_text__attachment", "quote"
    ).defer(
        "version__canonical_text",
        "version__submission__current_version__texts",
        "version__submission__current_version__canonical_text",
    )


def why_not_printed(rows: Collection[FindingPassage], call: Call) -> dict[int, str]:
    """Return why a report has no words of each passage, without a full stop; "" if it has them.

    Fetch the rows, all of the call, by `with_quotes`.
    """
    standing = standing_of_each([_quote(row, row.quote, call) for row in rows if row.quote])
    found = {}
    for row in rows:
        if row.quote_id is None:
            not_allowed = why_not_answer(row.question, row.version.submission, call)
            found[row.pk] = not_allowed or PLACE_ALONE
        else:
            found[row.pk] = IN_A_FILE if row.file_text_id else standing[row.quote_id].why_not or ""
    return found


def _quote(row: FindingPassage, quote: Quote, call: Call) -> Quote:
    """Return the quote that the passage is, with what the passage knows already: its place."""
    quote.call, quote.version, quote.question = call, row.version, row.question
    quote.file_text = row.file_text
    return quote


def _passage(row: FindingPassage, words: str, why_not: str, roles: RoleWords) -> ReportPassage:
    version = row.version
    response = version.submission
    original = version.texts.get(row.question.key, "")[row.start : row.end]
    return ReportPassage(
        stance=Stance(row.stance),
        source=Source(str(response.reference), version.number, version.sha256),
        role=roles.of(response.submitted_version) if words else "",
        place=Place(
            row.question.key,
            str(row.file_text.attachment.public_id) if row.file_text else "",
            row.start,
            row.end,
        ),
        question=row.question.label,
        words=words,
        why_not=why_not,
        is_current=version.pk == response.current_version_id,
        redacted=_redacted(words, original, row.start),
    )


def _redacted(words: str, original: str, start: int) -> list[tuple[int, int]]:
    """Return where the words differ from the answer: each character is replaced by one."""
    found: list[tuple[int, int]] = []
    for place, (shown, written) in enumerate(zip(words, original, strict=False), start=start):
        if shown == HIDDEN and written != HIDDEN:
            if found and found[-1][1] == place:
                found[-1] = (found[-1][0], place + 1)
            else:
                found.append((place, place + 1))
    return found


def _in_order(passages: list[ReportPassage]) -> list[ReportPassage]:
    """Supporting ones first, then by reference and place."""
    return sorted(
        passages,
        key=lambda one: (one.stance != Stance.SUPPORTS, one.source.reference, one.place),
    )
