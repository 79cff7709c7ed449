"""All that a call asks, read once per revision of the call."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps

from submissions.calls import conditions
from submissions.calls.conditions import AskedByKey, Condition, Term
from submissions.calls.models.questions import Question, RespondentRole, Section
from submissions.calls.states import QuestionKind


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """All that a call asks, in order; every request shares the object, so nobody changes it.

    `questions` come section by section. Questions of the kind `roles` have the call's roles as
    their options.
    """

    roles: tuple[RespondentRole, ...]
    sections: tuple[Section, ...]
    questions: list[Question]
    previous_closing: datetime | None  # what the closing time was before it was last moved

    def section(self, key: str) -> Section | None:
        return next((section for section in self.sections if section.key == key), None)

    def questions_of(self, section: Section) -> list[Question]:
        return self._by_section.get(section.pk, [])

    @cached_property
    def _by_section(self) -> dict[int, list[Question]]:
        found: dict[int, list[Question]] = {}
        for question in self.questions:
            found.setdefault(question.section_id, []).append(question)
        return found

    @cached_property
    def questions_by_key(self) -> dict[str, Question]:
        return {question.key: question for question in self.questions}

    @cached_property
    def keys(self) -> dict[int, str]:
        """The keys of the questions by their primary keys."""
        return {question.pk: question.key for question in self.questions}

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """What must be true for a question to be asked, by the question's key."""
        return {question.key: self._condition_of(question) for question in self.questions}

    @cached_property
    def further_addresses(self) -> frozenset[str]:
        """The keys of the questions for an email address but the first."""
        asked = [one.key for one in self.questions if one.kind == QuestionKind.EMAIL]
        return frozenset(asked[1:])

    def asked(self, answers: Mapping[str, Any]) -> AskedByKey:
        """Return whether each question is asked of somebody with `answers`; None: not known yet.

        Every page, check, version and script follows this: what is not asked does not count.
        """
        return self._always | conditions.decide(self._conditional, answers)

    def asked_on_page(self, answers: Mapping[str, Any], on_page: Collection[str]) -> AskedByKey:
        """Return the same, whatever is chosen on the page with the questions `on_page`."""
        return self.asked({key: value for key, value in answers.items() if key not in on_page})

    def answers_that_count(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answers to questions that are asked."""
        asked = self.asked(answers)
        return {key: value for key, value in answers.items() if asked.get(key)}

    def required(self, answers: Mapping[str, Any]) -> frozenset[str]:
        """Return the keys of the questions that need an answer if they are asked.

        An answer may make another one needed; one to a question that is not asked does not.
        """
        counting = self.answers_that_count(answers)
        return frozenset(
            question.key
            for question in self.questions
            if question.required
            or (question.required_if and conditions.holds(question.required_if, counting))
        )

    @cached_property
    def _always(self) -> dict[str, bool | None]:
        return dict.fromkeys(self.questions_by_key, True)

    @cached_property
    def _conditional(self) -> tuple[tuple[str, Condition], ...]:
        """Key and condition of each question that is not always asked."""
        return tuple(
            (key, condition) for key, condition in self.conditions.items() if condition.terms
        )

    def _condition_of(self, question: Question) -> Condition:
        written = question.section.show_if
        of_section = conditions.parse(written).terms if written else ()
        return Condition((*of_section, *self.terms[question.key]))

    @cached_property
    def terms(self) -> dict[str, tuple[Term, ...]]:
        """What must be true beside the section's condition, by the question's key."""
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
    """The call has another revision than the one asked for; None: the call is gone."""

    def __init__(self, revision: UUID | None) -> None:
        super().__init__(revision)
        self.revision = revision


def questionnaire_at(call_id: int, revision: UUID | None) -> Questionnaire:
    """Return what the call asks: four queries for a revision that is new to this process.

    A caller whose call was changed since it was read gets what the call asks now.
    """
    while True:
        try:
            return _questionnaire_of_revision(call_id, revision)
        except OutOfDate as changed:
            revision = changed.revision


@lru_cache(maxsize=16)
def _questionnaire_of_revision(call_id: int, revision: UUID | None) -> Questionnaire:
    roles = tuple(RespondentRole.objects.filter(call=call_id))
    sections = tuple(Section.objects.filter(call=call_id))
    questions = list(
        Question.objects.filter(call=call_id).order_by("section__position", "position")
    )
    # The database draws another revision in the transaction of each change. So, read last, it
    # tells whether the lists are of one moment. A transaction that may yet be rolled back has a
    # revision that nobody else will ever see.
    calls = apps.get_model("submissions.Call").objects.filter(pk=call_id)
    stored, previous_closing = (
        calls.order_by("-closing_changes__at", "-closing_changes__pk")
        .values_list("revision", "closing_changes__before")
        .first()
    ) or (None, None)
    if stored != revision:
        raise OutOfDate(stored)
    roles_as_options = [role.as_option() for role in roles]
    section_by_pk = {section.pk: section for section in sections}
    for question in questions:
        question.section = section_by_pk[question.section_id]
        if question.kind == QuestionKind.ROLES:
            question.options = roles_as_options
    return Questionnaire(roles, sections, questions, previous_closing)
