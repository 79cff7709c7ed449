"""The outline of a call's report: headings and findings in one order.

A finding stands under the heading before it. Dropped findings are in no outline.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.canonical import canonical_text, digest
from core.spoken_numbers import say_count
from review.errors import FindingOutdated, FindingRefused
from review.last_change import changed_last_by
from review.models import Finding, ReportHeading
from review.states import FindingStatus
from submissions.calls.models import Call

Item = Finding | ReportHeading
CHANGES = (
    AuditAction.OUTLINE_CHANGED,
    AuditAction.FINDING_WRITTEN,
    AuditAction.FINDING_STATUS_CHANGED,
)
UP, DOWN = -1, 1


def outline_of(call: Call) -> list[Item]:
    headings = ReportHeading.objects.filter(call=call)
    findings = Finding.objects.filter(call=call).exclude(status=FindingStatus.DROPPED)
    items: list[Item] = [*headings, *findings.select_related("strength")]
    return sorted(items, key=lambda item: (item.position, isinstance(item, Finding), item.pk))


def said_of_reports(call: Call) -> str:
    """Say how many findings a report has for each of its readers, and which are left out."""
    statuses = Counter(Finding.objects.filter(call=call).values_list("status", flat=True))
    dropped, agreed = statuses.pop(FindingStatus.DROPPED, 0), statuses[FindingStatus.AGREED]
    there = statuses.total()
    said = "No finding is in the outline yet: a report has its appendix alone."
    if there:
        said = (
            f"A report for the project team has {say_count(there, 'finding')}. One for readers "
            f"outside has {say_count(agreed, 'finding')}"
        )
        if there > agreed:
            said += f": {there - agreed:,} {_is(there - agreed)} not agreed"
        said += "."
    if dropped:
        said += f" {say_count(dropped, 'dropped finding')} {_is(dropped)} in neither."
    return said


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def key_of(item: Item) -> str:
    """Return the item's name in forms and addresses."""
    return f"{'finding' if isinstance(item, Finding) else 'heading'}-{item.pk}"


def etag_of_outline(items: Sequence[Item]) -> str:
    titles = [item.title if isinstance(item, ReportHeading) else "" for item in items]
    return digest("\n".join(f"{key_of(i)}:{t}" for i, t in zip(items, titles, strict=True)))[:12]


def move(call: Call, key: str, *, step: int, base: str, by: User, at: datetime) -> None:
    """Let the item change places with the one before it (UP) or after it (DOWN).

    `base` is the etag of the outline that the page showed. Raises FindingOutdated where there is
    another by now; FindingRefused for who may not, and at the ends.
    """
    with _changing(call, base=base, by=by, at=at, moved=key, step=step) as items:
        places = {key_of(item): place for place, item in enumerate(items)}
        if key not in places:
            raise FindingRefused("It is not in the outline")
        place = places[key]
        if not 0 <= place + step < len(items):
            raise FindingRefused(f"It is the {'first' if step == UP else 'last'} already")
        items[place], items[place + step] = items[place + step], items[place]


def add_heading(call: Call, title: str, *, base: str, by: User, at: datetime) -> None:
    """Add a heading at the end; raises as `move`, and FindingRefused for one without words."""
    title = _cleaned(title)
    with _changing(call, base=base, by=by, at=at, added=True) as items:
        items.append(ReportHeading.objects.create(call=call, title=title))


def rename_heading(call: Call, key: str, title: str, *, base: str, by: User, at: datetime) -> None:
    title = _cleaned(title)
    with _changing(call, base=base, by=by, at=at, renamed=key) as items:
        heading = _heading(items, key)
        heading.title = title
        heading.save(update_fields=["title"])


def remove_heading(call: Call, key: str, *, base: str, by: User, at: datetime) -> None:
    """Take the heading away: its findings stand under the one before it."""
    with _changing(call, base=base, by=by, at=at, removed=key) as items:
        heading = _heading(items, key)
        items.remove(heading)
        heading.delete()


@contextmanager
def _changing(
    call: Call, *, base: str, by: User, at: datetime, **detail: Any
) -> Iterator[list[Item]]:
    """Give the items of the outline, to be put in another order, once nobody else changes it."""
    if not may(by, Action.WRITE_FINDINGS, call):
        raise FindingRefused("You may not change the outline of this call")
    with transaction.atomic():
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        items = outline_of(call)
        if etag_of_outline(items) != base:
            who = changed_last_by(call, *CHANGES)
            raise FindingOutdated(f"{who} changed the outline while this page was open")
        yield items
        if etag_of_outline(items) == base:
            return  # a heading that has these words already
        for place, item in enumerate(items):
            if item.position != place:
                type(item)._default_manager.filter(pk=item.pk).update(position=place)
        record(by=by, at=at, action=AuditAction.OUTLINE_CHANGED, call=call, **detail)


def _heading(items: Sequence[Item], key: str) -> ReportHeading:
    for item in items:
        if isinstance(item, ReportHeading) and key_of(item) == key:
            return item
    raise FindingRefused("There is no such heading")


def _cleaned(title: str) -> str:
    title = " ".join(canonical_text(title).replace("\0", "").split())
    longest = ReportHeading._meta.get_field("title").max_length or 0
    if not title:
        raise FindingRefused("Enter the heading")
    if len(title) > longest:
        raise FindingRefused(f"The heading has {len(title)} characters: {longest} at most")
    return title
