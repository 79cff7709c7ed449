"""A response within the list that its reader came from: what is next, and which place it has.

That list is the one of responses under its filters, or of it those that answered one question.
"""

import copy
from dataclasses import dataclass
from functools import cached_property

from django.contrib.admin import ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, PAGE_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from review.admin.keyset import OrderedList, Place
from submissions.calls.models import Question
from submissions.calls.states import CHOICE_KINDS, QuestionKind
from submissions.responses.models import Submission

FILTERS = "_changelist_filters"  # Django's own name: the query string of the list
QUESTION = "question"
AT = "at"
ROWS_ALONE = "_rows_alone"  # an attribute of the request
# Files are no answer to read; an address says who answers.
NOT_READ_ACROSS = (QuestionKind.FILE, QuestionKind.EMAIL)


@dataclass(frozen=True)
class CameFrom:
    """What each page for reading carries on: the list's filters, and the question read across."""

    filters: str = ""
    question: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> "CameFrom":
        return cls(request.GET.get(FILTERS, ""), request.GET.get(QUESTION, ""))

    @property
    def query(self) -> str:
        """As a query string with its question mark; "" for nothing."""
        return self._query()

    def query_with(self, **also: str) -> str:
        return self._query(**also)

    def page_of(self, pk: int, **also: str) -> str:
        """Return the address of a response's page, at the answer to the question."""
        address = reverse("admin:submissions_submission_change", args=[pk])
        place = f"#answer-{self.question}" if self.question else ""
        return f"{address}{self._query(**also)}{place}"

    def list_address(self, page: int | None = None) -> str:
        """Return the list's address, at `page` instead of its own where that is given."""
        filters = QueryDict(self.filters, mutable=True)
        if page is not None:
            filters.pop(PAGE_VAR, None)
            if page > 1 and ALL_VAR not in filters:
                filters[PAGE_VAR] = str(page)
        address = reverse("admin:submissions_submission_changelist")
        return f"{address}?{filters.urlencode()}" if filters else address

    def question_address(self, question: Question, **also: str) -> str:
        """Return the address of all answers to the question."""
        address = reverse("admin:submissions_submission_question", args=[question.pk])
        return f"{address}{self.question_query(**also)}"

    def question_query(self, **also: str) -> str:
        return CameFrom(self.filters)._query(**also)

    def _query(self, **also: str) -> str:
        query = QueryDict(mutable=True)
        query.update(also)
        if self.filters:
            query[FILTERS] = self.filters
        if self.question:
            query[QUESTION] = self.question
        return f"?{query.urlencode()}" if query else ""


def request_of_list(request: HttpRequest) -> HttpRequest:
    """Return the request as if it asked for the list under the filters that its address carries."""
    return request_under(request, request.GET.get(FILTERS, ""))


def request_under(request: HttpRequest, query: str) -> HttpRequest:
    """Return the request as if it asked for the whole list under that query string."""
    asked = copy.copy(request)
    filters = QueryDict(query, mutable=True)
    for of_a_page in (PAGE_VAR, ALL_VAR, ERROR_FLAG):
        filters.pop(of_a_page, None)
    asked.GET = filters  # type: ignore[assignment]  # the stubs want it immutable
    return asked


def narrowed_list(admin: ModelAdmin, request: HttpRequest) -> QuerySet[Submission]:
    """Return the list as its own page shows it under the filters that the address carries.

    Where the list cannot read them, it is the whole list.
    """
    asked = request_of_list(request)
    setattr(asked, ROWS_ALONE, True)
    try:
        return admin.get_changelist_instance(asked).queryset
    except IncorrectLookupParameters:
        asked.GET = QueryDict()
        return admin.get_changelist_instance(asked).queryset


def is_for_rows_alone(request: HttpRequest) -> bool:
    """Return whether the list is asked for its rows alone, as `narrowed_list` does."""
    return getattr(request, ROWS_ALONE, False)


def is_read_across(question: Question) -> bool:
    return not question.identity and question.kind not in NOT_READ_ACROSS


def answered(rows: QuerySet[Submission], question: Question) -> QuerySet[Submission]:
    """Return those responses to the question's call that answer it in their current version."""
    given = Q(current_version__text_keys__contains=[question.key])
    if question.kind in CHOICE_KINDS:
        given = Q(current_version__choices__has_key=question.key)
    return rows.filter(given, call=question.call_id)


class Listed:
    """Where the response stands in the list; each query runs when a page asks for it."""

    def __init__(self, admin: ModelAdmin, request: HttpRequest, response: Submission) -> None:
        self._came_from = CameFrom.of(request)
        self._per_page = admin.list_per_page
        self._pk = response.pk
        self._rows = narrowed_list(admin, request)
        question = response.call.questions_by_key.get(self._came_from.question)
        self.question = question if question and is_read_across(question) else None
        if self.question:
            self._rows = answered(self._rows, self.question)
        else:
            self._came_from = CameFrom(self._came_from.filters)
        of_the_row = admin.get_queryset(request_of_list(request)).filter(pk=response.pk)
        self._ordered = OrderedList(self._rows, of_the_row)

    @property
    def total(self) -> int:
        return self._place.rows

    @property
    def place(self) -> int | None:
        """The place in the list, from 1; None if the response is not in it, or no more."""
        return self._place.before + 1 if self._place.is_there else None

    @cached_property
    def next(self) -> str | None:
        return self._address(self._ordered.next())

    @cached_property
    def previous(self) -> str | None:
        return self._address(self._ordered.previous())

    @cached_property
    def back(self) -> str:
        """The page of the list that has the response, or the place where it would be."""
        if self.question:
            address = self._came_from.question_address(self.question, at=str(self._pk))
            return f"{address}#response-{self._pk}"
        page = min(self._place.before, max(0, self.total - 1)) // self._per_page + 1
        return self._came_from.list_address(page)

    @cached_property
    def _place(self) -> Place:
        return self._ordered.place()

    def _address(self, pk: int | None) -> str | None:
        return None if pk is None else self._came_from.page_of(pk)
