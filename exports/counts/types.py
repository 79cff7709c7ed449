"""The counts of a call's responses. A hidden count says why it is hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from core.disclosure_control import Shown
from exports.counts.closed import NOT_ASKED, ClosedQuestion


@dataclass(frozen=True)
class DayCount:
    """`responses` is None where it is hidden: `is_few` if it is under five itself."""

    day: date
    responses: int | None
    is_closing_day: bool
    is_few: bool = False


@dataclass(frozen=True)
class OptionCount:
    """How many responses chose the option; `label` is empty where it was not answered or asked.

    `responses` is None where it is hidden: `is_few` if it is under five itself.
    """

    key: str
    label: str
    responses: int | None
    is_few: bool = False


@dataclass(frozen=True)
class QuestionCounts:
    """The table of a closed question: its options, those no longer offered, and who chose none.

    The last line is NOT_ANSWERED; where the question is asked only of some, NOT_ASKED after it.
    `asked` and `answered` are how many responses, both its base. A share is of those asked.
    """

    of: ClosedQuestion
    is_conditional: bool
    options: Sequence[OptionCount]
    asked: Shown
    answered: Shown

    def share(self, option: OptionCount) -> Fraction | None:
        """Return 0 to 1, None where a number behind it is hidden or there is none to be part of."""
        if option.key == NOT_ASKED or option.responses is None or not self.asked.number:
            return None
        return Fraction(option.responses, self.asked.number)


@dataclass(frozen=True)
class Completion:
    """How many responses answer the question; `is_conditional`: it is asked only of some.

    `answered` is None where it is hidden: `is_few` if it is under five, `leaves_few` if all but a
    few answered it, neither if it would tell a hidden number of another table.
    """

    key: str
    label: str
    answered: int | None
    is_conditional: bool
    is_few: bool = False
    leaves_few: bool = False


@dataclass(frozen=True)
class Counts:
    """Of submitted responses, each in its latest version, without drafts and withdrawn ones.

    `by_facet` has the options of each facet by the key of its question, and the bands of each
    derived one by its own key; `questions` has every closed question, facets too. `total` is None,
    and there is nothing else, where the call hides small counts and there are too few responses to
    hide any among them. Where it `has_confidential` ones, they count in the total, `by_day` and
    the question about publication alone. `readable` is how many are not confidential, None where
    the call hides small counts: it could tell one.
    """

    total: int | None
    readable: int | None = None
    has_confidential: bool = False
    median_words: int | None = None
    by_day: Sequence[DayCount] = ()
    by_facet: Mapping[str, Sequence[OptionCount]] = field(default_factory=dict)
    by_words: Sequence[OptionCount] = ()
    completion: Sequence[Completion] = ()
    questions: Sequence[QuestionCounts] = ()
