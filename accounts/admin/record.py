"""The record, which staff read and nobody edits."""

import json

from django.contrib import admin

from accounts.models import AuditEvent
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("when", "action", "actor", "call", "submission", "details")
    list_filter = ("action", "call", ("actor", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("actor", "call", "submission")
    search_fields = ("submission__reference",)
    search_help_text = "Search by a response's reference"
    fields = ("when", "action", "actor", "call", "submission", "details")
    readonly_fields = fields
    ordering = ("-at", "-pk")

    @admin.display(description="at (UK time)", ordering="at")
    def when(self, event: AuditEvent) -> str:
        return in_uk_time(event.at)

    @admin.display(description="detail")
    def details(self, event: AuditEvent) -> str:
        return ", ".join(
            f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
            for name, value in event.detail.items()
        )
