"""The files of a report: Word, one HTML page that needs nothing else, and CSV."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.safe_cells import neutralise
from core.word_file import WordFrame, bold, heading, paragraph, run, table
from core.word_template import QUOTE
from review.findings.finding_counts import Place, Source
from review.findings.method import labels_of
from review.findings.report_text import (
    Block,
    Heading,
    Paragraph,
    Quotation,
    Table,
    blocks_of,
    number_of,
    said_agreed,
    said_of,
    title_of,
)
from review.findings.reports import Report, ReportFinding
from review.states import ReportFormat

CONTENT_TYPES = {
    ReportFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.CSV: "text/csv; charset=utf-8; header=present",
}
INDENTED = '<w:ind w:left="567"/>'  # a centimetre
COLUMNS = (
    "kind",
    "finding",
    "title",
    "text",
    "value",
    "words",
    "role",
    "reference",
    "version",
    "sha256",
    "question",
    "file",
    "start",
    "end",
    "note",
)
STYLE = (
    "body{font:1rem/1.5 sans-serif;max-width:45rem;margin:1rem auto;padding:0 1rem;color:#111;"
    "background:#fff;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "caption{text-align:left;font-weight:bold}"
    "th,td{border:1px solid #666;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "thead th{overflow-wrap:break-word}"
    "blockquote{margin:1rem 0;padding-left:1rem;border-left:4px solid #666;white-space:pre-line}"
    "h1,h2,h3,h4,h5,h6,p,caption,th,td,blockquote{unicode-bidi:plaintext}"
)
PAGE = (
    '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n{}\n"
    "</main>\n</body>\n</html>\n"
)


def file_of(report: Report, file_format: str) -> bytes:
    return _FORMATS[file_format](report)


def as_docx(report: Report) -> bytes:
    title = title_of(report)
    file = io.BytesIO()
    body = [heading(title, 1), *(piece for block in blocks_of(report) for piece in _word(block))]
    WordFrame(footer=title, at=report.at).write(file, title=title, body=body)
    return file.getvalue()


def _word(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield heading(text, level)
        case Paragraph(text, label):
            yield paragraph(*([bold(f"{label}: ")] if label else []), run(text))
        case Quotation(words, source):
            for line in words.split("\n") if words else []:
                yield paragraph(run(line), style=QUOTE, settings=INDENTED)
            yield paragraph(run(source), settings=INDENTED)
        case Table(caption, header, rows):
            yield paragraph(bold(caption), settings="<w:keepNext/>")
            yield table(header, rows)
            yield paragraph()


def as_html(report: Report) -> bytes:
    title = title_of(report)
    body = format_html_join("\n", "{}", ((_html(block),) for block in blocks_of(report)))
    return format_html(PAGE, title, SafeString(STYLE), title, body).encode()


def _html(block: Block) -> SafeString:
    match block:
        case Heading(level, text):
            return format_html("<h{}>{}</h{}>", level, text, level)
        case Paragraph(text, label):
            bold_label = format_html("<strong>{}:</strong> ", label) if label else ""
            return format_html("<p>{}{}</p>", bold_label, text)
        case Quotation(words, source):
            said = format_html('<blockquote dir="auto">{}</blockquote>\n', words) if words else ""
            return format_html("{}<p>{}</p>", said, source)
        case Table(caption, header, rows):
            head = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in header))
            lines = format_html_join("\n", "<tr>{}</tr>", ((_row(row),) for row in rows))
            return format_html(
                "<table>\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n"
                "<tbody>\n{}\n</tbody>\n</table>",
                caption,
                head,
                lines,
            )


def _row(row: Sequence[str]) -> SafeString:
    cells = format_html_join("", "<td>{}</td>", ((cell,) for cell in row[1:]))
    return format_html('<th scope="row">{}</th>{}', row[0], cells)


def as_csv(report: Report) -> bytes:
    """Return a row for each number, response, passage, fact and word; UTF-8 with BOM."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: neutralise(str(value)) for name, value in row.items()})
    return file.getvalue().encode("utf-8-sig")


Row = Mapping[str, object]


def _rows(report: Report) -> Iterator[Row]:
    yield {"kind": "report", "title": title_of(report), "note": said_of(report)}
    for item in report.findings:
        yield from _rows_of(report, item)
    for name, share in report.scale:
        yield {"kind": "scale", "title": name, "value": f"from {share}% on"}
    labels = labels_of(report.call, [fact.key for fact in report.method.facts])
    for fact in report.method.facts:
        yield {"kind": "method", "title": labels[fact.key], "value": fact.value}


def _rows_of(report: Report, item: ReportFinding) -> Iterator[Row]:
    number = number_of(report, item)
    about: dict[str, object] = {"finding": number, "title": item.finding.title}
    notes = [item.warning, "Stands on fewer than 5 responses." if item.count.is_few else ""]
    yield {
        **about,
        "kind": "finding",
        "text": item.finding.text,
        "value": f"{item.strength}: {item.count.said}" if item.strength else item.count.said,
        "note": " ".join([item.finding.get_status_display() + ".", *filter(None, notes)]),
    }
    for code in item.codes:
        yield about | {"kind": "code", "value": code.name}
    if item.agreed:
        yield about | {"kind": "agreed", "value": said_agreed(report, item)}
    for key, source in item.listed.base.items():
        if key not in item.listed.counted:
            yield about | {"kind": "in the base"} | _source(report, source)
        for place in item.listed.counted.get(key, []):
            yield about | {"kind": "counted"} | _source(report, source) | _place(place)
    for one in item.passages:
        kind = {"kind": one.stance.value, "role": one.role, "words": one.words, "note": one.why_not}
        yield about | kind | _source(report, one.source) | _place(one.place)


def _source(report: Report, source: Source) -> dict[str, object]:
    return {
        "reference": source.reference,
        "version": source.version,
        "sha256": report.digest_of(source),
    }


def _place(place: Place) -> dict[str, object]:
    offsets = {"start": place.start, "end": place.end}
    return {"question": place.question, "file": place.file, **offsets}


_FORMATS: Mapping[str, Callable[[Report], bytes]] = {
    ReportFormat.DOCX: as_docx,
    ReportFormat.HTML: as_html,
    ReportFormat.CSV: as_csv,
}
