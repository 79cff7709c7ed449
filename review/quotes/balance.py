"""Whether quotes speak for many: not too many of one respondent, and of more than one side."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from django.contrib.postgres.aggregates import ArrayAgg

from core.direction import isolated
from review.models import ClusterMember
from review.quotes.roles import OF_ROLES, chosen, role_question
from review.states import ClusterState, MemberState
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission, Version
from submissions.responses.states import TriageStatus

TOO_LARGE = 1 / 3  # a share of the quotes; more than that is too many of one
FEWEST = 2  # quotes of one before they can be too many


class OfAVersion(Protocol):
    """A quote, or a passage of a finding."""

    version: Version


@dataclass(frozen=True)
class Sides:
    """How the quotes lie by one closed question.

    `said` are the labels of the sides that have quotes, each with their number; `without` those
    that respondents who count chose, and that have none.
    """

    by: str
    said: list[tuple[str, int]]
    without: list[str]

    @property
    def is_one_sided(self) -> bool:
        return len(self.said) == 1 and bool(self.without)

    def __str__(self) -> str:
        by = isolated(self.by)
        if not self.said:
            return f"By {by}, none is from a response that answers this question"
        none = ", ".join(f"“{isolated(label)}”" for label in self.without)
        if self.is_one_sided:
            said = isolated(self.said[0][0])
            return f"One side only, by {by}: all are from “{said}”, none from {none}"
        return f"By {by}, none is from {none}"


@dataclass(frozen=True)
class Balance:
    """`too_many` and `sides` are what to look at, in sentences without a full stop."""

    number: int
    too_many: list[str] = field(default_factory=list)
    sides: list[Sides] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        return [*self.too_many, *(str(one) for one in self.sides)]


def balance_of(quotes: Collection[OfAVersion], call: Call) -> Balance:
    """Return what is one-sided about the quotes, all of the call.

    Leave out those that may not be used. Fetch them by `quotes.quote_words.with_responses`.
    """
    if not quotes:
        return Balance(0)
    return Balance(
        number=len(quotes),
        too_many=[*_of_one_respondent(quotes), *_of_one_campaign(quotes)],
        sides=[one for one in _sides(quotes, call) if one.without],
    )


def questions_of_sides(call: Call) -> list[tuple[str, Question]]:
    """Return the closed questions by which sides are told, with their names in a sentence."""
    found = {
        question.key: (facet["label"], question)
        for facet, question in call.facet_questions
        if question.kind in OF_ROLES and not question.identity
    }
    role = role_question(call)
    if role is not None:
        found = {role.key: found.get(role.key, ("role", role)), **found}
    return list(found.values())


def _of_one_respondent(quotes: Collection[OfAVersion]) -> list[str]:
    names = {one.version.submission_id: str(one.version.submission) for one in quotes}
    counts = Counter(one.version.submission_id for one in quotes)
    return [
        f"Too many from one respondent: {number} of {len(quotes)} quotes are from {names[key]}"
        for key, number in counts.most_common()
        if _is_too_many(number, len(quotes))
    ]


def _of_one_campaign(quotes: Collection[OfAVersion]) -> list[str]:
    responses = {one.version.submission_id for one in quotes}
    members = ClusterMember.objects.filter(
        submission__in=responses,
        state=MemberState.CONFIRMED,
        cluster__state=ClusterState.CAMPAIGN,
    )
    of_campaign: dict[str, set[int]] = {}
    for name, submission in members.order_by("cluster").values_list("cluster__name", "submission"):
        of_campaign.setdefault(name, set()).add(submission)
    found = []
    for name, theirs in of_campaign.items():
        number = sum(one.version.submission_id in theirs for one in quotes)
        # Of a single respondent it is said already.
        if len(theirs) > 1 and _is_too_many(number, len(quotes)):
            found.append(
                f"Too many from one campaign: {number} of {len(quotes)} quotes are of “{name}”"
            )
    return found


def _is_too_many(number: int, total: int) -> bool:
    return number >= FEWEST and number > total * TOO_LARGE


def _sides(quotes: Iterable[OfAVersion], call: Call) -> list[Sides]:
    quoted = [one.version.submission.submitted_version for one in quotes]
    counting = Submission.objects.submitted().filter(call=call)
    counting = counting.exclude(triage_status=TriageStatus.SET_ASIDE).order_by()
    questions = questions_of_sides(call)
    answers = counting.aggregate(
        **{
            f"to_{place}": ArrayAgg(f"current_version__choices__{question.key}", distinct=True)
            for place, (_, question) in enumerate(questions)
        }
    )
    found = []
    for place, (by, question) in enumerate(questions):
        labels = question.option_labels
        given = Counter(key for version in quoted for key in chosen(version, question))
        there = {
            key
            for answer in answers[f"to_{place}"] or ()
            for key in (answer if isinstance(answer, list) else [answer])
        }
        found.append(
            Sides(
                by=by,
                said=[(label, given[key]) for key, label in labels.items() if given[key]],
                without=[label for key, label in labels.items() if key in there and not given[key]],
            )
        )
    return found
