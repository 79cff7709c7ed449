"""How the list of responses is narrowed, in words for the record and for whoever exports it.

The words that somebody searched for are not among them, as they may be a name.
"""

from typing import Any

from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList

from exports.filters import FilterRefused
from review.admin.inbox_filters import AssigneeFilter, ReceivedFilter
from review.admin.response_filters import ANSWERS_TO

CALL = "call__id__exact"
# What narrows no list.
FACETS = "_facets"  # whether the filters count
OF_THE_PAGE = {ALL_VAR, ANSWERS_TO, FACETS, IS_POPUP_VAR, ORDER_VAR, PAGE_VAR}
# What the bare row of a confidential response says: its moment, its timing, its publication. No
# export has one that is not submitted.
OF_THE_BARE_ROW = {CALL, "state", "received", "from", "until", "timing", "publication"}


def is_by_what_they_say(changes: ChangeList) -> bool:
    """Return whether the list is narrowed by more than a bare row says. Unknown names count."""
    given = {name for name, value in changes.params.items() if str(value).strip()}
    return bool(given - OF_THE_PAGE - OF_THE_BARE_ROW)


def narrowed_by(changes: ChangeList) -> list[str]:
    """Return each filter in use as “title: choice”.

    Raises FilterRefused for one that the list does not have, such as of another call: the list
    leaves it out, and has more rows than it says.
    """
    said: list[str] = []
    known = {CALL, SEARCH_VAR, *OF_THE_PAGE}
    for spec in changes.filter_specs:
        names = set(map(str, spec.expected_parameters()))
        known |= names
        if not names & {CALL, ANSWERS_TO} and (value := _choice(spec, changes)):
            said.append(f"{spec.title}: {value}")
    for name, value in changes.params.items():
        if name not in known and value:
            raise FilterRefused(
                f"The list has no filter “{name[:100]}” now. Go back to it and choose again."
            )
    if changes.query.strip():
        said.append("search: words that are not kept")
    return said


def _choice(spec: Any, changes: ChangeList) -> str:
    """Return what is chosen of a filter; "" for nothing, which is its first choice.

    A member stands there by their key, as elsewhere on record: a username may be an address.
    """
    if isinstance(spec, AssigneeFilter) and (spec.value() or "").isdigit():
        return f"member {spec.value()}"
    _all, *choices = list(spec.choices(changes))
    chosen = [str(choice["display"]) for choice in choices if choice["selected"]]
    if isinstance(spec, ReceivedFilter):
        chosen += [f"{name} {day}" for name, day in spec.days_in_words()]
    return " or ".join(chosen)
