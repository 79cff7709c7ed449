"""The formats as the pages offer them: what most people want first, the others by purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

# A hint fits on one line of a telephone: 30 characters or so beside the button.
HINTS = {
    "csv": gettext_lazy("One row per response"),
    "xlsx": gettext_lazy("With dictionary and counts"),
    "docx": gettext_lazy("One document to read"),
    "pdf": gettext_lazy("One document to print"),
    "bundle": gettext_lazy("Each format here, in a ZIP"),
    "bundle-quick": gettext_lazy("No Word or PDF per response"),
    "counts": gettext_lazy("How many chose each option"),
    "csv-excel": gettext_lazy("To open by a double click"),
    "dictionary": gettext_lazy("What each column means"),
    "docx-each": gettext_lazy("A document each, in a ZIP"),
    "pdf-each": gettext_lazy("A document each, in a ZIP"),
    "attachments": gettext_lazy("What respondents attached"),
    "r": gettext_lazy("Loads and labels the CSV"),
    "sav": gettext_lazy("With labels and dictionary"),
    "dta": gettext_lazy("With labels and dictionary"),
    "long": gettext_lazy("And per choice of several"),
    "qdpx": gettext_lazy("Responses with their codes"),
    "codings": gettext_lazy("One row per coded passage"),
    "qdc": gettext_lazy("The codes of passages that it shows, alone"),
    "json": gettext_lazy("One response per line"),
    "parquet": gettext_lazy("pandas, polars, DuckDB, Arrow"),
    "datapackage": gettext_lazy("What each column holds"),
}


@dataclass(frozen=True)
class FormatGroup:
    """Formats for one purpose, each with the word that tells of it while the group is folded.

    `legend` is empty for those that never fold.
    """

    legend: Promise | str
    words: Mapping[str, Promise | str]


GROUPS: Sequence[FormatGroup] = (
    FormatGroup("", dict.fromkeys(("csv", "xlsx", "docx", "pdf", "bundle", "bundle-quick"), "")),
    FormatGroup(
        gettext_lazy("More tables"),
        {
            "counts": gettext_lazy("Counts"),
            "csv-excel": gettext_lazy("CSV for Excel"),
            "dictionary": gettext_lazy("Dictionary"),
        },
    ),
    FormatGroup(
        gettext_lazy("A document per response"),
        {
            "docx-each": gettext_lazy("Word"),
            "pdf-each": gettext_lazy("PDF"),
            "attachments": gettext_lazy("Files of respondents"),
        },
    ),
    FormatGroup(
        gettext_lazy("For statistics programs"),
        {"r": "R", "sav": "SPSS", "dta": "Stata", "long": gettext_lazy("A row per answer")},
    ),
    FormatGroup(
        gettext_lazy("For qualitative analysis"),
        {"qdpx": "NVivo, ATLAS.ti, MAXQDA, QualCoder", "codings": "", "qdc": ""},
    ),
    FormatGroup(
        gettext_lazy("For programs"),
        {
            "json": gettext_lazy("JSON lines"),
            "parquet": "Parquet",
            "datapackage": gettext_lazy("Data package"),
        },
    ),
)
