"""What a quote says of its author: words of the call's own, which tell nobody who it is."""

from collections import Counter
from functools import cached_property

from core.disclosure_control import FEW
from submissions.calls.models import Call, Question
from submissions.calls.states import QuestionKind
from submissions.responses.models import Submission, Version

COARSE = "A respondent"
OF_ROLES = (QuestionKind.ROLES, QuestionKind.RADIO, QuestionKind.CHECKBOXES)


def role_question(call: Call) -> Question | None:
    """Return the closed question that says what a respondent is: by role, else the first facet."""
    for question in call.questions_in_order:
        if question.kind == QuestionKind.ROLES and not question.identity:
            return question
    for _facet, question in call.facet_questions:
        if question.kind in OF_ROLES and not question.identity:
            return question
    return None


class RoleWords:
    """The role words of the call's respondents that are safe to print: labels, never free text.

    Where the call hides small counts, no word stands for fewer than five respondents. Somebody with
    several roles is said to have the most common one, somebody with a rare one is “a respondent”.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._question = role_question(call)

    def of(self, version: Version) -> str:
        """Return the role words by the answers of this version."""
        if self._question is None:
            return COARSE
        labels = self._question.option_labels
        roles = frozenset(chosen(version, self._question)) & labels.keys()
        if self._call.hides_small_counts and self._number_with(roles) < FEW:
            # In the order of the call: of two that are as common, it is the same one each time.
            ordered = [role for role in labels if role in roles]
            common = [role for role in ordered if self._number_with({role}) >= FEW]
            roles = frozenset(sorted(common, key=lambda role: -self._number_with({role}))[:1])
        return "; ".join(label for key, label in labels.items() if key in roles) or COARSE

    def _number_with(self, roles: frozenset[str] | set[str]) -> int:
        """Return how many respondents have all of these roles."""
        return sum(number for given, number in self._counts.items() if given >= roles)

    @cached_property
    def _counts(self) -> Counter[frozenset[str]]:
        if self._question is None:
            return Counter()
        submitted = Submission.objects.submitted().filter(call=self._call).order_by()
        answers = submitted.values_list(f"current_version__choices__{self._question.key}")
        return Counter(frozenset(_as_keys(answer)) for (answer,) in answers)


def chosen(version: Version, question: Question) -> list[str]:
    """Return the keys of the options that the version chose for the closed question."""
    return _as_keys(version.choices.get(question.key))


def _as_keys(answer: object) -> list[str]:
    if isinstance(answer, list):
        return [str(key) for key in answer]
    return [answer] if isinstance(answer, str) else []
