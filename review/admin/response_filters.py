"""The filters of the list of responses."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from submissions.calls.models import Question, RespondentRole
from submissions.responses.states import SubmissionState, Timing

Choices = list[tuple[str, str]]


class OneOf(admin.SimpleListFilter):
    """A filter that ignores any value which it does not offer."""

    def value(self) -> str | None:
        chosen = super().value()
        return chosen if chosen in {key for key, _ in self.lookup_choices} else None


class StateFilter(OneOf):
    """Submitted responses unless something else is chosen: drafts are not evidence given."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            (SubmissionState.WITHDRAWN, "Withdrawn"),
            (SubmissionState.DRAFT, "Draft"),
            ("all", "All"),
        ]

    def choices(self, changelist: ChangeList) -> Any:
        choices = super().choices(changelist)
        yield next(choices) | {"display": "Submitted"}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or SubmissionState.SUBMITTED)


class RoleFilter(OneOf):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        roles = RespondentRole.objects.order_by("call", "position").values_list("key", "label")
        return list({key: (key, label) for key, label in roles}.values())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(current_version__choices__roles__contains=[self.value()])


class IncomeBandFilter(OneOf):
    title = "income band"
    parameter_name = "income_band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        questions = Question.objects.filter(key="income_band").order_by("call")
        return list(
            {
                option["key"]: (option["key"], option["label"])
                for options in questions.values_list("options", flat=True)
                for option in options
            }.values()
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(current_version__choices__contains={"income_band": self.value()})


class TimingFilter(OneOf):
    title = "timing"
    parameter_name = "timing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return Timing.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(current_version__timing=self.value())
