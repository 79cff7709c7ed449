"""The calendar of each call: what ends when, and the confirmation that it does."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.asking_again import ask_again
from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.rights import may
from accounts.states import Action
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from retention.calendar import calendar_of, due_of, ended_so_far, waits_for_confirmation
from retention.confirming import (
    ConfirmationRefused,
    confirm,
    confirmation_of,
    is_confirmed,
    report_etag,
)
from retention.models import RetentionCalendar
from submissions.calls.models import Call


@admin.register(RetentionCalendar)
class RetentionCalendarAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.SEE_CALL
    counted_as = ("call", "calls")
    call_path = "pk"
    list_display = ("title_of_call", "closes", "standing")
    list_display_links = None
    search_fields = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionCalendar]:
        return super().get_queryset(request).annotate(is_confirmed=is_confirmed())

    @admin.display(description="call")
    def title_of_call(self, call: Call) -> str:
        address = reverse("admin:retention_retentioncalendar_calendar", args=[call.pk])
        return format_html('<a href="{}">{}</a>', address, call.title)

    @admin.display(description="closes")
    def closes(self, call: Call) -> str:
        return call.closes_in_words

    @admin.display(description="what ends")
    def standing(self, call: Any) -> str:
        if call.is_confirmed:
            return "Ends by itself"
        if waits_for_confirmation(call, at=clock.portal_now()):
            return "Waits for a manager: some of it has passed its period"
        return "A manager has yet to confirm it"

    def get_urls(self) -> list[URLPattern]:
        """Return the list and the calendar: a call has a page of its own."""
        names = "retention_retentioncalendar"
        listed = self.admin_site.admin_view(self.changelist_view)
        page = self.admin_site.admin_view(self.calendar)
        return [
            path("", listed, name=f"{names}_changelist"),
            path("<int:pk>/calendar/", page, name=f"{names}_calendar"),
        ]

    def calendar(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what ends when; take the confirmation, which asks for the password again."""
        action = Action.CONFIRM_RETENTION if request.method == "POST" else Action.SEE_CALL
        calls: QuerySet[Call] = Call.objects.all()
        call = self.own_row(request, action, calls, pk=pk)
        now = clock.portal_now()
        if request.method == "POST":
            ask_again(request)
            self._confirm(request, call)
            return redirect(request.path)
        rows = calendar_of(call, at=now)
        context = {
            **self.admin_site.each_context(request),
            "title": "Retention calendar",
            "opts": self.opts,
            "call": call,
            "is_open": not call.has_closed_at(now),
            "rows": rows,
            "ended": ended_so_far(call),
            "confirmation": confirmation_of(call),
            "is_late": any(row.due and not row.by_itself for row in rows),
            "may_confirm": may(current_user(request), Action.CONFIRM_RETENTION, call),
            "seen": report_etag(call),
        }
        return TemplateResponse(request, "admin/retention/calendar.html", context)

    def _confirm(self, request: HttpRequest, call: Call) -> None:
        now = clock.portal_now()
        try:
            confirm(
                call,
                seen=request.POST.get("seen", ""),
                due=due_of(call, at=now),
                by=current_user(request),
                at=now,
            )
        except ConfirmationRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, "From now on the portal ends this by itself, each day.")
