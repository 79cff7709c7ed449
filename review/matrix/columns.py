"""What can stand across the matrix: the options of a closed question, or bands of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from submissions.calls.facets import band_of_option
from submissions.calls.models import Call, Question
from submissions.calls.states import CHOICE_KINDS, MULTIPLE_KINDS, QuestionKind

UNANSWERED = ""  # no option has this key
NOT_ANSWERED = "Not answered"
TICKED = "yes"


@dataclass(frozen=True)
class Across:
    """`path` leads to the answer in a version's choices; `labels` has the columns in order.

    Where a response `may_have_several`, the columns add up to more than all responses.
    `band_of` maps options to bands, where bands stand across.
    """

    key: str
    label: str
    path: tuple[str, ...]
    labels: Mapping[str, str]
    may_have_several: bool = False
    band_of: Mapping[str, str] | None = None

    def columns_of(self, answer: Any) -> list[str]:
        """Return the columns in which a response with this answer counts, each once."""
        if not self.key:
            return []
        given = answer if isinstance(answer, list) else [answer]
        keys = [TICKED if key is True else str(key or UNANSWERED) for key in given]
        if self.band_of is not None:
            keys = [self.band_of.get(key, UNANSWERED) for key in keys]
        return list(dict.fromkeys(keys)) or [UNANSWERED]

    def label_of(self, column: str) -> str:
        """Return the column's label; an option that is offered no more has its key."""
        return self.labels.get(column, column) if column else NOT_ANSWERED

    def in_order(self, found: Iterable[str]) -> list[str]:
        """Return every column, then those no longer offered, and “not answered” if it is found."""
        columns = {*found}
        gone = sorted(columns - {*self.labels, UNANSWERED})
        return [*self.labels, *gone, *([UNANSWERED] if UNANSWERED in columns else [])]


NOTHING = Across("", "Nothing: all responses", ("",), {})


def choices_across(call: Call) -> dict[str, Across]:
    """Return all that can stand across the call's matrix by its key, the facets first."""
    found: dict[str, Across] = {}
    for facet, question in call.facet_questions:
        for one in _of_question(question, facet["label"]):
            found.setdefault(one.key, one)
        for derived in call.derived_from(question):
            found[derived["key"]] = Across(
                key=derived["key"],
                label=derived["label"],
                path=(question.key,),
                labels={band["key"]: band["label"] for band in derived["bands"]},
                may_have_several=question.kind in MULTIPLE_KINDS,
                band_of=band_of_option(derived),
            )
    for question in call.questions_in_order:
        for one in _of_question(question, question.label):
            found.setdefault(one.key, one)
    return found | {NOTHING.key: NOTHING}


def _of_question(question: Question, label: str) -> list[Across]:
    """Return what the question has across, each row of a matrix by itself; nothing for words."""
    if question.identity or question.kind not in CHOICE_KINDS:
        return []
    if question.kind == QuestionKind.CHECKBOX:
        return [Across(question.key, label, (question.key,), {TICKED: "Ticked"})]
    labels = question.option_labels
    if question.kind == QuestionKind.MATRIX:
        return [
            Across(
                f"{question.key}.{row['key']}",
                f"{label} {row['label']}",
                (question.key, row["key"]),
                labels,
            )
            for row in question.rows
        ]
    several = question.kind in MULTIPLE_KINDS
    return [Across(question.key, label, (question.key,), labels, may_have_several=several)]
