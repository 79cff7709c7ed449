"""The closed questions of a call, each a table of counts: a matrix has one a row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from submissions.calls.conditions import Term, parse
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, MULTIPLE_KINDS, QuestionKind

# No option has these keys: they have letters, digits and underscores.
NOT_ANSWERED = ""
NOT_ASKED = "not asked"
LEFT = (NOT_ANSWERED, NOT_ASKED)  # in no option of their own
TICKED = "yes"


@dataclass(frozen=True)
class ClosedQuestion:
    """A question that is answered by choosing; of a matrix one `row`, by its key."""

    question: Question
    row: str = ""
    row_label: str = ""

    @property
    def key(self) -> str:
        return f"{self.question.key}.{self.row}" if self.row else self.question.key

    @property
    def label(self) -> str:
        said = f"{self.question.label} {self.row_label}"
        return said.strip()

    @property
    def labels(self) -> Mapping[str, str]:
        """The options in order."""
        if self.question.kind == QuestionKind.CHECKBOX:
            return {TICKED: "Ticked"}
        return self.question.option_labels

    @property
    def may_have_several(self) -> bool:
        return self.question.kind in MULTIPLE_KINDS

    def chosen_in(self, answer: Any) -> list[str]:
        """Return the options that an answer to the question chooses, each once."""
        if self.row:
            answer = answer.get(self.row) if isinstance(answer, dict) else None
        given = answer if isinstance(answer, list) else [answer]
        keys = [TICKED if key is True else key for key in given]
        # Of another kind in an earlier revision, an answer may be no key.
        return list(dict.fromkeys(key for key in keys if key and isinstance(key, str)))


def closed_questions(call: Call) -> list[ClosedQuestion]:
    """Return those that say nothing of who answers, in the call's order."""
    found = []
    for question in call.questions_in_order:
        if question.identity or question.kind not in CHOICE_KINDS:
            continue
        if question.kind == QuestionKind.MATRIX:
            found += [ClosedQuestion(question, row["key"], row["label"]) for row in question.rows]
        else:
            found.append(ClosedQuestion(question))
    return found


class Dependencies:
    """On which answers it depends who is asked each question, and who must answer it."""

    def __init__(self, call: Call) -> None:
        asked = call.questionnaire.conditions
        self._terms: dict[str, tuple[Term, ...]] = {
            question.key: (*asked[question.key].terms, *_required_if(question))
            for question in call.questions_in_order
        }
        self._several = {q.key for q in call.questions_in_order if q.kind in MULTIPLE_KINDS}
        self._conditional = {key for key, condition in asked.items() if condition.terms}

    def is_conditional(self, key: str) -> bool:
        """Return whether the question is asked only of some."""
        return key in self._conditional

    def is_any(self, key: str) -> bool:
        return bool(self._terms[key])

    @cached_property
    def _behind(self) -> dict[str, frozenset[str]]:
        """All the questions behind each, however many others stand between."""
        found: dict[str, frozenset[str]] = {}
        for key in self._terms:
            seen: set[str] = set()
            to_visit = [term.key for term in self._terms[key]]
            while to_visit:
                other = to_visit.pop()
                if other not in seen:
                    seen.add(other)
                    to_visit += [term.key for term in self._terms[other]]
            found[key] = frozenset(seen - {key})
        return found

    def on_hidden(self, key: str, hidden: Mapping[str, Collection[str]]) -> bool:
        """Return whether who is asked the question would tell a hidden count.

        `hidden` has the options whose counts are hidden, by the question's key. Of options that
        exclude each other, all tell by their sum; of others, those alone that are asked for.
        """
        if any(hidden.get(other) for other in self._behind[key] - self._several):
            return True
        return any(
            not set(term.values).isdisjoint(hidden.get(term.key, ()))
            for each in (key, *self._behind[key])
            for term in self._terms[each]
            if term.key in self._several
        )


def _required_if(question: Question) -> tuple[Term, ...]:
    return parse(question.required_if).terms if question.required_if else ()
