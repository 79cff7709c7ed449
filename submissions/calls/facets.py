"""How a call's responses are counted and filtered: what its definition declares."""

from typing import NotRequired, TypedDict


class Facet(TypedDict):
    """A closed question by which responses are counted and filtered.

    `label` stands in the middle of a sentence ("Responses by income band"). A `listed` facet is a
    column of the staff's list of responses. `short_labels` has words for options, by their keys,
    where a label has no room.
    """

    question: str
    label: str
    listed: NotRequired[bool]
    short_labels: NotRequired[dict[str, str]]


class Band(TypedDict):
    """One or more options of a question, by their keys; `note` is said beside the label."""

    key: str
    label: str
    options: list[str]
    note: NotRequired[str]


class DerivedFacet(TypedDict):
    """Bands that follow from the answer to `question`, a facet with one answer.

    `key` names the column of exports, `label` the chart; `meaning` is for the data dictionary.
    """

    key: str
    question: str
    label: str
    meaning: str
    bands: list[Band]


def short_label(facet: Facet, option: str) -> str:
    """Return the option's short label; the words of its key where the definition has none."""
    return facet.get("short_labels", {}).get(option) or option.replace("_", " ")


def band_of_option(derived: DerivedFacet) -> dict[str, str]:
    """Return the key of each option's band."""
    return {option: band["key"] for band in derived["bands"] for option in band["options"]}
