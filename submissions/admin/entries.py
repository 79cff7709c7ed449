"""Responses that came another way: those that are half entered, and the pages to enter one."""

from typing import Any, Protocol

from django.contrib import admin, messages
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OwnCallsFilter, WithOwnPage, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.rights import calls_of
from accounts.states import Action
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from submissions.admin import entry_pages, import_pages
from submissions.admin.entry_form import EntryForm
from submissions.responses.entering import begin_entry_once
from submissions.responses.models import Entry


class WithNumber(Protocol):
    """An entry with what `get_queryset` adds."""

    shown_number: str


@admin.register(Entry)
class EntryAdmin(WithOwnPage, ReadOnlyAdmin):
    """Lists what is half entered; whoever may enter responses of the call goes on with it."""

    sees = Action.ENTER_RESPONSES
    call_path = "submission__call"
    nothing_yet = (
        "Nothing is half entered. Enter here what came by letter, email or telephone. What you "
        "finish is in the list of responses."
    )
    list_display = ("__str__", "number", "came_by", "received", "begun_by", "begun", "call")
    list_filter = (("submission__call", OwnCallsFilter),)
    list_select_related = ("submission__call", "begun_by")
    change_list_template = "admin/submissions/entry/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        drafts = super().get_queryset(request).filter(submission__state="draft")
        # A number may name its author.
        known = calls_of(request.user, Action.SEE_IDENTITY)
        theirs = Q(begun_by=current_user(request)) | Q(submission__call__in=known)
        shown = Case(When(theirs, then=F("their_reference")), default=Value(""))
        return drafts.annotate(shown_number=shown)

    def _call_of(self, row: Any) -> int | None:
        return row.submission.call_id

    @admin.display(description="call")
    def call(self, entry: Entry) -> str:
        return str(entry.submission.call)

    @admin.display(description="number", ordering="shown_number")
    def number(self, entry: WithNumber) -> str:
        return entry.shown_number

    @admin.display(description="how it came")
    def came_by(self, entry: Entry) -> str:
        return entry.submission.get_channel_display()

    @admin.display(description="received (UK time)", ordering="received_at")
    def received(self, entry: Entry) -> str:
        return in_uk_time(entry.received_at)

    @admin.display(description="begun (UK time)", ordering="begun_at")
    def begun(self, entry: Entry) -> str:
        return in_uk_time(entry.begun_at)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("begin/<int:pk>/", view(self.begin), name="submissions_entry_begin"),
            *import_pages.urls(self),
            *entry_pages.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_of(request.user, Action.ENTER_RESPONSES))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def show_row(self, request: HttpRequest, entry: Entry, /) -> HttpResponse:
        """Lead to the pages of the entry."""
        return redirect("admin:submissions_entry_enter", entry.pk)

    def begin(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin a response that came to the call another way."""
        refuse_unless_somewhere(request, Action.ENTER_RESPONSES)
        call = get_object_or_404(calls_of(request.user, Action.ENTER_RESPONSES), pk=pk)
        at = clock.portal_now()
        form = EntryForm(request.POST or None, call=call, latest=at)
        if request.method == "POST" and form.is_valid():
            entry = begin_entry_once(form.came, call=call, by=current_user(request), at=at)
            messages.success(request, "Enter its answers now. Each page is saved as you go on.")
            return redirect("admin:submissions_entry_enter", entry.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Enter a response that came another way",
            "opts": self.opts,
            "call": call,
            "form": form,
        }
        return TemplateResponse(request, "admin/submissions/entry/begin.html", context)
