"""The matrix among the models of the admin: its addresses, and who is let in."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import calls_of
from accounts.states import Action
from core.admin.read_only import ReadOnlyAdmin
from review.admin.matrix import (
    cell_page,
    downloads,
    matrix_page,
    pair_page,
    together_page,
    words_page,
)
from review.admin.response_filters import chosen_call
from review.coding.samples import to_code_blind
from review.models import Code, MatrixSummary
from submissions.calls.models import Call

NARROWED_BY = {"call__id__exact"}
PageOfCall = Callable[[HttpRequest, OfOwnCalls, Call], HttpResponse]


@admin.register(MatrixSummary)
class MatrixAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatrixSummary]:
        """Leave out those of calls in which the reader codes a blind sample."""
        rows = super().get_queryset(request).select_related("call", "code", "by")
        return rows.exclude(call__in=to_code_blind(current_user(request)).values("sample__call"))

    def get_urls(self) -> list[URLPattern]:
        return [
            self._of_call("of/<int:pk>/", "matrix", matrix_page.show),
            self._of_call("of/<int:pk>/together/", "together", together_page.show),
            self._of_call("of/<int:pk>/words/", "words", words_page.show),
            self._of_call("of/<int:pk>/matrix.csv", "csv", downloads.matrix_csv),
            self._of_call("of/<int:pk>/matrix.xlsx", "xlsx", downloads.matrix_xlsx),
            self._of_call("of/<int:pk>/together.csv", "together_csv", downloads.together_csv),
            path(
                "cell/<int:pk>/",
                self.admin_site.admin_view(self.cell),
                name="review_matrixsummary_cell",
            ),
            path(
                "pair/<int:pk>/<int:other>/",
                self.admin_site.admin_view(self.pair),
                name="review_matrixsummary_pair",
            ),
            *super().get_urls(),
        ]

    def _of_call(self, route: str, name: str, show: PageOfCall) -> URLPattern:
        def page(request: HttpRequest, pk: int) -> HttpResponseBase:
            refuse_unless_somewhere(request, self.sees)
            if request.method not in {"GET", "HEAD"}:
                raise PermissionDenied
            call = get_object_or_404(calls_of(request.user, self.sees), pk=pk)
            return show(request, self, call)

        return path(route, self.admin_site.admin_view(page), name=f"review_matrixsummary_{name}")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the matrix of the call that is chosen or the only one; show which there are."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        if set(request.GET) - NARROWED_BY:
            raise DisallowedModelAdminLookup("the matrices are narrowed by the call alone")
        calls = list(calls_of(request.user, self.sees))
        call = chosen_call(request, calls)
        if call is not None:
            return redirect("admin:review_matrixsummary_matrix", call.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Matrix",
            "opts": self.opts,
            "calls": calls,
        }
        return TemplateResponse(request, "admin/review/matrixsummary/calls.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the cell of the summary, whose page has all its wordings."""
        row: MatrixSummary | None = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        address = reverse("admin:review_matrixsummary_cell", args=[row.code_id])
        return redirect(f"{address}?{cell_page.query_of_summary(row)}")

    def cell(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the passages of a cell, or write its summary."""
        rows = Code.objects.select_related("call", "merged_into")
        code = self.own_row(request, self.sees, rows, pk=pk)
        return cell_page.show(request, self, code)

    def pair(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        """Show the passages of responses that have both codes."""
        code = self.own_row(request, self.sees, Code.objects.select_related("call"), pk=pk)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        return pair_page.show(request, self, code, other)
