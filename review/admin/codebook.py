"""The codebook of a call in the admin: the tree, and the form of a code."""

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import calls_of, may, may_somewhere
from accounts.states import Action, AuditAction
from core import clock
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.edit_conflicts import ConflictCheckedAdmin
from core.canonical import digest
from core.direction import isolated
from core.row_keys import row_key
from review.admin import codebook_changes, codebook_files
from review.admin.code_lines import stylesheet
from review.admin.codebook_form import TEXTS, CodeForm
from review.admin.codebook_list import codebook_of
from review.admin.codebook_pages import list_address
from review.admin.history_unless_blind import HistoryUnlessBlind
from review.admin.response_filters import chosen_call
from review.coding.codebook import WORDS, add_code, change_code, drawn, lock_codebook
from review.errors import CodingRefused
from review.models import Code
from submissions.calls.models import Call

CHANGES = (
    AuditAction.CODE_ADDED,
    AuditAction.CODE_CHANGED,
    AuditAction.CODE_MOVED,
    AuditAction.CODE_RETIRED,
    AuditAction.CODES_MERGED,
    AuditAction.CODE_SPLIT,
    AuditAction.CODING_REMOVED,
)
NARROWED_BY = {"call__id__exact"}
ON_RECORD = "The record has your name, the time and the names of the fields, without their words."


@admin.register(Code)
class CodeAdmin(HistoryUnlessBlind, OfOwnCalls, ConflictCheckedAdmin, DeclaredFiltersOnly):
    sees = Action.READ_RESPONSES
    changes = Action.CHANGE_CODEBOOK
    form = CodeForm
    refused = ""  # why a form that had no fault was not saved: of a copy for one request

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_somewhere(request.user, Action.CODE)

    def on_record(self, row: Code) -> Q:
        other = Q(detail__into=row.pk) | Q(detail__to=row.pk)
        return Q(call=row.call_id, action__in=CHANGES) & (Q(detail__code=row.pk) | other)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Code]:
        return super().get_queryset(request).select_related("call", "merged_into")

    def get_urls(self) -> list[URLPattern]:
        # Django's own wrapper forbids to keep it; a page asks anew whether it changed.
        css = self.admin_site.admin_view(self.css, cacheable=True)
        return [
            path("of/<int:pk>/codes.css", css, name="review_code_css"),
            *codebook_files.urls(self),
            *codebook_changes.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the codebook of the call that is chosen, or of the only one."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        if set(request.GET) - NARROWED_BY:
            raise DisallowedModelAdminLookup("the codebook is narrowed by the call alone")
        calls = list(calls_of(request.user, self.sees))
        call = chosen_call(request, calls)
        context = {
            **self.admin_site.each_context(request),
            "title": "Codebook",
            "opts": self.opts,
            "calls": calls,
            "call": call,
            "codebook": codebook_of(call, reader=current_user(request)) if call else None,
            "may_import": call is not None and may(request.user, Action.CHANGE_CODEBOOK, call),
            "list_address": reverse("admin:review_code_changelist"),
            "may_add": call is not None and may(request.user, Action.CODE, call),
            "may_change": call is not None and may(request.user, Action.CHANGE_CODEBOOK, call),
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

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show or save the form. A code that was merged into another is not changed any more."""
        context = {"show_save_and_continue": False, **(extra_context or {})}
        if object_id is None:
            context |= {"title": "Add a code", "list_address": self._list_of_added(request)}
        else:
            code = self.get_object(request, unquote(object_id))
            if code is not None and not self.has_change_permission(request, code):
                raise PermissionDenied
            if code is not None and code.merged_into and request.method != "POST":
                said = f"“{code.name}” was merged into “{code.merged_into.name}”."
                messages.error(request, said)
                return redirect(list_address(code.call))
            if code is not None:
                title = f"Change “{isolated(code.name)}”"
                context |= {"title": title, "list_address": list_address(code.call)}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except CodingRefused as refused:
            # The form again, with what was typed, which says why; other requests share this admin.
            again = copy(self)
            again.refused = f"{refused.message}. Nothing was saved: what you typed is below."
            return super(CodeAdmin, again).changeform_view(request, object_id, form_url, context)

    def _lock(self, object_id: str | None) -> None:
        """Lock the codebook before the code, in the order in which all changes lock them."""
        key = row_key(object_id or "")
        code = Code.objects.select_related("call").filter(pk=key).first() if key else None
        if code is not None:
            lock_codebook(code.call)
        super()._lock(object_id)

    def _call_to_add_to(self, request: HttpRequest) -> Call | None:
        """Return the call that the address names, or the only one; None where there are several.

        Raises Http404 for one in which the person does not code.
        """
        calls = list(calls_of(request.user, Action.CODE))
        if "call" not in request.GET:
            return calls[0] if len(calls) == 1 else None
        key = row_key(request.GET["call"])
        for call in calls:
            if call.pk == key:
                return call
        raise Http404

    def _list_of_added(self, request: HttpRequest) -> str:
        call = self._call_to_add_to(request)
        return list_address(call) if call else reverse("admin:review_code_changelist")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin a new code with the line that is due, under the code that the address names."""
        call = self._call_to_add_to(request)
        number = Code.objects.filter(call=call).count() if call else 0
        under = row_key(request.GET.get("under", ""))
        return {**drawn(number, {}), "parent": str(under or "")}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first: tuple[str, ...] = ("name",)
        if obj is None:
            first = ("name", "parent") if self._call_to_add_to(request) else ("call", "name")
        fields = (*first, *TEXTS, "colour", "pattern")
        return [(None, {"fields": fields, "description": ON_RECORD})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> type[forms.ModelForm]:
        """Return the form for the code's call, or for the calls in which this person codes."""
        made: Any = super().get_form(request, obj, change=change, **options)
        call = obj.call if obj else self._call_to_add_to(request)
        calls = calls_of(request.user, Action.CODE)
        of_call = {"call": call, "calls": calls, "refused": self.refused}
        return type("FormOfCall", (made,), of_call)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        by, at = current_user(request), clock.portal_now()
        given = form.changed_data if change else form.cleaned_data
        words = {name: form.cleaned_data[name] for name in WORDS if name in given}
        if change:
            change_code(obj, by=by, at=at, **words)
            return
        call = form.call or form.cleaned_data["call"]
        parent = form.cleaned_data.get("parent")
        obj.pk = add_code(call=call, parent=parent, by=by, at=at, **words).pk
        obj.call = call

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Leave it to the record, which has no words of the code."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Leave it to the record, which has no words of the code."""

    def response_add(
        self, request: HttpRequest, obj: Code, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"The code “{obj}” was added.")
        if "_addanother" in request.POST:
            return redirect(request.get_full_path())
        return redirect(list_address(obj.call))

    def response_change(self, request: HttpRequest, obj: Code) -> HttpResponse:
        messages.success(request, f"The code “{obj}” was changed.")
        return redirect(list_address(obj.call))
