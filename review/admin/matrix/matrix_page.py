"""The page of the matrix: what is counted, the table, and the chart of its codes."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from core import clock
from core.bar_charts import BarChart, draw_bars
from core.direction import isolated
from core.spoken_time import say_moment
from review.admin.codebook_pages import list_address
from review.admin.matrix.choosing import coded_questions, coders_of, query_of, selection_from
from review.duplicates.counting_once import has_decided
from review.matrix.columns import choices_across
from review.matrix.selection import Selection
from review.matrix.summaries import sees_summaries
from review.matrix.table import Line, Matrix, MatrixCell, in_words, matrix_of
from submissions.calls.models import Call


@dataclass(frozen=True)
class ShownCell:
    """The words of a cell; `address` leads to its passages."""

    responses: str
    passages: str
    share: str
    summary: str
    address: str
    is_number: bool


@dataclass(frozen=True)
class ShownLine:
    line: Line
    total: ShownCell
    cells: Sequence[ShownCell]


def show(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    matrix = matrix_of(selection, with_summaries=sees_summaries(selection.reader, call))
    context = {
        **admin.admin_site.each_context(request),
        **choices_of(selection),
        "title": f"Matrix: {isolated(call.title)}",
        "opts": admin.opts,
        "matrix": matrix,
        "lines": [_shown(line, selection) for line in matrix.lines],
        "columns": [(column.label, in_words(column.base)) for column in matrix.columns],
        "base": in_words(matrix.base),
        "responses": in_words(matrix.responses),
        "chart": chart_of_codes(matrix),
    }
    return TemplateResponse(request, "admin/review/matrixsummary/matrix.html", context)


def choices_of(selection: Selection) -> dict[str, object]:
    """Return what the form offers and what is chosen, for the matrix and the pairs alike."""
    call = selection.call
    return {
        "call": call,
        "selection": selection,
        "query": query_of(selection),
        "across": [(key, one.label) for key, one in choices_across(call).items()],
        "coders": list(coders_of(call, selection.reader)),
        "questions": coded_questions(call),
        "has_campaigns": has_decided(call),
        "counted_at": say_moment(clock.portal_now(), call.timezone),
        "codebook_address": list_address(call),
    }


def chart_of_codes(matrix: Matrix) -> BarChart | None:
    """Draw how many responses stand under each code, in the order of the codebook."""
    rows = [
        (line.one.path, line.total.responses.number, in_words(line.total.responses), "")
        for line in matrix.lines
    ]
    if not rows:
        return None
    return draw_bars(
        "codes",
        "Responses under each code",
        "Code",
        "Responses",
        rows,
        max([1, *(number or 0 for _, number, _, _ in rows)]),
        matrix.base.number,
        "Bar chart of how many responses stand under each code. The table has every number.",
    )


def _shown(line: Line, selection: Selection) -> ShownLine:
    return ShownLine(
        line,
        _cell(line, line.total, selection, whole=True),
        [_cell(line, cell, selection) for cell in line.cells],
    )


def _cell(line: Line, cell: MatrixCell, selection: Selection, *, whole: bool = False) -> ShownCell:
    page = reverse("admin:review_matrixsummary_cell", args=[line.one.code.pk])
    query = query_of(selection) if whole else query_of(selection, option=cell.column)
    return ShownCell(
        responses=in_words(cell.responses),
        passages=in_words(cell.passages),
        share=cell.said_share,
        summary=cell.said_summary,
        address=f"{page}?{query}",
        is_number=cell.responses.number is not None,
    )
