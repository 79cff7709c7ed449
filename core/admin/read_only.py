"""Admin pages that staff read and nobody edits, not even superusers."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.lists import CallWhereSeveral, ListedWhole


class ReadOnlyAdmin(CallWhereSeveral, DeclaredFiltersOnly, ListedWhole):
    """Nobody adds, changes or deletes here. Reading needs the model's view permission."""

    show_full_result_count = False
    list_per_page = 50

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
