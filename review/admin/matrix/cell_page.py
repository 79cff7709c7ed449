"""The page of a cell: its passages, put on record as read, and the summary that the team writes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from core import clock
from core.admin.uk_time import in_uk_time
from core.bar_charts import BarChart, draw_bars
from core.direction import isolated
from core.row_keys import row_key, row_keys
from review.admin.codebook_pages import list_address
from review.admin.matrix.choosing import ACROSS, matrix_address, query_of, selection_from
from review.admin.matrix.shown_passages import put_on_record, shown_passages
from review.coding.forgetting import ERASED
from review.errors import CodingRefused
from review.matrix.cell_passages import passages_in
from review.matrix.columns import NOTHING, choices_across
from review.matrix.selection import Selection
from review.matrix.summaries import (
    LONGEST,
    Cell,
    SummaryConflict,
    of_merged,
    sees_summaries,
    summaries_of,
    write_summary,
)
from review.matrix.table import (
    ALL,
    Line,
    Matrix,
    MatrixCell,
    in_words,
    matrix_of,
)
from review.models import Code, MatrixSummary

OPTION, PAGE = "option", "p"
EMPTY = "empty"  # the button beside the summary of a merged code
REFUSED = 422


def show(request: HttpRequest, admin: OfOwnCalls, code: Code) -> HttpResponse:
    more: dict[str, Any] = {}
    if code.merged_into is not None:
        said = f"“{code.name}” was merged into “{code.merged_into.name}”."
        if not _has_words(request):
            messages.error(request, said)
            return redirect(list_address(code.call))
        # Somebody merged it while the page was open: the cell is the other code's now.
        code = code.merged_into
        more = _typed(request, code, said, "this cell of that code")
    try:
        selection = selection_from(request, code.call, also=(OPTION, PAGE))
        place = _place_in(selection, code, request.GET.get(OPTION))
    except Http404:
        if not (_has_words(request) and may(current_user(request), Action.CODE, code.call_id)):
            raise
        place = _place_that_is_left(request, code)
        lost = (
            "While the page was open, the matrix lost the column, the question or the coder that "
            "you had chosen."
        )
        more = _typed(request, code, lost, f"the cell of {place.label}")
    if request.method == "POST" and not more:
        does = _empty_merged if EMPTY in request.POST else _write
        refused = does(request, code, place.cell)
        if refused is None:
            return redirect(request.get_full_path())
        more = dict(refused)
    elif request.method not in {"GET", "HEAD", "POST"}:
        raise PermissionDenied
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        **_what_is_there(request, code, place),
        **_summaries(request, code, place.cell),
        **more,
    }
    if "text" in more:
        context["may_write"] = True  # what was typed stays, also while they may not save it
    status = REFUSED if "error" in more else 200
    template = "admin/review/matrixsummary/cell.html"
    return TemplateResponse(request, template, context, status=status)


def _has_words(request: HttpRequest) -> bool:
    return bool(request.POST.get("text", "").strip())


def _typed(request: HttpRequest, code: Code, why: str, where: str) -> dict[str, Any]:
    """Return what the page says where a summary was typed for a cell that is there no more.

    Raises PermissionDenied for who may not code.
    """
    if not may(current_user(request), Action.CODE, code.call_id):
        raise PermissionDenied
    return {
        "error": f"{why} Nothing was saved: what you typed is below. Save it to put it in {where}.",
        "text": request.POST.get("text", ""),
    }


def _what_is_there(request: HttpRequest, code: Code, place: "_Place") -> dict[str, Any]:
    """Return the numbers and a page of the passages, and put on record that it shows these."""
    matrix, selection, column = place.matrix, place.matrix.selection, place.column
    codes = [each.one for each in matrix.lines]
    found = passages_in(selection, code, column, codes, request.GET.get(PAGE, "1"))
    cell = place.cell
    put_on_record(found, selection, code=code.pk, across=cell.across, option=cell.option)
    return {
        "title": f"{isolated(place.line.one.path)}: {isolated(place.label)}",
        "code": code,
        "action": reverse("admin:review_matrixsummary_cell", args=[code.pk]),
        "selection": selection,
        "label": place.label,
        "base_label": "all" if column is None else place.label,
        "responses": in_words(place.shown.responses),
        "passages_number": in_words(place.shown.passages),
        "share": place.shown.said_share,
        "base": in_words(matrix.base if column is None else _base(matrix, column)),
        "matrix_address": matrix_address(selection),
        "query": query_of(selection, **({} if column is None else {OPTION: column})),
        "page": found.page,
        "in_files": found.in_files,
        "passages": shown_passages(found.passages, selection, codes),
        "chart": _chart(matrix, place.line) if column is None else None,
        "longest": LONGEST,
    }


def query_of_summary(row: MatrixSummary) -> str:
    """Return the query of the address of the summary's cell."""
    return urlencode({ACROSS: row.across} | ({OPTION: row.option} if row.across else {}))


@dataclass(frozen=True)
class _Place:
    """A cell of the matrix; `column` None is all responses under the code."""

    matrix: Matrix
    line: Line
    shown: MatrixCell
    column: str | None
    label: str

    @property
    def cell(self) -> Cell:
        return ALL if self.column is None else Cell(self.matrix.selection.across.key, self.column)


