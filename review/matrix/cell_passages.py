"""The passages behind a cell of the matrix or a pair of codes, each place once, with all coders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Coalesce

from accounts.rights import may
from accounts.states import Action
from review.coding.tree import CodeInTree
from review.matrix.cell_counts import rows_of_codes
from review.matrix.columns import Across
from review.matrix.selection import Selection
from review.models import Code, Coding

ON_A_PAGE = 50
PLACE = ("version__submission", "version", "question", "file_text", "start", "end")
IN_ORDER = ("version__submission__submitted_at", *PLACE)


@dataclass(frozen=True)
class Passage:
    """`coding` is one of those at its place; `coders` and `codes` are of all of them."""

    coding: Coding
    coders: Sequence[str]
    codes: Sequence[int]


@dataclass(frozen=True)
class CellPassages:
    """`in_files` are those that the reader may not see, as they may not open files."""

    page: Page
    passages: list[Passage]
    in_files: int


def passages_in(
    selection: Selection, code: Code, column: str | None, codes: Sequence[CodeInTree], number: str
) -> CellPassages:
    """Return a page of the cell's passages; `column` None is all responses under the code."""
    pairs = rows_of_codes(codes, with_below=selection.with_below)
    counting = [counts for row, counts in pairs if row == code.pk]
    rows = selection.current().filter(code__in=counting)
    if column is not None:
        rows = rows.filter(version__in=_versions(rows, selection.across, column))
    return _page_of(rows, selection, number)


def passages_together(
    selection: Selection, first: Code, second: Code, number: str, *, overlapping: bool = False
) -> CellPassages:
    """Return a page of the passages under either code, of responses that have both.

    `overlapping`: only those that share a character with one under the other code.
    """
    rows = selection.current()
    either = rows.filter(code__in=[first, second])
    for code in (first, second):
        either = either.filter(version__in=rows.filter(code=code).order_by().values("version"))
    if overlapping:
        beside = rows.order_by().alias(file=Coalesce("file_text", 0))
        either = either.filter(
            Exists(
                beside.filter(
                    ~Q(code=OuterRef("code")),
                    code__in=[first, second],
                    version=OuterRef("version"),
                    question=OuterRef("question"),
                    file=Coalesce(OuterRef("file_text"), 0),
                    start__lt=OuterRef("end"),
                    end__gt=OuterRef("start"),
                )
            )
        )
    return _page_of(either, selection, number)


def _page_of(rows: QuerySet[Coding], selection: Selection, number: str) -> CellPassages:
    in_files = 0
    if not may(selection.reader, Action.OPEN_FILES, selection.call):
        in_files = rows.exclude(file_text=None).values(*PLACE).distinct().count()
        rows = rows.filter(file_text=None)
    places = rows.order_by(*IN_ORDER).values(*PLACE, "version__submission__submitted_at")
    page = Paginator(
        places.annotate(
            codings=ArrayAgg("pk", order_by="pk"),
            coders=ArrayAgg("by__username", distinct=True),
            codes=ArrayAgg("code", distinct=True),
        ),
        ON_A_PAGE,
    ).get_page(number)
    first = {place["codings"][0]: place for place in page}
    found = (
        Coding.objects.filter(pk__in=first)
        .select_related("version__submission__current_version", "question", "file_text")
        .defer(
            "version__canonical_text",
            "version__submission__current_version__canonical_text",
            "version__submission__current_version__texts",
        )
        .in_bulk()
    )
    passages = [
        Passage(found[key], place["coders"], place["codes"])
        for key, place in first.items()
        if key in found
    ]
    return CellPassages(page, passages, in_files)


def _versions(rows: QuerySet[Coding], across: Across, column: str) -> list[int]:
    """Return the versions whose answer counts in the column, among those of the codings."""
    answer: Any = "version__choices"
    for key in across.path:
        answer = KeyTransform(key, answer)
    given = rows.order_by().annotate(answer=answer).values_list("version", "answer").distinct()
    return [version for version, answer in given if column in across.columns_of(answer)]
