"""The codebook of a call in the admin."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.rights import calls_of, may
from accounts.states import Action
from core.admin.read_only import ReadOnlyAdmin
from core.canonical import digest
from review.admin import codebook_files
from review.admin.code_lines import stylesheet
from review.admin.codebook_list import codebook_of
from review.admin.response_filters import chosen_call
from review.models import Code
from submissions.calls.models import Call


@admin.register(Code)
class CodeAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES

    def get_urls(self) -> list[URLPattern]:
        # Django's own wrapper forbids to keep it; a page asks anew whether it changed.
        css = self.admin_site.admin_view(self.css, cacheable=True)
        return [
            path("of/<int:pk>/codes.css", css, name="review_code_css"),
            *codebook_files.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the codebook of the call that is chosen, or of the only one."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        calls = list(calls_of(request.user, self.sees))
        call = chosen_call(request, calls)
        context = {
            **self.admin_site.each_context(request),
            "title": "Codebook",
            "opts": self.opts,
            "calls": calls,
            "call": call,
            "codebook": codebook_of(call) if call else None,
            "may_import": call is not None and may(request.user, Action.CHANGE_CODEBOOK, call),
            "list_address": reverse("admin:review_code_changelist"),
        }
        return TemplateResponse(request, "admin/review/code/list.html", context)

    def css(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the lines of the call's codes, for the pages that show coded passages."""
        refuse_unless_somewhere(request, self.sees)
        call: Call = get_object_or_404(calls_of(request.user, self.sees), pk=pk)
        text = stylesheet(Code.objects.filter(call=call, merged_into=None).order_by("pk"))
        answer = HttpResponse(text, content_type="text/css; charset=utf-8")
        answer.headers["Cache-Control"] = "private, no-cache"
        etag = quote_etag(digest(text))
        answer.headers["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=answer) or answer
