"""The search of the list of responses: what is found, the best first, and where the words stand."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import mark_safe

from accounts.call_admin import OfOwnCalls
from accounts.states import AuditAction
from core.admin.lists import WholeList
from core.admin.reference_search import by_reference
from core.references import read_reference
from review.admin.listed import is_for_rows_alone
from review.admin.response_filters import OneOf
from review.admin.shown_on_record import record_shown
from review.consent import consent_of
from review.searching.entries import due
from review.searching.found import MOST_RANKED, Search, among, best_first, search_for
from review.searching.snippet_sources import passages_of
from review.searching.snippets import Marker
from review.searching.wanted import Term
from submissions.responses.models import Submission

MOST_SNIPPETS = 3  # of a response
SEARCHES = "_searches"  # an attribute of the request: by what was typed


class SearchedList(WholeList):
    """The list in the order of how well each response matches, unless another order is chosen."""

    def get_queryset(self, request: HttpRequest, *args: Any, **options: Any) -> QuerySet:
        rows = super().get_queryset(request, *args, **options)
        self.is_ranked = False
        if ORDER_VAR in self.params or not _is_search(self.query):
            return rows
        ranked = best_first(rows, _search(request, self.query))
        self.is_ranked = ranked is not None
        return rows if ranked is None else ranked

    def get_ordering_field_columns(self) -> Any:
        """No column is marked as the one that orders the list while the best comes first."""
        return {} if self.is_ranked else super().get_ordering_field_columns()


class RowsAlone(SearchedList):
    """The list where only its rows are wanted: what its page shows around them is not fetched."""

    def get_filters(self, request: HttpRequest) -> Any:
        self.list_filter = [each for each in self.list_filter if _narrows(each, request.GET)]
        return super().get_filters(request)

    def get_results(self, request: HttpRequest) -> None:
        """Count nothing: who wants rows takes them from the queryset."""


class InboxSearch(OfOwnCalls):
    search_fields = ("reference",)  # shows the box; get_search_results does the searching
    search_help_text = mark_safe(
        "A reference, or words in any order: of answers, choices, notes, and files you may open. "
        "<b>“a phrase”</b> in quotes, <b>OR</b> between alternatives, <b>-without</b> this word, "
        "<b>begin*</b> for all words that begin so."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[SearchedList]:
        return RowsAlone if is_for_rows_alone(request) else SearchedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Submission], search_term: str
    ) -> tuple[QuerySet[Submission], bool]:
        """Find by the reference, however it is typed, else by words.

        Never by who answered: that is a search of its own, on record (`identity_search`).
        """
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        if not _is_search(term):
            return by_reference(queryset, term, path="reference"), False
        with_it = by_reference(Submission.objects.all(), term, path="reference")
        found = _search(request, term).found()
        found.update(with_it.order_by().values_list("pk", flat=True))
        return queryset.filter(among(found)), False

    def show_excerpts(self, request: HttpRequest, page: HttpResponse) -> HttpResponse:
        """Put where the words are beside each response of the list, which goes on record."""
        context = getattr(page, "context_data", None)
        changes = context and context.get("cl")
        if not isinstance(page, TemplateResponse) or not isinstance(changes, SearchedList):
            return page
        if not context or not _is_search(changes.query):
            return page
        search = _search(request, changes.query)
        rows = list(changes.result_list)
        changes.result_list = rows
        passages = passages_of(rows, opens=search.opens, sees=search.sees)
        marker = Marker(search.sought, [p.text for each in passages.values() for p in each])
        for row in rows:
            row.snippets = marker.best(passages.get(row.pk, ()), most=MOST_SNIPPETS)
            consent = consent_of(row, row.call) if row.snippets else None
            row.excerpts_consent = consent.said if consent and consent.is_withheld else ""
        excerpts = [(row.call, row) for row in rows if row.snippets]
        record_shown(request, AuditAction.ANSWERS_SEARCHED, excerpts)
        calls = self.calls_shown(request)
        context["searched"] = {
            "groups": [_said(group) for group in search.groups],
            "too_common": search.too_common,
            "is_cut": search.wanted.is_cut,
            "in_files": search.opens is None or bool(search.opens),
            "not_yet": due(calls).count(),
            "found": changes.result_count,
            "is_ranked": changes.is_ranked,
            "most_ranked": MOST_RANKED,
        }
        return page


def _narrows(each: Any, query: Collection[str]) -> bool:
    """Return whether the filter does something with this query: the others offer choices."""
    if isinstance(each, type) and issubclass(each, OneOf):
        return each.narrows_unasked or not {*each.parameters()}.isdisjoint(query)
    field = each if isinstance(each, str) else each[0]
    return any(name.startswith(field) for name in query)


def _search(request: HttpRequest, typed: str) -> Search:
    """Return what is searched for, looked up once a request."""
    known: dict[str, Search] = request.__dict__.setdefault(SEARCHES, {})
    typed = typed.replace("\0", "").strip()
    if typed not in known:
        known[typed] = search_for(typed, searcher=request.user)
    return known[typed]


def _is_search(typed: str) -> bool:
    """Return whether words are searched for, and not the response of one whole reference."""
    return bool(typed.strip()) and read_reference(typed) is None


def _said(group: Sequence[Term]) -> dict[str, list[Term]]:
    return {
        "with_all": [term for term in group if not term.is_unwanted],
        "without": [term for term in group if term.is_unwanted],
    }
