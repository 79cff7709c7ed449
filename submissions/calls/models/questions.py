"""What a call asks: of whom, in which sections, by which questions."""

import uuid
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.core.validators import RegexValidator
from django.db import connection, models
from django.db.models import Q

from submissions.calls import conditions
from submissions.calls.conditions import Condition, Term
from submissions.calls.states import RESERVED_SECTION_KEYS, QuestionKind

key_validator = RegexValidator(r"\A[a-z][a-z0-9_]*\Z", "Small letters, digits and underscores.")


class RespondentRole(models.Model):
    """One of the kinds of people whom a call asks; a respondent may be several."""

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="roles")
    key = models.CharField(max_length=50, validators=[key_validator])
    label = models.CharField(max_length=300)
    reveals = models.CharField(
        max_length=50, blank=True, help_text="Key of the question that this role brings up."
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_respondentrole_key"),
            models.UniqueConstraint("call", "position", name="submissions_respondentrole_position"),
        ]

    def __str__(self) -> str:
        return self.label

    def as_option(self) -> dict[str, str]:
        option = {"key": self.key, "label": self.label}
        return option | {"reveals": self.reveals} if self.reveals else option


class Section(models.Model):
    """Questions that are answered together."""

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="sections")
    key = models.CharField(max_length=50, validators=[key_validator])
    title = models.CharField(max_length=200)
    intro = models.TextField(blank=True)
    show_if = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_section_key"),
            models.UniqueConstraint("call", "position", name="submissions_section_position"),
            models.CheckConstraint(
                name="submissions_section_key_not_reserved",
                condition=~Q(key__in=RESERVED_SECTION_KEYS),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question of a call.

    `options` and `rows` are lists of `{"key", "label"}`; an option may also have `hint`,
    `reveals` (key of the question that it brings up), `exclusive` (true: it rules the others
    out) and `route` (`{"title", "text"}`: the page that a respondent who chooses it is led to,
    and with which nothing can be submitted). For a matrix, `options` is the scale.
    """

    call = models.ForeignKey("submissions.Call", on_delete=models.CASCADE, related_name="questions")
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="questions")
    key = models.CharField(max_length=50, validators=[key_validator])
    kind = models.CharField(max_length=20, choices=QuestionKind.choices)
    label = models.CharField(max_length=500)
    hint = models.TextField(blank=True)
    required = models.BooleanField(default=False)
    required_if = models.CharField(max_length=300, blank=True)
    show_if = models.CharField(max_length=300, blank=True)
    identity = models.BooleanField(
        default=False, help_text="Says who answers: stored apart, and withheld from exports."
    )
    options = models.JSONField(default=list, blank=True)
    rows = models.JSONField(default=list, blank=True)
    missing = models.CharField(
        max_length=300, blank=True, help_text="What is said when a required answer is missing."
    )
    max_chars = models.PositiveIntegerField(null=True, blank=True)
    max_words = models.PositiveIntegerField(null=True, blank=True)
    max_files = models.PositiveSmallIntegerField(null=True, blank=True)
    max_mb = models.PositiveSmallIntegerField(null=True, blank=True)
    file_types = models.JSONField(default=list, blank=True)
    warn_unless = models.CharField(
        max_length=300, blank=True, help_text="A regular expression; the answer is never refused."
    )
    warning = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("call", "key", name="submissions_question_key"),
            models.UniqueConstraint("section", "position", name="submissions_question_position"),
            models.CheckConstraint(
                name="submissions_question_kind",
                condition=Q(kind__in=QuestionKind.values),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @cached_property
    def option_labels(self) -> dict[str, str]:
        return {option["key"]: option["label"] for option in self.options}


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """All that a call asks, in order; one object for every request, so nobody changes it.

    The questions of kind `roles` have their options from the call's roles.
    """

    roles: tuple[RespondentRole, ...]
    sections: tuple[Section, ...]
    stored: tuple[Question, ...]

    @cached_property
    def questions(self) -> list[Question]:
        """Every question, section by section."""
        return [question for section in self.sections for question in self.questions_of(section)]

    def questions_of(self, section: Section) -> list[Question]:
        return self._by_section.get(section.pk, [])

    @cached_property
    def _by_section(self) -> dict[int, list[Question]]:
        roles = [role.as_option() for role in self.roles]
        sections = {section.pk: section for section in self.sections}
        found: dict[int, list[Question]] = {}
        for question in self.stored:
            question.section = sections[question.section_id]
            if question.kind == QuestionKind.ROLES:
                question.options = roles
            found.setdefault(question.section_id, []).append(question)
        return found

    @cached_property
    def questions_by_key(self) -> dict[str, Question]:
        return {question.key: question for question in self.questions}

    @cached_property
    def keys(self) -> dict[int, str]:
        """The questions' keys by their primary keys."""
        return {question.pk: question.key for question in self.questions}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """For each question's key, all that must be true for it to be asked."""
        return {question.key: self._condition_of(question) for question in self.questions}

    @cached_property
    def conditional(self) -> tuple[tuple[str, Condition], ...]:
        """The keys of the questions that are asked on a condition, each with it."""
        return tuple(
            (key, condition) for key, condition in self.conditions.items() if condition.terms
        )

    def _condition_of(self, question: Question) -> Condition:
        of_section = (
            conditions.parse(question.section.show_if).terms if question.section.show_if else ()
        )
        return Condition((*of_section, *self.terms[question.key]))

    @cached_property
    def terms(self) -> dict[str, tuple[Term, ...]]:
        """For each question's key, what must be true beside its section's condition."""
        return {question.key: self._terms_of(question) for question in self.questions}

    def _terms_of(self, question: Question) -> tuple[Term, ...]:
        terms = list(conditions.parse(question.show_if).terms) if question.show_if else []
        if question.key in self.revealing_options:
            controller, values = self.revealing_options[question.key]
            terms.append(Term(controller, "in", values))
        return tuple(dict.fromkeys(terms))

    @cached_property
    def revealing_options(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """For each revealed question, the key of the question and the options that reveal it."""
        found: dict[str, tuple[str, tuple[str, ...]]] = {}
        for question in self.questions:
            for option in question.options:
                if option.get("reveals"):
                    _, values = found.get(option["reveals"], ("", ()))
                    found[option["reveals"]] = (question.key, (*values, option["key"]))
        return found


class OutOfDate(Exception):
    """What was read belongs to another revision, so it is not kept; the argument is what it is."""


# One statement, so that all of it is of one moment.
QUESTIONNAIRE = f"""
    SELECT c.revision, {
    ", ".join(
        f"(SELECT coalesce(json_agg(t ORDER BY t.position, t.id), '[]') "
        f"FROM {table._meta.db_table} t WHERE t.call_id = c.id)"
        for table in (RespondentRole, Section, Question)
    )
}
    FROM submissions_call c WHERE c.id = %s
"""  # noqa: S608 only the portal's own tables


def questionnaire_at(call_id: int, revision: uuid.UUID) -> Questionnaire:
    """Return what the call asks at that revision: one query for the first who ask.

    The database draws another revision in the transaction of each change, so what is kept here
    under one holds for as long as the call has it.
    """
    try:
        return _questionnaire_at(call_id, revision)
    except OutOfDate as read:
        return read.args[0]


@lru_cache(maxsize=16)
def _questionnaire_at(call_id: int, revision: uuid.UUID) -> Questionnaire:
    with connection.cursor() as cursor:
        cursor.execute(QUESTIONNAIRE, [call_id])
        found = cursor.fetchone()
    stands, *lists = found or (None, [], [], [])
    tables = (RespondentRole, Section, Question)
    asked = Questionnaire(
        *(_instances(table, rows) for table, rows in zip(tables, lists, strict=True))
    )
    # A transaction that changed the call, and may yet be rolled back, reads its own words.
    if stands != revision:
        raise OutOfDate(asked)
    return asked


def _instances(table: type[models.Model], rows: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Return rows that PostgreSQL gave as JSON, whose keys are the columns, as Django's models."""
    fields = table._meta.concrete_fields
    names = [field.attname for field in fields]
    return tuple(
        table.from_db(connection.alias, names, [row[field.column] for field in fields])
        for row in rows
    )
