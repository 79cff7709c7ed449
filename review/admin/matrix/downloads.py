"""The matrix as files, each on record."""

from hashlib import sha256

from django.http import HttpRequest, HttpResponse

from accounts.call_admin import OfOwnCalls
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from core.admin.uk_time import uk_day
from review.admin.matrix.choosing import selection_from
from review.coding.tree import tree
from review.matrix.files import (
    HEADING,
    PAIRS,
    XLSX,
    as_csv,
    as_workbook,
    lines_of_matrix,
    lines_of_pairs,
    said_of,
)
from review.matrix.selection import Selection
from review.matrix.summaries import sees_summaries
from review.matrix.table import Matrix, matrix_of
from review.matrix.together import pairs_of
from submissions.calls.models import Call

CSV = "text/csv; charset=utf-8"


def matrix_csv(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    said = said_of(selection, at=clock.portal_now())
    content = as_csv(HEADING, lines_of_matrix(_matrix(selection), said))
    return _sent(selection, content, "matrix.csv", CSV)


def matrix_xlsx(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    said = said_of(selection, at=clock.portal_now())
    content = as_workbook(_matrix(selection), pairs_of(selection, tree(call)), said)
    return _sent(selection, content, "matrix.xlsx", XLSX)


def together_csv(request: HttpRequest, admin: OfOwnCalls, call: Call) -> HttpResponse:
    selection = selection_from(request, call)
    said = said_of(selection, at=clock.portal_now())
    content = as_csv(PAIRS, lines_of_pairs(pairs_of(selection, tree(call)), said))
    return _sent(selection, content, "together.csv", CSV)


def _matrix(selection: Selection) -> Matrix:
    sees = sees_summaries(selection.reader, selection.call)
    return matrix_of(selection, with_summaries=sees)


def _sent(selection: Selection, content: bytes, name: str, kind: str) -> HttpResponse:
    """Put the file on record, with its choices and its digest, and return it."""
    at = clock.portal_now()
    record(
        by=selection.reader,
        at=at,
        action=AuditAction.MATRIX_DOWNLOADED,
        call=selection.call,
        file=name,
        across=selection.across.key,
        campaigns="once" if selection.once else "each",
        coder=selection.coder.pk if selection.coder else None,
        question=selection.question.key if selection.question else "",
        sha256=sha256(content).hexdigest(),
    )
    answer = HttpResponse(content, content_type=kind)
    file = f"{selection.call.slug}-{uk_day(at)}-{name}"
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
