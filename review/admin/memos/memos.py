"""Memos in the admin: the list with its search, writing, changing and deleting one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.call_admin import OfOwnCalls, OwnCallsFilter, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.models import User
from accounts.record import record
from accounts.rights import calls_of, may, narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from core.posted_from import led_to_its_page
from core.row_keys import row_key
from core.several_lines import SeveralLines
from review.admin.memos.about import about_of, address_to_write_about, say_about
from review.admin.memos.gone import why_gone
from review.admin.response_filters import Choices, OneOf
from review.admin.shortening import shorten
from review.errors import MemoOutdated, MemoRefused
from review.memos.deleting import delete_memo, may_delete
from review.memos.visible_memos import seen_by, words_of_passage
from review.memos.writing import About, change_memo, revision_to_see, write_memo
from review.models import Memo
from submissions.calls.models import Call
from submissions.responses.models import Submission

PAGES = "admin/review/memo"
MOST_CHARACTERS = 20_000
LONGEST = 200  # characters of a text in the list
REFUSED, OUTDATED = 422, 409


class MemoForm(forms.Form):
    title = forms.CharField(max_length=200, error_messages={"required": "Enter a title."})
    text = SeveralLines(
        label="Memo",
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 70}),
        help_text="What you think and why, for you and your colleagues. Leave out who answered.",
        error_messages={"required": "Enter what you think."},
    )


class AboutFilter(OneOf):
    title = "about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("call", "The whole call"),
            ("code", "A code"),
            ("response", "A response"),
            ("passage", "A passage"),
        ]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        wanted = {
            "call": Q(code=None, submission=None),
            "code": Q(code__isnull=False),
            "response": Q(submission__isnull=False, version=None),
            "passage": Q(version__isnull=False),
        }
        return queryset.filter(wanted[chosen])


class WriterFilter(OneOf):
    """Who wrote a memo, or changed it last."""

    title = "written by"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        calls = calls_of(request.user, Action.READ_RESPONSES)
        memos = seen_by(Memo.objects.filter(call__in=calls), current_user(request)).order_by()
        wrote = Q(pk__in=memos.values("by")) | Q(pk__in=memos.values("changed_by"))
        people = User.objects.filter(wrote).order_by("username")
        return [(str(one.pk), one.get_username()) for one in people]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        return queryset.filter(Q(by=chosen) | Q(changed_by=chosen)) if chosen else queryset


@admin.register(Memo)
class MemoAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    list_display = ("title", "said", "about", "written", "changed", "call")
    list_filter = (("call", OwnCallsFilter), AboutFilter, WriterFilter)
    search_fields = ("title", "text")
    search_help_text = "Words of the title or the text"
    ordering = ("-at", "-pk")
    change_list_template = f"{PAGES}/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Memo]:
        memos = super().get_queryset(request)
        memos = memos.select_related(
            "call", "code", "submission", "version", "question", "by", "changed_by"
        ).defer("version__texts", "version__canonical_text")
        return seen_by(memos, current_user(request))

    @admin.display(description="memo")
    def said(self, memo: Memo) -> str:
        return shorten(memo.text, LONGEST)

    @admin.display(description="about")
    def about(self, memo: Memo) -> str | SafeString:
        said, address = say_about(memo)
        return format_html('<a href="{}">{}</a>', address, said) if address else said

    @admin.display(description="written (UK time)", ordering="at")
    def written(self, memo: Memo) -> str:
        return f"{in_uk_time(memo.at)} by {memo.by}"

    @admin.display(description="changed (UK time)", ordering="changed_at")
    def changed(self, memo: Memo) -> str:
        return f"{in_uk_time(memo.changed_at)} by {memo.changed_by}" if memo.changed_at else ""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("write/<int:pk>/", wrap(self.write), name="review_memo_write"),
            path("<int:pk>/discard/", wrap(self.discard), name="review_memo_discard"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_of(request.user, Action.CODE))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def write(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write a memo on what the address names."""
        refuse_unless_somewhere(request, Action.CODE)
        coded = calls_of(request.user, Action.CODE)
        # The page shows the passage that the memo is about.
        readable = narrowed(coded, request.user, Action.READ_RESPONSES, path="pk")
        call: Call = get_object_or_404(readable, pk=pk)
        about = about_of(request, call)
        form = MemoForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            given, at = form.cleaned_data, clock.portal_now()
            try:
                memo = write_memo(
                    about,
                    title=given["title"],
                    text=given["text"],
                    by=current_user(request),
                    at=at,
                )
            except MemoRefused as refused:
                form.add_error(refused.field or None, refused.message)
            else:
                messages.success(request, "Your memo is kept.")
                return redirect("admin:review_memo_change", memo.pk)
        if about.passage is not None:
            _record_reading(request, call, about.response)
        more = {"title": "Write a memo", **_said(request, about), "form": form}
        status = REFUSED if request.method == "POST" else 200
        return self._page(request, "write", more, status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the memo with its earlier texts; who codes in the call can change it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        memo: Memo | None = self.get_object(request, object_id)
        if memo is None:
            if request.method == "POST" and (again := self._write_again(request, object_id)):
                return again
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        may_change = may(request.user, Action.CODE, memo.call_id)
        form = MemoForm({"title": memo.title, "text": memo.text})
        status, error, seen = 200, "", revision_to_see(memo)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = MemoForm(request.POST)
            seen = row_key(request.POST.get("seen", "")) or 0
            status = REFUSED
            if form.is_valid():
                try:
                    self._change(request, memo, form)
                except MemoRefused as refused:
                    form.add_error(refused.field or None, refused.message)
                except MemoOutdated as outdated:
                    status, error = OUTDATED, outdated.message
                    memo = get_object_or_404(self.get_queryset(request), pk=memo.pk)
                    seen = revision_to_see(memo)
                else:
                    messages.success(request, "The memo is kept as it is now.")
                    return redirect("admin:review_memo_change", memo.pk)
        passage = words_of_passage(memo, reader=request.user)
        if passage.words:
            _record_reading(request, memo.call, memo.submission)
        said, address = say_about(memo)
        more = {
            "title": f"Memo: {isolated(memo.title)}",
            "memo": memo,
            "about": said,
            "address": address,
            "passage": passage.words,
            "has_hidden": passage.has_hidden,
            "written": self.written(memo),
            "changed": self.changed(memo),
            "earlier": [
                (one, f"{in_uk_time(one.at)} by {one.by}")
                for one in memo.earlier.select_related("by")
            ],
            "form": form if may_change else None,
            "seen": seen,
            "may_delete": may_change and may_delete(request.user, memo),
            "error": error,
        }
        return self._page(request, "page", more, status)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete the memo as the page showed it."""
        if request.method != "POST":
            return led_to_its_page(request)
        memo = self.own_row_if_there(request, Action.CODE, self.get_queryset(request), pk=pk)
        if memo is None:
            messages.error(request, "This memo is deleted already.")
            return redirect("admin:review_memo_changelist")
        seen = row_key(request.POST.get("seen", "")) or 0
        try:
            delete_memo(memo, seen=seen, by=current_user(request), at=clock.portal_now())
        except (MemoOutdated, MemoRefused) as refused:
            messages.error(request, refused.message)
            return redirect("admin:review_memo_change", pk)
        messages.success(request, "The memo is deleted, with its earlier texts.")
        return redirect("admin:review_memo_changelist")

    def _write_again(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Show what was typed as a new memo, where the one that it was to change is gone."""
        found = why_gone(request, object_id)
        if found is None:
            return None
        about, said = found
        more = {
            "title": "Write a memo",
            **_said(request, about),
            "form": MemoForm(request.POST),
            "action": address_to_write_about(about),
            "error": f"{said} What you typed is below: keep it as a new memo.",
        }
        return self._page(request, "write", more, OUTDATED)

    def _change(self, request: HttpRequest, memo: Memo, form: MemoForm) -> None:
        change_memo(
            memo,
            title=form.cleaned_data["title"],
            text=form.cleaned_data["text"],
            seen=row_key(request.POST.get("seen", "")) or 0,
            by=current_user(request),
            at=clock.portal_now(),
        )

    def _page(
        self, request: HttpRequest, template: str, more: dict[str, Any], status: int
    ) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **more}
        return TemplateResponse(request, f"{PAGES}/{template}.html", context, status=status)


def _said(request: HttpRequest, about: About) -> dict[str, str | bool]:
    """Return what the memo will be about, as the page of one says it."""
    passage = about.passage
    memo = Memo(call=about.call, code=about.code, submission=about.response)
    if passage is not None:
        memo.version, memo.question = passage.version, passage.question
        memo.file_text, memo.start, memo.end = passage.file_text, passage.start, passage.end
    said, address = say_about(memo)
    words = words_of_passage(memo, reader=request.user)
    return {
        "about": said,
        "address": address,
        "passage": words.words,
        "has_hidden": words.has_hidden,
    }


def _record_reading(request: HttpRequest, call: Call, response: Submission | None) -> None:
    """Put on record that the page shows a passage of the response."""
    record(
        by=current_user(request),
        at=clock.portal_now(),
        action=AuditAction.PASSAGES_READ,
        call=call,
        shown=[str(response)],
        memos=True,
    )
