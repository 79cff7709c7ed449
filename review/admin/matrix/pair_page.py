"""The page of two codes that stand together: the passages of the responses that have both."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.call_admin import OfOwnCalls
from core.direction import isolated
from review.admin.matrix.choosing import matrix_address, query_of, selection_from, together_address
from review.admin.matrix.shown_passages import put_on_record, shown_passages
from review.coding.tree import tree
from review.matrix.cell_passages import passages_together
from review.models import Code

OVERLAPPING, PAGE = "overlapping", "p"


def show(request: HttpRequest, admin: OfOwnCalls, code: Code, other: int) -> HttpResponse:
    """Show the passages; Http404 for a code of another call, a merged one, or the same twice."""
    selection = selection_from(request, code.call, also=(OVERLAPPING, PAGE))
    codes = tree(code.call)
    place = {one.code.pk: one for one in codes}
    first, second = place.get(code.pk), place.get(other)
    if first is None or second is None or first is second:
        raise Http404
    overlapping = request.GET.get(OVERLAPPING) == "1"
    found = passages_together(
        selection,
        first.code,
        second.code,
        request.GET.get(PAGE, "1"),
        overlapping=overlapping,
    )
    put_on_record(found, selection, code=code.pk, other=other)
    only = query_of(selection, **{OVERLAPPING: "1"})
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{isolated(first.path)} and {isolated(second.path)}",
        "opts": admin.opts,
        "call": code.call,
        "first": first,
        "second": second,
        "selection": selection,
        "overlapping": overlapping,
        "all_query": query_of(selection),
        "overlapping_query": only,
        "query": only if overlapping else query_of(selection),
        "matrix_address": matrix_address(selection),
        "together_address": together_address(selection),
        "page": found.page,
        "in_files": found.in_files,
        "passages": shown_passages(found.passages, selection, codes),
    }
    return TemplateResponse(request, "admin/review/matrixsummary/pair.html", context)