def _place_in(selection: Selection, code: Code, column: str | None) -> _Place:
    """Return the cell with the label of its column. Raises Http404 where there is none."""
    if column is not None and not selection.across.key:
        raise Http404
    matrix = matrix_of(selection, with_summaries=False)
    line = next((line for line in matrix.lines if line.one.code.pk == code.pk), None)
    if line is None:
        raise Http404
    if column is None:
        return _Place(matrix, line, line.total, None, "all responses")
    for each, cell in zip(matrix.columns, line.cells, strict=True):
        if each.key == column:
            return _Place(matrix, line, cell, column, each.label)
    raise Http404


def _place_that_is_left(request: HttpRequest, code: Code) -> _Place:
    """Return the same cell without what else was chosen, or else that of all responses."""
    reader = current_user(request)
    across = choices_across(code.call).get(request.GET.get(ACROSS, ""), NOTHING)
    selection = Selection(call=code.call, across=across, reader=reader)
    try:
        return _place_in(selection, code, request.GET.get(OPTION))
    except Http404:
        return _place_in(selection, code, None)


def _base(matrix: Matrix, column: str) -> Any:
    return next(each.base for each in matrix.columns if each.key == column)


def _write(request: HttpRequest, code: Code, cell: Cell) -> Mapping[str, Any] | None:
    """Write what was posted; return what the page says where that is refused."""
    by = current_user(request)
    if not may(by, Action.CODE, code.call_id):
        raise PermissionDenied
    text = request.POST.get("text", "")
    expected = row_key(request.POST.get("expected", "")) or 0
    try:
        write_summary(code, cell, text=text, expected=expected, by=by, at=clock.portal_now())
    except SummaryConflict as conflict:
        latest = conflict.latest
        said = (
            f"{latest.by.get_username()} wrote in this cell while the page was open, so yours was "
            "not saved. Read theirs above; save again to put yours in its place."
        )
        if latest.text == ERASED:
            said = (
                "What this summary said was erased while the page was open, so yours was not "
                "saved. Before you save it again, take out what a response that is erased said, "
                "and who gave it."
            )
        return {"error": said, "text": text, "expected": latest.number}
    except CodingRefused as refused:
        said = f"{refused.message}. Nothing was saved: what you typed is below."
        return {"error": said, "text": text, "expected": expected}
    messages.success(request, "The summary is saved.")
    return None


def _empty_merged(request: HttpRequest, code: Code, cell: Cell) -> Mapping[str, Any] | None:
    """Empty the summary of a merged code that the button names; return what the page says then.

    What was typed in the form is kept on the page, and not saved.
    """
    by = current_user(request)
    if not may(by, Action.CODE, code.call_id):
        raise PermissionDenied
    merged, _, number = request.POST[EMPTY].partition("-")
    row = code.merged.filter(pk__in=row_keys([merged])).select_related("call").first()
    typed, expected = request.POST.get("text", ""), row_key(request.POST.get("expected", "")) or 0
    said = "This summary is there no more"
    try:
        if row is None:
            raise CodingRefused(said)
        at, seen = clock.portal_now(), row_key(number) or 0
        write_summary(row, cell, text="", expected=seen, by=by, at=at)
    except SummaryConflict:
        return {"error": f"{said}.", "text": typed, "expected": expected}
    except CodingRefused as refused:
        return {"error": f"{refused.message}.", "text": typed, "expected": expected}
    messages.success(request, f"The summary of “{row.name}” is emptied.")
    latest = summaries_of(code, cell).first()
    if typed.replace("\r\n", "\n").strip() == (latest.text if latest else ""):
        return None
    messages.warning(request, "What you typed is not saved yet.")
    return {"text": typed, "expected": expected}


def _summaries(request: HttpRequest, code: Code, cell: Cell) -> dict[str, Any]:
    """Return the summary that holds, its earlier wordings, and those of codes merged into this."""
    reader = current_user(request)
    if not sees_summaries(reader, code.call):
        return {"is_blind": True, "may_write": False}
    wordings = [(row, in_uk_time(row.at)) for row in summaries_of(code, cell)]
    latest = wordings[0][0] if wordings else None
    standing, earlier = of_merged(code, cell)
    of_others = [(row, in_uk_time(row.at)) for row in earlier]
    return {
        "summary": wordings[0] if wordings else None,
        "earlier": wordings[1:],
        "earlier_of_merged": of_others,
        "earlier_number": len(wordings[1:]) + len(of_others),
        "merged": [(row, in_uk_time(row.at)) for row in standing],
        "may_write": may(reader, Action.CODE, code.call_id),
        "text": latest.text if latest else "",
        "expected": latest.number if latest else 0,
    }


def _chart(matrix: Matrix, line: Line) -> BarChart | None:
    """Draw the responses of the code in each column, with the share of those who answered there."""
    rows = [
        (column.label, cell.responses.number, in_words(cell.responses), "")
        for column, cell in zip(matrix.columns, line.cells, strict=True)
    ]
    if not rows:
        return None
    across = matrix.selection.across.label
    drawn = draw_bars(
        "options",
        f"By {across}",
        across,
        "Responses",
        rows,
        max([1, *(number or 0 for _, number, _, _ in rows)]),
        None,
        "Bar chart of the responses under this code. The table has every number.",
    )
    bars = [
        replace(bar, share=cell.said_share)
        for bar, cell in zip(drawn.bars, line.cells, strict=True)
    ]
    return replace(drawn, bars=bars)
