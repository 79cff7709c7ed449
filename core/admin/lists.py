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
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WholeList

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Leave out ticks that are no key of a row: Django takes them to the database."""
        given = request.POST.copy()
        keys = row_keys(given.getlist(ACTION_CHECKBOX_NAME))
        given.setlist(ACTION_CHECKBOX_NAME, [str(key) for key in keys])
        request.POST = given  # type: ignore[assignment]  # the stubs want it immutable
        return super().response_action(request, queryset)
