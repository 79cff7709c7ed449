"""What a call asks, on its page in the admin. Wording is fixed once there are answers."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.rights import may, may_somewhere
from accounts.states import Action
from submissions.admin.wording_forms import WordingForm
from submissions.calls.models import Call, Question, RespondentRole, Section


def _may(request: HttpRequest, action: Action, call: Call | None) -> bool:
    if call is None:
        return may_somewhere(request.user, action)
    return may(request.user, action, call)


class WordingInline(admin.TabularInline):
    """Wording that staff may correct until somebody begins to answer. Keys never change here."""

    form = WordingForm
    extra = 0
    can_delete = False
    show_change_link = False
    classes = ("collapse",)
    wording: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fields = flatten(self.fields or ())
        if obj is not None and obj.has_responses:
            return fields
        return [name for name in fields if name not in self.wording]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, Action.SEE_CALL, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, Action.CHANGE_CALL, obj)


class RoleInline(WordingInline):
    model = RespondentRole
    fields = ("key", "label")
    wording = ("label",)


class SectionInline(WordingInline):
    model = Section
    fields = ("key", "title", "intro")
    wording = ("title", "intro")


class QuestionInline(WordingInline):
    model = Question
    fields = ("said_key", "label", "hint", "missing", "required", "what")
    wording = ("label", "hint", "missing")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), "said_key", "what"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Question]:
        return (
            super()
            .get_queryset(request)
            .select_related("section")
            .order_by("section__position", "position")
        )

    @admin.display(description="section and key")
    def said_key(self, question: Question) -> str:
        return f"{question.section.key}: {question.key}"

    @admin.display(description="kind and choices")
    def what(self, question: Question) -> str:
        lines = [question.get_kind_display()]
        if question.identity:
            lines.append("says who answers")
        lines += [
            f"{name}: {text}"
            for name, text in (
                ("only if", question.show_if),
                ("needed if", question.required_if),
            )
            if text
        ]
        lines += [f"– {option['label']}" for option in question.options]
        return "\n".join(lines)
