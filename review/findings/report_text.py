"""A report in words: headings, paragraphs, quotations and tables, whatever file they go into."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.control_characters import with_line_ends
from core.direction import isolated, leading
from core.spoken_time import say_moment
from review.findings.finding_counts import Place
from review.findings.method import labels_of
from review.findings.printing import ReportPassage
from review.findings.reports import Report, ReportFinding
from review.models import ReportHeading
from review.states import FindingStatus, Stance

FIRST, SECOND = 2, 3  # levels of headings below the title
STANCES = {
    Stance.SUPPORTS: "Passages that support it",
    Stance.CONTRARY: "Passages that speak against it",
}
FEW = "This finding stands on fewer than 5 responses: read it with care."
MORE = "Further passages are not shown here, as their words may not be printed."
HOW_COUNTED = (
    "A response counts for a finding if a passage of its current version is under one of the codes "
    "of the finding; where the base is who answered certain questions, a passage of an answer to "
    "one of these. Responses that are withdrawn, erased or set aside count nowhere. Where "
    "campaigns count once, the response that stands for a campaign counts. Texts that the portal "
    "read out of files are coded like answers; no words of files are printed."
)
LEADS_BACK = (
    "Characters are counted in Unicode code points of the answer, from 0, the end not included. "
    "The SHA-256 is that of the whole version, which its author has on the receipt. Each number "
    "stands on the responses that the appendix lists for its finding."
)
CONSENT = (
    "Words are printed only of passages in the team’s quote bank, and only where the author of the "
    "response allows it. Of any other passage the place alone is given."
)
REDACTIONS = (
    "What was redacted is shown as █, one for each character, so that the places stay true."
)
CONFIDENTIAL = (
    "Confidential responses are among the responses received, and in no number of a finding, "
    "passage or list. What was set aside, campaigns, coding and agreement are counted without "
    "them, too."
)
HIDING = (
    "This call hides small counts. A number of responses from 1 to 4 is shown as fewer than 5, one "
    "that leaves 1 to 4 of its base as all but a few, and a base from which either could be worked "
    "out is not shown. Each response of a campaign counts, as the difference would tell small "
    "counts. The responses behind each number are not listed here: the project team has them with "
    "this report. Somebody who sets findings with overlapping codes against each other may still "
    "narrow down a hidden number."
)
HIDDEN_WORDS = "Not given: it would help to guess words of it that are hidden or not public"
NOT_HIDING = "Small counts are shown as they are."


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str
    label: str = ""


@dataclass(frozen=True)
class Quotation:
    """The words, "" where they may not stand, and where they are."""

    words: str
    source: str


@dataclass(frozen=True)
class Table:
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Quotation | Table


def title_of(report: Report) -> str:
    return f"Findings: {isolated(report.call.title)}"


def blocks_of(report: Report) -> Iterator[Block]:
    """Yield the report below its title."""
    yield Paragraph(said_of(report))
    if not report.findings:
        yield Paragraph("There are no findings yet.")
    level = FIRST
    for item in report.items:
        if isinstance(item, ReportHeading):
            yield Heading(FIRST, item.title)
            level = SECOND
        else:
            yield from _finding(report, item, level)
    yield from _method(report)
    yield from _numbers(report)
    yield from _sources(report)


def number_of(report: Report, item: ReportFinding) -> int:
    return report.findings.index(item) + 1


def said_place(place: Place, label: str) -> str:
    where = f"“{isolated(label)}”"
    if place.file:
        where += f", in the file {isolated(place.file)}"
    return f"{where}, characters {place.start:,} to {place.end:,}"


def said_of(report: Report) -> str:
    """Say when the report was made and for whom, and what to mind about it."""
    when = say_moment(report.at, report.call.timezone)
    whom = "readers outside the project team" if report.is_outside else "the project team"
    said = f"Made at {when} for {whom}."
    if not report.is_outside:
        said += " It names confidential responses: keep it in the team."
        if any(item.finding.status != FindingStatus.AGREED for item in report.findings):
            said += " It has findings that are not agreed; each says so."
    return said


def _finding(report: Report, item: ReportFinding, level: int) -> Iterator[Block]:
    finding = item.finding
    yield Heading(level, f"{number_of(report, item)}. {finding.title}")
    if finding.status != FindingStatus.AGREED:
        yield Paragraph(finding.get_status_display(), label="Status")
    for line in finding.text.split("\n"):
        if line.strip():
            yield Paragraph(line)
    word = f"“{item.strength}”: " if item.strength else ""
    yield Paragraph(f"{word}{item.count.said}.", label="Strength")
    if item.warning:
        yield Paragraph(item.warning, label="The word does not fit")
    if item.count.is_few:
        yield Paragraph(FEW)
    yield Paragraph("; ".join(code.name for code in item.codes) or "none", label="Codes")
    for stance, title in STANCES.items():
        passages = [one for one in item.passages if one.stance == stance]
        if passages:
            yield Heading(level + 1, title)
        for passage in passages:
            yield Quotation(with_line_ends(passage.words), said_source(passage))
    if item.has_more_passages:
        yield Paragraph(MORE)
    if item.agreed:
        yield Paragraph(said_agreed(report, item), label="Agreed by")


def said_source(passage: ReportPassage) -> str:
    """Return where a passage is, and why its words do not stand there if they do not."""
    source = passage.source
    where = said_place(passage.place, passage.question)
    who = f"{leading(passage.role)}, " if passage.role else ""
    said = f"{who}{source.reference}, version {source.version}, {where}"
    if not passage.is_current:
        said += "; its author has amended the response since"
    return f"{said}. {passage.why_not}" if passage.why_not else said


def said_agreed(report: Report, item: ReportFinding) -> str:
    """Return who agrees and since when; to readers outside, how many do."""
    if report.is_outside:
        number = len(item.agreed)
        return f"{number} member{'s' * (number != 1)} of the project team"
    zone = report.call.timezone
    return "; ".join(f"{name}, {say_moment(at, zone)}" for name, at in item.agreed)


def _method(report: Report) -> Iterator[Block]:
    call = report.call
    yield Heading(FIRST, "Appendix: method")
    labels = labels_of(call, [fact.key for fact in report.method.facts])
    facts = [(labels[fact.key], fact.value) for fact in report.method.facts]
    yield Table("Responses, campaigns, coding and dates", ("What", "Number or date"), facts)
    yield Heading(SECOND, "The words for strength")
    steps = [(name, f"{share}%") for name, share in report.scale]
    yield Table("The scale of this call", ("Word", "From this share of the base on"), steps)
    yield Heading(SECOND, "How it was counted")
    yield Paragraph(HOW_COUNTED)
    if report.is_outside:
        yield Paragraph(CONFIDENTIAL)
    yield Paragraph(HIDING if report.hides else NOT_HIDING)
    yield Heading(SECOND, "How words and numbers lead back")
    yield Paragraph(LEADS_BACK)
    yield Paragraph(CONSENT)
    yield Paragraph(REDACTIONS)


def _numbers(report: Report) -> Iterator[Block]:
    if report.hides:
        return
    yield Heading(FIRST, "Appendix: what each number stands on")
    for item in report.findings:
        yield Heading(SECOND, f"{number_of(report, item)}. {item.finding.title}")
        yield Paragraph(f"{item.count.said}.")
        rows = [
            (
                source.reference,
                str(source.version),
                "; ".join(_short(place) for place in item.listed.counted[key]),
            )
            for key, source in item.listed.base.items()
            if key in item.listed.counted
        ]
        if rows:
            caption = f"Counted for finding {number_of(report, item)}"
            yield Table(caption, ("Response", "Version", "Passages"), sorted(rows))
        rest = sorted(
            source.reference
            for key, source in item.listed.base.items()
            if key not in item.listed.counted
        )
        if rest:
            yield Paragraph(", ".join(rest), label="In the base, and not counted")


def _short(place: Place) -> str:
    file = f" (file {place.file})" if place.file else ""
    return f"{place.question}{file} {place.start}–{place.end}"


def _sources(report: Report) -> Iterator[Block]:
    rows = [
        (source.reference, str(source.version), report.digest_of(source) or HIDDEN_WORDS)
        for source in report.sources()
    ]
    if rows:
        yield Heading(FIRST, "Appendix: responses and their digests")
        yield Table(
            "Responses that this report stands on", ("Response", "Version", "SHA-256"), rows
        )
