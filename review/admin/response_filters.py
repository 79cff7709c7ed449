"""The filters of the list of responses by state and timing, by answers and what authors allow."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from accounts.call_admin import calls_once
from accounts.states import Action
from submissions.calls.models import Call, Question
from submissions.calls.states import Publication, PublicationPolicy, QuestionKind
from submissions.responses.states import SubmissionState, Timing

Choices = list[tuple[str, str]]
CLOSED = (
    QuestionKind.RADIO,
    QuestionKind.CHECKBOXES,
    QuestionKind.ROLES,
    QuestionKind.MATRIX,
    QuestionKind.CHECKBOX,
)
WITH_OWN_FILTER = ("publication", "quote_ok", "org_name_listed")
ANSWER = "facet_"
ANSWERS_TO = "answers_to"
MOST_SHOWN = 60  # filters by questions that are no facet


class OneOf(admin.SimpleListFilter):
    """A filter that refuses any value which it does not offer: it finds nothing, and says so."""

    more_parameters: Sequence[str] = ()
    narrows_unasked = False  # whether it narrows the list where nothing is chosen

    @classmethod
    def parameters(cls) -> list[str]:
        return [str(cls.parameter_name), *cls.more_parameters]

    def value(self) -> str | None:
        chosen = super().value()
        return chosen if chosen in {key for key, _ in self.lookup_choices} else None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        given = super().value()
        if given and self.value() is None:
            refused = self.refusal(given)
            if refused not in {str(message) for message in messages.get_messages(request)}:
                messages.error(request, refused)
            return queryset.none()
        return self.narrowed(queryset)

    def refusal(self, given: str) -> str:
        return f"{capfirst(self.title)}: there is no “{given[:100]}”. Choose one of those shown."

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        """Return what the value finds; None is no choice."""
        raise NotImplementedError


class StateFilter(OneOf):
    """Submitted responses unless something else is chosen: drafts are not evidence given."""

    title = "state"
    parameter_name = "state"
    narrows_unasked = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            (SubmissionState.WITHDRAWN, "Withdrawn"),
            (SubmissionState.ERASED, "Erased"),
            (SubmissionState.DRAFT, "Draft"),
            ("all", "All"),
        ]

    def choices(self, changelist: ChangeList) -> Any:
        choices = super().choices(changelist)
        yield next(choices) | {"display": "Submitted"}
        yield from choices

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or SubmissionState.SUBMITTED)


class FilterOfAnswers(OneOf):
    """A filter that the page shows among those by answers; `options` are of the chosen call."""

    is_of_a_question = True
    options: Choices = []

    @property
    def is_chosen(self) -> bool:
        return self.value() is not None

    @property
    def is_asked_for(self) -> bool:
        """Whether AnswersToFilter names it: the page shows its answers at once."""
        return self.request.GET.get(ANSWERS_TO) == self.parameter_name

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self.options


class QuestionFilter(FilterOfAnswers):
    """A filter by the answers to one closed question; of a matrix, by one of its rows."""

    question = ""
    row = ""
    is_box = False
    is_facet = False

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        answer = f"current_version__choices__{self.question}"
        if self.is_box:
            given = Q(**{f"{answer}__exact": True})
            return queryset.filter(given if self.value() == "yes" else ~given)
        if self.row:
            return queryset.filter(**{f"{answer}__{self.row}__exact": self.value()})
        return queryset.filter(**{f"{answer}__has_any_keys": [self.value()]})


class AnswersToFilter(FilterOfAnswers):
    """Chooses the question whose answers the list offers, in a call with very many questions.

    It narrows nothing, and refuses nothing: another call may have been chosen since.
    """

    title = "another question"
    parameter_name = ANSWERS_TO
    narrows_nothing = True

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset


class GoneFilter(FilterOfAnswers):
    """A filter by a question that none of the reader's calls has: it finds nothing, and says so.

    An address that somebody saved may have it, once a call asks otherwise.
    """

    is_chosen = True

    def refusal(self, given: str) -> str:
        return f"The list has no {self.title} any more: it finds nothing. Choose another filter."

    def has_output(self) -> bool:
        return True

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        return queryset


def question_filters(request: HttpRequest) -> list[type[OneOf]]:
    """Return a filter for each closed question of the reader's calls, the facets first.

    Those that the chosen call lacks are not shown: where another call was chosen since, its
    address may still have their parameters. If more than MOST_SHOWN are no facets, those are not
    shown either, until the reader chooses one of them by AnswersToFilter.
    """
    calls = calls_read(request)
    chosen = chosen_call(request, calls)
    found: dict[str, type[QuestionFilter]] = {}
    for call in sorted(calls, key=lambda call: call == chosen, reverse=True):
        facets = [(question, facet["label"], True) for facet, question in call.facet_questions]
        others = [
            (question, question.label, False)
            for question in call.questions_in_order
            if question.key not in WITH_OWN_FILTER
        ]
        for question, label, is_facet in [*facets, *others]:
            for made in _filters_of(question, label, is_facet=is_facet, is_shown=call == chosen):
                found.setdefault(str(made.parameter_name), made)
    gone = [_gone(name) for name in request.GET if name.startswith(ANSWER) and name not in found]
    return [*found.values(), _answers_to(found, request), *gone]


def names_answers(query: Iterable[str]) -> bool:
    """Return whether a filter of `question_filters` is named in the query."""
    return any(name == ANSWERS_TO or name.startswith(ANSWER) for name in query)


def _gone(name: str) -> type[GoneFilter]:
    title = f"filter “{name.removeprefix(ANSWER)[:50]}”"
    return type("GoneFilter", (GoneFilter,), {"title": title, "parameter_name": name})


def _answers_to(found: dict[str, type[QuestionFilter]], request: HttpRequest) -> type[OneOf]:
    """Return the filter that offers those that are no facets; it offers none if they are few.

    If they are not, this empties those that the address does not name: the page then omits them.
    """
    many = {name: made for name, made in found.items() if made.options and not made.is_facet}
    options = []
    if len(many) > MOST_SHOWN:
        options = [(name, str(made.title)) for name, made in many.items()]
        for name in many.keys() - {*request.GET, request.GET.get(ANSWERS_TO)}:
            many[name].options = []
    return type("AnswersToFilter", (AnswersToFilter,), {"options": options})


def _filters_of(
    question: Question, label: str, *, is_facet: bool, is_shown: bool
) -> list[type[QuestionFilter]]:
    """Return the question's filter, of a matrix one for each row; none for an open question."""
    if question.identity or question.kind not in CLOSED:
        return []
    labels = [("yes", "Yes"), ("no", "No")]
    if question.kind != QuestionKind.CHECKBOX:
        labels = list(question.option_labels.items())
    rows = [("", label)]
    if question.kind == QuestionKind.MATRIX:
        rows = [(row["key"], f"{label} {row['label']}") for row in question.rows]
    return [
        type(
            "QuestionFilter",
            (QuestionFilter,),
            {
                "title": title,
                "parameter_name": f"{ANSWER}{question.key}" + (f".{row}" if row else ""),
                "question": question.key,
                "row": row,
                "is_box": question.kind == QuestionKind.CHECKBOX,
                "is_facet": is_facet,
                "options": labels if is_shown else [],
            },
        )
        for row, title in rows
    ]


