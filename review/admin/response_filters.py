"""The filters of the list of responses."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from accounts.rights import calls_of
from accounts.states import Action
from submissions.calls.models import Call
from submissions.calls.states import Publication, PublicationPolicy
from submissions.responses.states import SubmissionState, Timing

Choices = list[tuple[str, str]]


class OneOf(admin.SimpleListFilter):
    """A filter that refuses any value which it does not offer: it finds nothing, and says so."""

    def value(self) -> str | None:
        chosen = super().value()
        return chosen if chosen in {key for key, _ in self.lookup_choices} else None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        given = super().value()
        if given and self.value() is None:
            refused = f"{self.title}: there is no “{given[:100]}”. Choose one of those shown."
            if refused not in {str(message) for message in messages.get_messages(request)}:
                messages.error(request, refused)
            return queryset.none()
        return self.narrowed(queryset)

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        """Return what the value finds; None is no choice."""
        raise NotImplementedError


class StateFilter(OneOf):
    """Submitted responses unless something else is chosen: drafts are not evidence given."""

    title = "state"
    parameter_name = "state"

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


class FacetFilter(OneOf):
    """A filter by the answers to one question; `options` are those of the chosen call."""

    question = ""
    options: Choices = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return self.options

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        answers = f"current_version__choices__{self.question}__has_any_keys"
        return queryset.filter(**{answers: [self.value()]})


def facet_filters(request: HttpRequest) -> list[type[FacetFilter]]:
    """Return a filter for each facet of the reader's calls.

    Those that the chosen call lacks are not shown.

    Where another call was chosen since, its address may still have their parameters.
    """
    calls = list(calls_of(request.user, Action.READ_RESPONSES))
    chosen = chosen_call(request, calls)
    found: dict[str, type[FacetFilter]] = {}
    for call in sorted(calls, key=lambda call: call == chosen, reverse=True):
        for facet, question in call.facet_questions:
            if question.key not in found:
                options = list(question.option_labels.items()) if call == chosen else []
                fields = {
                    "title": facet["label"],
                    "parameter_name": f"facet_{question.key}",
                    "question": question.key,
                    "options": options,
                }
                found[question.key] = type("FacetFilter", (FacetFilter,), fields)
    return list(found.values())


def chosen_call(request: HttpRequest, calls: Sequence[Call]) -> Call | None:
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
