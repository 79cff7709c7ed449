"""The record, which staff read and nobody edits."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.identity import text_for
from accounts.models import AuditEvent
from accounts.record import USER
from accounts.rights import is_administrator
from accounts.states import Action, AuditAction
from core.admin.columns import column
from core.admin.read_only import ReadOnlyAdmin
from core.admin.reference_search import SearchedByReference
from core.admin.uk_time import in_uk_time
from core.references import read_reference

MOST_LISTED = 50


@admin.register(AuditEvent)
class AuditEventAdmin(OfOwnCalls, SearchedByReference, ReadOnlyAdmin):
    sees = Action.READ_RECORD
    list_display = ("when", "action", "actor", "call", "submission", "of_request")
    list_filter = ("action", ("call", OwnCallsFilter), ("actor", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("actor", "call", "submission")
    search_fields = ("submission__reference",)
    search_help_text = "Search by a response's reference, or by the number of a request"
    ordering = ("-at", "-pk")

    @admin.display(description="request", ordering="request_number")
    def of_request(self, event: AuditEvent) -> str:
        return event.request_number

    @admin.display(description="at (UK time)", ordering="at")
    def when(self, event: AuditEvent) -> str:
        return in_uk_time(event.at)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEvent], search_term: str
    ) -> tuple[QuerySet[AuditEvent], bool]:
        """Find events about a response, those that showed its answer, and those of a request."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        reference = read_reference(search_term) or search_term
        shown = queryset.filter(
            action=AuditAction.QUESTION_READ, detail__contains={"shown": [reference]}
        )
        if not (number := search_term.replace("\0", "").strip().lower()):
            return found, may_repeat
        return found | shown | queryset.filter(request_number=number), may_repeat

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_display(request), self._details(request, most=MOST_LISTED)]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = ["who" if name == "actor" else name for name in self.list_display]
        fields = self.list_display if is_administrator(request.user) else shown
        return [*fields, self._details(request, most=None)]

    @admin.display(description="actor")
    def who(self, event: AuditEvent) -> str:
        """Say it without the link to the person's page, which opens for administrators alone."""
        return str(event.actor or self.get_empty_value_display())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def _details(self, request: HttpRequest, *, most: int | None) -> Any:
        """Reasons are typed by people, and may have an address in them."""
        return column(
            "details",
            "detail",
            lambda event: text_for(request.user, in_words(event, most=most), event.call_id),
        )


def in_words(event: AuditEvent, *, most: int | None = MOST_LISTED) -> str:
    """Return the details as one line; of longer lists the first `most`, and how many there are.

    People are named by their username of then, not by their key as well.
    """
    said = {name: value for name, value in event.detail.items() if name != USER}
    return ", ".join(f"{name}: {_said(value, most)}" for name, value in said.items())


def _said(value: Any, most: int | None) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and most is not None and len(value) > most:
        return f"{json.dumps(value[:most])} and {len(value) - most:,} more"
    return json.dumps(value)
