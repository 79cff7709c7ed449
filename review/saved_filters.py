"""Filters of the list of responses that members keep under a name."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import User
from accounts.rights import may, narrowed
from accounts.states import Action
from review.errors import ReviewRefused
from review.models import SavedFilter
from submissions.calls.models import Call

MOST = 50  # of one person in one call
# Parameters of a list that are neither filter nor order. Words in `q` may be somebody's answer.
NOT_KEPT = ("q", "p", "e", "all", "_facets", "answers_to")
CALL = "call__id__exact"


def kept_query(query: str) -> str:
    """Return the part of a list's query string that a saved filter keeps, in one order."""
    given = QueryDict(query.replace("\0", ""))
    kept = QueryDict(mutable=True)
    for name in sorted(given):
        if name not in NOT_KEPT and given[name]:
            kept[name] = given[name]
    return kept.urlencode()


def filters_of(person: User) -> QuerySet[SavedFilter]:
    """Return the person's own filters, and those that others share, of the calls they may read."""
    rows = SavedFilter.objects.filter(Q(owner=person) | Q(shared=True))
    return narrowed(rows, person, Action.READ_RESPONSES).select_related("owner", "call")


def save_filter(*, call: Call, name: str, query: str, shared: bool, by: User) -> SavedFilter:
    """Keep the filters under the name; one of the same name of the same person is replaced.

    Raises ReviewRefused without a name or a filter, for filters of another call, for somebody who
    may not read the call's responses, and for more than MOST.
    """
    name, kept = " ".join(name.replace("\0", "").split()), kept_query(query)
    if not may(by, Action.READ_RESPONSES, call):
        raise ReviewRefused("You may not read the responses of this call")
    if not name:
        raise ReviewRefused("Enter a name for the filters")
    if len(name) > 60:
        raise ReviewRefused("Enter a name of 60 characters at most")
    if not kept or len(kept) > 2000:
        raise ReviewRefused("Choose filters on the list first")
    if QueryDict(kept).get(CALL, str(call.pk)) != str(call.pk):
        raise ReviewRefused("The filters are of another call: choose that one")
    with transaction.atomic():
        own = SavedFilter.objects.filter(call=call, owner=by)
        if own.exclude(name=name).count() >= MOST:
            raise ReviewRefused(f"You have {MOST} saved filters in this call: delete one first")
        saved, _ = SavedFilter.objects.update_or_create(
            call=call, owner=by, name=name, defaults={"query": kept, "shared": shared}
        )
    return saved


def query_of(saved: SavedFilter, calls: Collection[Call]) -> str:
    """Return the query string that leads to the list, for somebody who reads these calls.

    Whoever reads several has the list narrowed to the filter's own call: without it, the list
    does not know the call's questions and reasons.
    """
    if len(calls) < 2 or CALL in QueryDict(saved.query):
        return saved.query
    return kept_query(f"{saved.query}&{CALL}={saved.call_id}")


def may_delete(saved: SavedFilter, *, by: User) -> bool:
    """Return whether it is the person's own, or they manage the call that it is shared in."""
    return saved.owner_id == by.pk or (saved.shared and may(by, Action.CHANGE_CALL, saved.call_id))
