"""Counts of every facet and of the bands derived from it, out of the tables of all questions."""

from collections.abc import Mapping, Sequence

from core.disclosure_control import is_few
from exports.counts.closed import LEFT, NOT_ANSWERED
from exports.counts.types import OptionCount, QuestionCounts
from submissions.calls.facets import DerivedFacet, band_of_option
from submissions.calls.models import Call


def facet_counts(
    call: Call, tables: Mapping[str, QuestionCounts], chosen: Mapping[str, Mapping[str, int]]
) -> dict[str, list[OptionCount]]:
    """Return the lines of each facet by its question's key, and of its bands by their own key.

    `chosen` has the numbers before any was hidden. Who chose nothing has a line if there is any.
    """
    found: dict[str, list[OptionCount]] = {}
    for _facet, question in call.facet_questions:
        options = tables[question.key].options
        found[question.key] = [
            option for option in options if option.key not in LEFT or option.responses != 0
        ]
        for derived in call.derived_from(question):
            found[derived["key"]] = _bands(derived, chosen[question.key], found[question.key])
    return found


def _bands(
    derived: DerivedFacet, counted: Mapping[str, int], options: Sequence[OptionCount]
) -> list[OptionCount]:
    """Count the options in their bands.

    A band with a hidden option in it is hidden too: less what is shown of it, it would tell. Where
    no option of it is said to be few, neither is the band.
    """
    band_of = band_of_option(derived) | dict(zip(LEFT, LEFT, strict=True))
    labels = {band["key"]: band["label"] for band in derived["bands"]}
    numbers = dict.fromkeys(labels, 0)
    hidden: dict[str, bool] = {}
    for option in options:
        band = band_of.get(option.key, NOT_ANSWERED)
        numbers[band] = numbers.get(band, 0) + counted.get(option.key, 0)
        if option.responses is None:
            hidden[band] = hidden.get(band, False) or option.is_few
    return [
        OptionCount(key, labels.get(key, ""), None, hidden[key] and is_few(number))
        if key in hidden
        else OptionCount(key, labels.get(key, ""), number)
        for key, number in numbers.items()
    ]
