"""A dataset as JSON lines: UTF-8, one object per response, no character altered.

docs/schemas/response.schema.json describes a line.
"""

import json
from typing import Any
from zoneinfo import ZoneInfo

from exports.export_context import ExportContext
from exports.queries import records, used_codes
from exports.types import CodedPassage, Dataset, Pieces, Record
from exports.writers.record_answers import answers

CONTENT_TYPE = "application/x-ndjson"
BROKEN_OFF = b'{"incomplete": "The export broke off here. Download it again."}\n'
LINES_AT_ONCE = 100
# Characters at which some readers end a line; inside JSON's strings their escapes mean the same.
LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}
# What a line has beside the answers, by the names of the columns.
RECEIPT = ("channel", "status")


def pieces(context: ExportContext) -> Pieces:
    dataset = context.dataset
    names = [column.name for column in dataset.columns]
    codes = {str(code.guid): code.name for code in used_codes(dataset)}
    lines: list[bytes] = []
    for record in records(dataset):
        lines.append(encoded(line_of(dataset, record, names, codes)))
        context.row_done()
        if len(lines) == LINES_AT_ONCE:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)


def encoded(line: dict[str, Any]) -> bytes:
    written = json.dumps(line, ensure_ascii=False)
    for character, escaped in LINE_ENDS.items():
        written = written.replace(character, escaped)
    return written.encode() + b"\n"


def line_of(
    dataset: Dataset, record: Record, names: list[str], codes: dict[str, str]
) -> dict[str, Any]:
    cells = dict(zip(names, record.cells, strict=True))
    zone = ZoneInfo(dataset.call.timezone)
    line: dict[str, Any] = {
        "reference": record.reference,
        "submitted_at": record.submitted_at.astimezone(zone).isoformat(timespec="microseconds"),
        "timing": cells["timing"],
        "publication": cells["publication"],
    }
    if record.is_withheld:
        return line
    line["received_at"] = record.received_at.astimezone(zone).isoformat(timespec="microseconds")
    line |= {"version": record.number} | {name: cells[name] for name in RECEIPT}
    line["derived"] = {
        column.band: cell
        for column, cell in zip(dataset.columns, record.cells, strict=True)
        if column.band
    }
    # A question may have their keys where they are no columns.
    if campaigns := dataset.export_filter.campaigns:
        line["campaign"] = cells["campaign"]
    if campaigns == "once":
        line["stands_for"] = int(cells["stands_for"] or 0) or None
    line |= {
        "confidential": record.is_confidential,
        "may_quote": record.may_quote,
        "words": int(cells["words"] or 0),
        "attachments": int(cells["attachments"] or 0),
        "answers": {question.key: value for question, value in answers(dataset, record)},
        "codings": [_coding(passage, record, codes) for passage in record.passages],
    }
    return line


def _coding(passage: CodedPassage, record: Record, codes: dict[str, str]) -> dict[str, Any]:
    return {
        "guid": passage.guid,
        "code": codes[passage.code],
        "question": passage.question,
        "start": passage.start,
        "end": passage.end,
        "quote": record.texts[passage.question][passage.start : passage.end],
    }
