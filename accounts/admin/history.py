"""The “History” of a row, out of the record: Django's own log of changes is not kept here."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin.record import in_words
from accounts.identity import text_for
from accounts.models import AuditEvent
from accounts.rights import narrowed
from accounts.states import Action, AuditAction
from core.admin.uk_time import in_uk_time
from core.direction import isolated

A_PAGE = 100


@dataclass(frozen=True)
class Change:
    """An event as the page of a history shows it."""

    at: str
    who: str
    what: str


class HistoryFromRecord(ModelAdmin):
    """Shows what is on record about a row, the latest first, to those who may read the record."""

    def on_record(self, row: Any) -> Q:
        """Return the condition of the events that are about the row."""
        raise NotImplementedError

    def seen_on_record(
        self, events: QuerySet[AuditEvent], request: HttpRequest
    ) -> QuerySet[AuditEvent]:
        """Return those of the events that the reader may see in this history."""
        return narrowed(events, request.user, Action.READ_RECORD)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return super().history_view(request, object_id)
        events = AuditEvent.objects.filter(self.on_record(row))
        seen = self.seen_on_record(events, request)
        about = seen.select_related("actor").order_by("-at", "-pk")
        paginator = self.get_paginator(request, about, A_PAGE)
        page = paginator.get_page(request.GET.get(PAGE_VAR))
        page.object_list = [_change(event, request) for event in page.object_list]
        return super().history_view(
            request,
            object_id,
            {
                "title": f"On record: {isolated(str(row))}",
                "action_list": page,
                "page_range": paginator.get_elided_page_range(page.number),
                "pagination_required": paginator.num_pages > 1,
                **(extra_context or {}),
            },
        )


def _change(event: AuditEvent, request: HttpRequest) -> Change:
    said = str(AuditAction(event.action).label)
    if event.detail:
        said += f". {text_for(request.user, in_words(event), event.call_id)}"
    who = event.actor.get_username() if event.actor else ""
    return Change(in_uk_time(event.at), who, said)
