"""Lists that say what they list, and show the last page where an address asks for a later one."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from core.row_keys import row_keys


class WholeList(ChangeList):
    """Rows may have gone since a link to a page was made: Django would drop the filter, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))  # not “Select finding to view”

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            pages = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
            self.page_num = min(max(self.page_num, 1), pages.num_pages)
            super().get_results(request)


class ListedWhole(ModelAdmin):
    # One and several of the rows, as the foot of the list counts them: the model's names if None.
    counted_as: tuple[str, str] | None = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WholeList

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Leave out ticks that are no key of a row: Django takes them to the database."""
        given = request.POST.copy()
        keys = row_keys(given.getlist(ACTION_CHECKBOX_NAME))
        given.setlist(ACTION_CHECKBOX_NAME, [str(key) for key in keys])
        request.POST = given  # type: ignore[assignment]  # the stubs want it immutable
        return super().response_action(request, queryset)


class CallWhereSeveral(ModelAdmin):
    """A list that has the column `call` only where its rows may be of several calls."""

    def get_list_display(self, request: HttpRequest) -> list[Any] | tuple[Any, ...]:
        """Leave out the call if all rows have the same: there is only one, or one is chosen."""
        shown = super().get_list_display(request)
        if "call" not in shown:
            return shown
        if "call__id__exact" in request.GET or len(self.calls_shown(request)) < 2:
            return [name for name in shown if name != "call"]
        return shown

    def calls_shown(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the calls whose rows the reader finds here."""
        field: Any = self.model._meta.get_field("call")
        return field.related_model._default_manager.all()
