"""Admin pages of rows that belong to a call: each person finds those of their own calls.

Django's permissions are not asked: `accounts.rights` decides. A row of another call is answered
like one that there is not.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.rights import calls_of, may, may_somewhere, narrowed
from accounts.states import Action

Row = TypeVar("Row", bound=Model)
CALLS = "_calls_by_action"  # an attribute of the request


class OfOwnCalls(ModelAdmin):
    """Shows rows of the calls in which the reader has the right `sees`; `call_path` leads there.

    `nothing_yet` says in the empty list what will stand there, and where it comes from.
    """

    sees: Action
    changes: Action | None = None
    call_path = "call"
    nothing_yet = ""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.sees, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.changes is not None and self._may(request, self.changes, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return narrowed(rows, request.user, self.sees, path=self.call_path)

    def calls_shown(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the calls whose rows the reader finds here."""
        return calls_once(request, self.sees)

    def calls_of_list(self, request: HttpRequest, calls: Iterable[Row]) -> list[Row]:
        """Return the call by which the list is narrowed, if it is one of these; else all."""
        chosen = request.GET.get(f"{self.call_path}__id__exact")
        return [call for call in calls if chosen in {None, str(call.pk)}]

    def own_row(
        self, request: HttpRequest, action: Action, rows: QuerySet[Row], **which: Any
    ) -> Row:
        """Return the row, to somebody who may do this with it.

        Raises PermissionDenied for who may not, Http404 for a row of another call.
        """
        refuse_unless_somewhere(request, action)
        seen = narrowed(rows, request.user, self.sees, path=self.call_path)
        row = get_object_or_404(seen, **which)
        if not self._may(request, action, row):
            raise PermissionDenied
        return row

    def own_row_if_there(
        self, request: HttpRequest, action: Action, rows: QuerySet[Row], **which: Any
    ) -> Row | None:
        """Return the row as `own_row` does; None where it is deleted, as at a second press.

        One that `rows` hides is answered like one that is deleted.
        """
        refuse_unless_somewhere(request, action)
        there = rows.model._default_manager.filter(**which)
        is_own = narrowed(there, request.user, self.sees, path=self.call_path).exists()
        if (is_own or not there.exists()) and not rows.filter(**which).exists():
            return None
        return self.own_row(request, action, rows, **which)

    def _may(self, request: HttpRequest, action: Action, row: Any) -> bool:
        if row is None:
            return may_somewhere(request.user, action)
        return may(request.user, action, self._call_of(row))

    def _call_of(self, row: Any) -> int | None:
        return row.pk if self.call_path == "pk" else getattr(row, f"{self.call_path}_id")


class WithOwnPage(OfOwnCalls):
    """Shows each row on a page that `show_row` makes, in place of Django's form."""

    def show_row(self, request: HttpRequest, row: Any, /) -> HttpResponse:
        """Return the page of a row that the reader may see."""
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        return self.show_row(request, row)


class OwnCallsFilter(admin.RelatedFieldListFilter):
    """The filter by call, which offers the reader's own calls."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[str, Any]]:
        calls: Iterable[Any] = ()
        if isinstance(model_admin, OfOwnCalls):
            calls = model_admin.calls_shown(request)
        return [(str(call.pk), str(call)) for call in calls]


def calls_once(request: HttpRequest, action: Action) -> QuerySet[Any]:
    """Return the calls in which the reader may do this, from the database once a request."""
    known: dict[Action, QuerySet[Any]] = request.__dict__.setdefault(CALLS, {})
    if action not in known:
        known[action] = calls_of(request.user, action)
    return known[action]


def refuse_unless_somewhere(request: HttpRequest, action: Action) -> None:
    """Raise PermissionDenied for somebody who may do this in no call at all."""
    if not may_somewhere(request.user, action):
        raise PermissionDenied
