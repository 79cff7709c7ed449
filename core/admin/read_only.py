"""Admin pages that staff read and nobody edits, not even superusers."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.lists import ListedWhole


class ReadOnlyAdmin(DeclaredFiltersOnly, ListedWhole):
    """Nobody adds, changes or deletes here. Reading needs the model's view permission."""

    show_full_result_count = False
    list_per_page = 50

    def get_list_display(self, request: HttpRequest) -> list[Any] | tuple[Any, ...]:
        """Leave out the call if all rows have the same: there is only one, or one is chosen."""
        shown = super().get_list_display(request)
        if "call" not in shown:
            return shown
        if "call__id__exact" in request.GET or self.calls_shown(request).count() < 2:
            return [name for name in shown if name != "call"]
        return shown

    def calls_shown(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the calls whose rows the reader finds here."""
        field: Any = self.model._meta.get_field("call")
        return field.related_model._default_manager.all()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the page of the row: nobody edits it here, so that Django keeps no history."""
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
