"""Reading what a call definition says of facets and of the bands derived from them."""

from typing import Any

from submissions.calls.facets import Band, DerivedFacet, Facet
from submissions.definitions.tables import LONGEST_KEY, OPTION_KEY, Problems, TableReader

MOST_FACETS = 20
MOST_DERIVED = 10
MOST_BANDS = 100
LONGEST_LABEL = 100  # characters
LONGEST_SHORT_LABEL = 40


def read_facets(top: TableReader) -> tuple[Facet, ...]:
    return tuple(
        _facet(*item, top.problems)
        for item in top.tables("facets", most=MOST_FACETS, by="question")
    )


def read_derived(top: TableReader) -> tuple[DerivedFacet, ...]:
    return tuple(_derived(*item, top.problems) for item in top.tables("derived", most=MOST_DERIVED))


def _facet(path: str, raw: Any, problems: Problems) -> Facet:
    table = TableReader(raw, path, {"question", "label", "listed", "short_labels"}, problems)
    facet: Facet = {
        "question": table.key(name="question"),
        "label": table.line("label", required=True, longest=LONGEST_LABEL),
    }
    if table.flag("listed", default=False):
        facet["listed"] = True
    if table.value("short_labels", dict):
        where = f"{path}.short_labels"
        words = TableReader(table.raw["short_labels"], where, table.raw["short_labels"], problems)
        facet["short_labels"] = {
            option: words.line(option, required=True, longest=LONGEST_SHORT_LABEL)
            for option in words.raw
        }
    return facet


def _derived(path: str, raw: Any, problems: Problems) -> DerivedFacet:
    table = TableReader(raw, path, {"key", "question", "label", "meaning", "bands"}, problems)
    return {
        "key": table.key(),
        "question": table.key(name="question"),
        "label": table.line("label", required=True, longest=LONGEST_LABEL),
        "meaning": table.line("meaning", required=True, longest=500),
        "bands": [
            _band(*item, problems) for item in table.tables("bands", most=MOST_BANDS, required=True)
        ],
    }


def _band(path: str, raw: Any, problems: Problems) -> Band:
    table = TableReader(raw, path, {"key", "label", "note", "options"}, problems)
    table.value("options", list, required=True)
    band: Band = {
        "key": table.key(OPTION_KEY),
        "label": table.line("label", required=True, longest=300),
        "options": list(table.texts("options", longest=LONGEST_KEY)),
    }
    if note := table.line("note", longest=LONGEST_LABEL):
        band["note"] = note
    return band
