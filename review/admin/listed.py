"""A response within the list that its reader came from: what is next, and which place it has."""

import copy
from dataclasses import dataclass
from functools import cached_property

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from review.admin.keyset import OrderedList
from submissions.responses.models import Submission

FILTERS = "_changelist_filters"  # Django's own name: the query string of the list


@dataclass(frozen=True)
class Narrowed:
    """The rows of the list under its filters, in its order."""

    rows: QuerySet[Submission]
    total: int


def narrowed_list(admin: ModelAdmin, request: HttpRequest) -> Narrowed:
    """Return the list as its own page shows it under the filters that the address carries.

    A filter that the list cannot read is left out, as the list itself does.
    """
    asked = copy.copy(request)
    filters = QueryDict(request.GET.get(FILTERS, ""), mutable=True)
    for of_a_page in (PAGE_VAR, ALL_VAR):
        filters.pop(of_a_page, None)
    asked.GET = filters  # type: ignore[assignment]  # the stubs want it immutable
    try:
        shown = admin.get_changelist_instance(asked)
    except IncorrectLookupParameters:
        asked.GET = QueryDict()
        shown = admin.get_changelist_instance(asked)
    return Narrowed(shown.queryset, shown.result_count)


class Listed:
    """Where the response stands in the list; each query runs when a page asks for it."""

    def __init__(self, admin: ModelAdmin, request: HttpRequest, response: Submission) -> None:
        self._filters = request.GET.get(FILTERS, "")
        self._per_page = admin.list_per_page
        self._narrowed = narrowed_list(admin, request)
        of_the_row = admin.get_queryset(request).filter(pk=response.pk)
        self._ordered = OrderedList(self._narrowed.rows, of_the_row)

    @property
    def total(self) -> int:
        return self._narrowed.total

    @cached_property
    def place(self) -> int | None:
        """The place in the list, from 1; None if the response is not in it, or no more."""
        return self._before + 1 if self._ordered.has_it() else None

    @cached_property
    def next(self) -> str | None:
        return self._address(self._ordered.next())

    @cached_property
    def previous(self) -> str | None:
        return self._address(self._ordered.previous())

    @property
    def list_address(self) -> str:
        """The page of the list that has the response, or the place where it would be."""
        filters = QueryDict(self._filters, mutable=True)
        filters.pop(PAGE_VAR, None)
        page = min(self._before, max(0, self.total - 1)) // self._per_page + 1
        if page > 1 and ALL_VAR not in filters:
            filters[PAGE_VAR] = str(page)
        address = reverse("admin:submissions_submission_changelist")
        return f"{address}?{filters.urlencode()}" if filters else address

    @cached_property
    def _before(self) -> int:
        return self._ordered.before()

    def _address(self, pk: int | None) -> str | None:
        return None if pk is None else page_address(pk, self._filters)


def page_address(pk: int, filters: str = "", **also: str) -> str:
    """Return the address of a response's page that carries the filters of the list."""
    query = QueryDict(mutable=True)
    query.update(also)
    if filters:
        query[FILTERS] = filters
    address = reverse("admin:submissions_submission_change", args=[pk])
    return f"{address}?{query.urlencode()}" if query else address