def calls_read(request: HttpRequest) -> QuerySet[Call]:
    """Return the calls whose responses the reader may read, from the database once a request."""
    return calls_once(request, Action.READ_RESPONSES)


def chosen_call(request: HttpRequest, calls: Sequence[Call] | QuerySet[Call]) -> Call | None:
    """Return the call by which the list is narrowed, or the only one that there is."""
    if len(calls) == 1:
        return calls[0]
    pk = request.GET.get("call__id__exact")
    return next((call for call in calls if str(call.pk) == pk), None)


class TimingFilter(OneOf):
    title = "timing"
    parameter_name = "timing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return Timing.choices

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(current_version__timing=self.value())


class PublicationFilter(OneOf):
    """What may become of a response; one that left the question open is confidential."""

    title = "publication"
    parameter_name = "publication"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        not_asked = PublicationPolicy.NOT_ASKED
        return [*Publication.choices, (not_asked.value, str(not_asked.label))]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        if chosen is None:
            return queryset
        submitted = queryset.filter(current_version__isnull=False)
        if chosen == PublicationPolicy.NOT_ASKED:
            return submitted.filter(call__publication=PublicationPolicy.NOT_ASKED)
        if chosen != Publication.CONFIDENTIAL:
            return submitted.filter(
                call__publication=PublicationPolicy.ASKED,
                current_version__choices__publication=chosen,
            )
        open_ones = Q(call__publication=PublicationPolicy.NOT_ASKED) | Q(
            call__publication=PublicationPolicy.ASKED,
            current_version__choices__publication__in=[
                each.value for each in Publication if each != Publication.CONFIDENTIAL
            ],
        )
        return submitted.exclude(pk__in=submitted.filter(open_ones).order_by().values("pk"))


class ConsentFilter(OneOf):
    """A filter by a question that respondents answer with yes or no."""

    question = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "Yes"), ("no", "No")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(**{f"current_version__choices__{self.question}": self.value()})


class QuotingFilter(ConsentFilter):
    title = "quoting"
    parameter_name = question = "quote_ok"


class ListingFilter(ConsentFilter):
    title = "organisation may be listed"
    parameter_name = question = "org_name_listed"
