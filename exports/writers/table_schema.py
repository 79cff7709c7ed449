"""The data dictionary for machines: a Data Package whose Table Schema describes the CSV.

Source: Frictionless Data Package and Table Schema, v1 (specs.frictionlessdata.io), with the
`categories` of v2 for the labels of choices.
"""

import json
from typing import Any

from core.safe_cells import neutralise
from exports.consent import withheld_questions
from exports.export_context import ExportContext
from exports.one_column import NUMBER, ONE, TICK, TIME, YES_NO, Column
from exports.types import Dataset, Pieces
from exports.writers.dictionary import IDENTITY, described, rules

CONTENT_TYPE = "application/json"
CSV_NAME = "responses.csv"


def pieces(context: ExportContext) -> Pieces:
    package = json.dumps(data_package(context.dataset), ensure_ascii=False, indent=2)
    yield package.encode() + b"\n"


def data_package(dataset: Dataset) -> dict[str, Any]:
    dataset = dataset.as_table()
    call, named = dataset.call, dataset.named
    return {
        "profile": "tabular-data-package",
        "name": call.slug,
        "title": call.title,
        "description": "\n\n".join(text for _, text in rules(dataset)),
        "contributors": [{"title": partner, "role": "author"} for partner in call.partners],
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": "responses",
                "title": "Responses, with who answered" if named else "Responses",
                "path": CSV_NAME,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "dialect": {
                    "delimiter": ",",
                    "lineTerminator": "\r\n",
                    "quoteChar": '"',
                    "doubleQuote": True,
                    "header": True,
                    "skipInitialSpace": False,
                },
                "schema": {
                    "fields": [_field(column, dataset) for column in dataset.columns],
                    "primaryKey": ["reference"],
                    "missingValues": [""],
                },
            }
        ],
        "withheld": [
            {"name": question.key, "title": question.label, "reason": IDENTITY}
            for question in withheld_questions(call, named=named)
        ],
    }


def _field(column: Column, dataset: Dataset) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": {NUMBER: "integer", TIME: "datetime"}.get(column.kind, "string"),
        "title": column.meaning,
    }
    notes = described(column, dataset)[-1]
    field["description"] = f"{column.kind}. {notes}".strip()
    if column.name == "reference":
        field["constraints"] = {"required": True, "unique": True}
    if column.values:
        written = [
            (neutralise(str(label)) if column.has_labels else key, label)
            for key, label in column.values
        ]
        field["categories"] = [{"value": value, "label": label} for value, label in written]
        if column.kind in {ONE, TICK, YES_NO} or column.derived_from:
            field["constraints"] = {"enum": list(dict.fromkeys(value for value, _ in written))}
    return field
