"""Brings the codes of a file into the codebook of a call: all of them, or none."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import CharField, Max
from django.db.models.functions import Cast

from accounts.models import AuditEvent, User
from accounts.record import event, record
from accounts.rights import may
from accounts.states import Action, AuditAction
from review.coding.codebook import drawn, lock_codebook
from review.coding.codebook_files.contents import LONGEST_NAME, FileBook
from review.coding.codebook_files.plan import RETIRED, Plan
from review.coding.codebook_files.planning import plan
from review.errors import CodebookOutdated, CodingRefused
from review.models import Code
from submissions.calls.models import Call


def import_codebook(call: Call, book: FileBook, *, seen: str, by: User, at: datetime) -> Plan:
    """Do what the plan says that the person saw, and return it; `seen` is its etag.

    The codebook is locked, planned for again and changed in one transaction. Raises
    CodebookOutdated where that plan is another by now, CodingRefused for a file with a fault or
    with nothing new, and for a person who may not change the codebook.
    """
    if not may(by, Action.CHANGE_CODEBOOK, call):
        raise CodingRefused("You may not change the codebook of this call")
    try:
        with transaction.atomic():
            lock_codebook(call)
            found = plan(call, book)
            if found.etag != seen:
                raise CodebookOutdated("another plan")
            if found.faults:
                raise CodingRefused("The file has faults: nothing of it came in")
            if not found.does_something:
                raise CodingRefused("The codebook has all of this already")
            retired = _change(call, found, by=by, at=at)
            _add(call, found)
            record(
                by=by,
                at=at,
                action=AuditAction.CODEBOOK_IMPORTED,
                call=call,
                file=book.kind,
                added=len(found.added),
                changed=len(found.changed),
                retired=retired,
                same=found.same,
            )
    except IntegrityError:
        # Another call took one of the GUIDs at the same moment: its codebook has its own lock.
        raise CodebookOutdated("another call took a GUID") from None
    return found


def _change(call: Call, found: Plan, *, by: User, at: datetime) -> int:
    """Change words of codes, each on record; return how many were retired or brought back."""
    keys = [changed.code for changed in found.changed]
    codes = Code.objects.filter(call=call).in_bulk(keys)
    fields: set[str] = set()
    events: list[AuditEvent] = []
    retired = 0
    for changed in found.changed:
        code, names = codes[changed.code], []
        for word in changed.words:
            setattr(code, word.field, word.value)
            fields.add(word.field)
            if word.field == RETIRED:
                retired += 1
                detail: dict[str, Any] = {"code": code.pk, "retired": code.is_retired}
                action = AuditAction.CODE_RETIRED
                events.append(event(by=by, at=at, action=action, call=call, **detail))
            else:
                names.append(word.field)
        if names:
            action = AuditAction.CODE_CHANGED
            detail = {"code": code.pk, "changed": sorted(names)}
            events.append(event(by=by, at=at, action=action, call=call, **detail))
    if "name" in fields:
        _free_names(codes.values())
    if fields:
        Code.objects.bulk_update(codes.values(), sorted(fields))
    AuditEvent.objects.bulk_create(events)
    return retired


def _free_names(codes: Iterable[Code]) -> None:
    """Give the codes names that nobody has, so that two may change theirs for each other's."""
    keys = [code.pk for code in codes]
    Code.objects.filter(pk__in=keys).update(name=Cast("guid", CharField(max_length=LONGEST_NAME)))


def _add(call: Call, found: Plan) -> None:
    """Add the new codes, level by level, each after those that stand there already."""
    last = Code.objects.filter(call=call).values_list("parent").annotate(Max("position"))
    position = {parent: place + 1 for parent, place in last.order_by()}
    number = Code.objects.filter(call=call).count()
    made: dict[int, Code] = {}
    waiting = dict(enumerate(found.added))
    while waiting:
        ready = {n: one for n, one in waiting.items() if one.above is None or one.above in made}
        level = {}
        for n, one in ready.items():
            parent = made[one.above].pk if one.above is not None else one.under
            place = position.get(parent, 0)
            position[parent] = place + 1
            code = Code(
                call=call,
                parent_id=parent,
                name=one.name,
                position=place,
                is_retired=one.is_retired,
                **drawn(number + n, dict(one.words)),
            )
            if one.guid is not None:
                code.guid = one.guid
            level[n] = code
        Code.objects.bulk_create(level.values())
        made |= level
        waiting = {n: one for n, one in waiting.items() if n not in ready}
