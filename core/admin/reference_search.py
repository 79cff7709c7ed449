"""Finding rows by a response's reference, however it is typed: the same in every list."""

from django.contrib.admin import ModelAdmin
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Replace
from django.http import HttpRequest

from core.references import parts_of_reference, read_reference

SHORTEST_PART = 3  # characters


def by_reference(rows: QuerySet, term: str, *, path: str) -> QuerySet:
    """Return the rows whose reference, at `path`, is what `term` says, or has it as a part.

    Case, spaces and hyphens do not matter.
    """
    if (whole := read_reference(term)) is not None:
        return rows.filter(**{path: whole})
    found = Q(pk__in=())
    for part in parts_of_reference(term):
        if len(part) >= SHORTEST_PART:
            found |= Q(bare_reference__contains=part)
    return rows.alias(bare_reference=Replace(F(path), Value("-"), Value(""))).filter(found)


class SearchedByReference(ModelAdmin):
    """A list whose search box takes a response's reference; `search_fields` has its path."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        return by_reference(queryset, term, path=str(self.get_search_fields(request)[0])), False
