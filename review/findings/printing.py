"""The passages of a finding as a report has them: the words where they may stand, the place always.

Readers outside the team get those passages alone whose words they may read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from review.findings.finding_counts import Place, Source, is_open
from review.models import Finding, FindingPassage, Quote
from review.quotes.consent import standing_of_each, why_not_answer
from review.quotes.quote_words import with_responses, words_of_each
from review.quotes.roles import RoleWords
from review.redaction.readable_texts import HIDDEN
from review.states import ReportAudience, Stance
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

PLACE_ALONE = "It is not in the quote bank"
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
    finding: Finding, *, audience: str, roles: RoleWords
) -> tuple[list[ReportPassage], bool]:
    """Return the passages that the report lists, and whether it leaves any out.

    Those of responses that are withdrawn, erased or set aside are nowhere. Of confidential ones
    readers outside are not even told that there are passages.
    """
    rows = list(
        finding.passages.select_related(
            "version__submission__current_version", "question", "file_text__attachment"
        )
        .filter(version__submission__state=SubmissionState.SUBMITTED)
        .exclude(version__submission__triage_status=TriageStatus.SET_ASIDE)
    )
    if audience == ReportAudience.OUTSIDE:
        theirs = Submission.objects.filter(pk__in={row.version.submission_id for row in rows})
        open_ones = set(theirs.filter(is_open(finding.call)).values_list("pk", flat=True))
        rows = [row for row in rows if row.version.submission_id in open_ones]
    why_not = why_not_printed(rows)
    words = _words_printed(rows, why_not)
    shown = [_passage(row, words.get(row.pk, ""), why_not[row.pk], roles) for row in rows]
    if audience != ReportAudience.OUTSIDE:
        return _in_order(shown), False
    printed = [one for one in shown if one.words]
    return _in_order(printed), len(printed) < len(shown)


def why_not_printed(rows: Collection[FindingPassage]) -> dict[int, str]:
    """Return why a report has no words of each passage, without a full stop; "" if it has them."""
    standing = standing_of_each(list(_quotes(rows).values()))
    found = {}
    for row in rows:
        if row.quote_id is None:
            response = row.version.submission
            not_allowed = why_not_answer(row.question, response, row.finding.call)
            found[row.pk] = not_allowed or PLACE_ALONE
        else:
            found[row.pk] = IN_A_FILE if row.file_text_id else standing[row.quote_id].why_not or ""
    return found


def _words_printed(rows: Collection[FindingPassage], why_not: Mapping[int, str]) -> dict[int, str]:
    quotes = _quotes(rows)
    printed = {row.pk: row.quote_id for row in rows if row.quote_id and not why_not[row.pk]}
    words = words_of_each([quotes[key] for key in printed.values()])
    return {pk: words[key] for pk, key in printed.items()}


def _quotes(rows: Collection[FindingPassage]) -> dict[int, Quote]:
    keys = {row.quote_id for row in rows if row.quote_id is not None}
    return {quote.pk: quote for quote in with_responses(Quote.objects.filter(pk__in=keys))}


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
