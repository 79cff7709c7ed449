"""The codebook of a call: adding, changing, moving, merging, splitting and retiring codes.

Each change locks the call first, so that two people who change the codebook at once do so one
after the other, and none makes a circle. Each goes on record, without the words of the code.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.control_characters import without_control_characters
from review.coding.decided import (
    follow_merge,
    refuse_decided_against,
    refuse_to_undo_decisions,
)
from review.coding.locking import lock_codes
from review.coding.samples import blind_to
from review.coding.tree import tree
from review.errors import CodingRefused
from review.models import Code, Coding, SampledResponse
from review.states import CodePattern
from submissions.calls.models import Call

MOST_LEVELS = 10
WORDS = ("name", "description", "use_when", "do_not_use_when", "example", "colour", "pattern")
# Dark enough on white to be told (3:1 and more), and apart from each other for the colour-blind.
COLOURS = ("#0b5a9c", "#b3400f", "#2f6f3e", "#7a3b8f", "#8a6100", "#a3265a", "#00707a", "#505a5f")


def add_code(
    *,
    call: Call,
    name: str,
    by: User,
    at: datetime,
    parent: Code | None = None,
    **words: str,
) -> Code:
    """Add a code after its siblings; `words` are those of WORDS but the name.

    A code without a colour gets the next one of a row, and the next line.
    Raises CodingRefused for who may not code in the call, an empty name, a name that is in use in
    the call, or a parent that is retired, too deep or of another call.
    """
    if not may(by, Action.CODE, call):
        raise CodingRefused("You may not code in this call")
    name = one_line(name)
    with transaction.atomic():
        lock_codebook(call)
        refuse_name(call, name)
        if parent is not None:
            parent.refresh_from_db()
            _refuse_parent(call, parent)
            if _level(parent) >= MOST_LEVELS:
                raise CodingRefused(f"A codebook has {MOST_LEVELS} levels at most")
        code = Code.objects.create(
            call=call,
            parent=parent,
            name=name,
            position=_last_position(call, parent),
            **drawn(Code.objects.filter(call=call).count(), words),
        )
        _record(code, AuditAction.CODE_ADDED, by=by, at=at)
    return code


def change_code(code: Code, *, by: User, at: datetime, **words: str) -> Code:
    """Set those of WORDS that are given. The record says which.

    Raises CodingRefused as `add_code` does, and for a code that was merged into another.
    """
    with _changing(code, by=by) as locked:
        if "name" in words:
            words["name"] = one_line(words["name"])
            refuse_name(locked.call, words["name"], but=locked)
        changed = sorted(name for name, value in words.items() if getattr(locked, name) != value)
        if changed:
            for name in changed:
                setattr(locked, name, words[name])
            locked.save(update_fields=changed)
            _record(locked, AuditAction.CODE_CHANGED, by=by, at=at, changed=changed)
    return locked


def move_code(code: Code, *, parent: Code | None, place: int, by: User, at: datetime) -> Code:
    """Put the code under `parent`, or under none, as the `place`th of the codes there, from 0.

    Raises CodingRefused for a parent that is the code itself, below it, retired or of another
    call, and for more than MOST_LEVELS levels.
    """
    with _changing(code, by=by) as locked:
        if parent is not None:
            parent.refresh_from_db()
            _refuse_parent(locked.call, parent)
            if parent.pk in _below(locked):
                raise CodingRefused(f"“{parent.name}” is “{locked.name}” or stands below it")
            _refuse_depth(locked, level=_level(parent) + 1)
        siblings = list(
            Code.objects.filter(call=locked.call, parent=parent)
            .exclude(pk=locked.pk)
            .order_by("position", "name")
        )
        siblings.insert(min(max(place, 0), len(siblings)), locked)
        locked.parent = parent
        for position, sibling in enumerate(siblings):
            sibling.position = position
        Code.objects.bulk_update(siblings, ["position", "parent"])
        under = parent.pk if parent else None
        _record(locked, AuditAction.CODE_MOVED, by=by, at=at, under=under, place=locked.position)
    return locked


def merge_codes(code: Code, *, into: Code, by: User, at: datetime) -> int:
    """Put each coding and each code below under the other code; return how many codings moved.

    A passage that the same coder has under both stands under the other once. What counted under
    either counts. The code itself is retired. Raises CodingRefused for the same code, a retired
    one, one below, or another call's.
    """
    with _changing(code, by=by) as locked:
        into.refresh_from_db()
        _refuse_parent(locked.call, into)
        if into.pk in _below(locked):
            raise CodingRefused(f"“{into.name}” is “{locked.name}” or stands below it")
        _refuse_depth(locked, level=_level(into))
        _refuse_in_open_sample(locked, by)
        follow_merge(locked, into=into)
        moved = _move_codings(locked.codings.values_list("pk", flat=True), to=into)
        last = _last_position(locked.call, into)
        for place, child in enumerate(locked.children.order_by("position", "name")):
            child.parent, child.position = into, last + place
            child.save(update_fields=["parent", "position"])
        # What was merged into this one before, and its memos, are found where its codings are.
        locked.merged.update(merged_into=into)
        locked.memos.update(code=into)
        locked.is_retired, locked.merged_into = True, into
        locked.save(update_fields=["is_retired", "merged_into"])
        _record(locked, AuditAction.CODES_MERGED, by=by, at=at, into=into.pk, codings=moved)
    return moved


def split_code(code: Code, *, codings: Iterable[int], to: Code, by: User, at: datetime) -> int:
    """Put these of the code's codings, by key, under the other code; return how many.

    Raises CodingRefused for no coding of the code's, for one that a decision keeps there or does
    not let count, and for a code as `merge_codes` does.
    """
    with _changing(code, by=by) as locked:
        to.refresh_from_db()
        if to.pk == locked.pk:
            raise CodingRefused("Choose another code for these passages")
        _refuse_parent(locked.call, to)
        keys = locked.codings.filter(pk__in=list(codings)).values_list("pk", flat=True)
        if not keys:
            raise CodingRefused("Choose the passages that belong to another code")
        _refuse_in_open_sample(locked, by)
        refuse_to_undo_decisions(keys)
        refuse_decided_against(keys)
        moved = _move_codings(keys, to=to)
        _record(locked, AuditAction.CODE_SPLIT, by=by, at=at, to=to.pk, codings=moved)
    return moved


def retire_code(code: Code, *, by: User, at: datetime, retired: bool = True) -> Code:
    """Let the code take no new codings, or bring it back. Its codings stay.

    Raises CodingRefused where codes below it are in use, or the code above it is retired.
    """
    with _changing(code, by=by) as locked:
        if retired and locked.children.filter(is_retired=False).exists():
            raise CodingRefused("Codes below it are in use: retire or move them first")
        if not retired and locked.parent is not None and locked.parent.is_retired:
            raise CodingRefused(f"“{locked.parent.name}” above it is retired: bring it back first")
        if locked.is_retired != retired:
            locked.is_retired = retired
            locked.save(update_fields=["is_retired"])
            _record(locked, AuditAction.CODE_RETIRED, by=by, at=at, retired=retired)
    return locked


def lock_codebook(call: Call) -> None:
    """Let nobody else change the call's codes, or code by them, until this transaction ends."""
    Call.objects.select_for_update(no_key=True).get(pk=call.pk)
    lock_codes(Code.objects.filter(call=call))


def refuse_name(call: Call, name: str, *, but: Code | None = None) -> None:
    """Raise CodingRefused for no name, or for one that another code of the call has."""
    if not name:
        raise CodingRefused("Enter the name of the code")
    longest = Code._meta.get_field("name").max_length
    if longest is not None and len(name) > longest:
        raise CodingRefused(f"The name has {len(name)} characters: {longest} at most")
    others = Code.objects.filter(call=call, name__iexact=name)
    if but is not None:
        others = others.exclude(pk=but.pk)
    same = others.select_related("merged_into").first()
    if same is None:
        return
    if same.merged_into is not None:
        raise CodingRefused(f"“{same.name}” was merged into “{same.merged_into.name}”")
    if same.is_retired:
        raise CodingRefused(f"There is a retired code “{same.name}”: bring it back")
    raise CodingRefused(f"There is a code “{same.name}” already")


def one_line(name: str) -> str:
    return " ".join(without_control_characters(" ".join(name.split())).split())


@contextmanager
def _changing(code: Code, *, by: User) -> Iterator[Code]:
    """Begin a change; give the code as it is once nobody else changes it or codes by it."""
    if not may(by, Action.CHANGE_CODEBOOK, code.call_id):
        raise CodingRefused("You may not change the codebook of this call")
    with transaction.atomic():
        lock_codebook(code.call)
        locked = Code.objects.get(pk=code.pk)
        if locked.merged_into_id is not None:
            raise CodingRefused(f"“{locked.name}” was merged into another code")
        yield locked


def drawn(number: int, words: dict[str, str]) -> dict[str, str]:
    """Return the words with the colour and the line that is due, where none is chosen."""
    patterns = CodePattern.values
    due = {
        "colour": COLOURS[number % len(COLOURS)],
        "pattern": patterns[number // len(COLOURS) % len(patterns)],
    }
    return due | {name: value for name, value in words.items() if value or name not in due}


def _refuse_parent(call: Call, code: Code) -> None:
    if code.call_id != call.pk:
        raise CodingRefused("Both codes belong to one call")
    if code.is_retired:
        raise CodingRefused(f"The code “{code.name}” is retired: choose another")


def _refuse_in_open_sample(code: Code, by: User) -> None:
    """Refuse to move codings while several people code their responses by themselves.

    Who codes blind is refused whatever others coded: they would learn it.
    """
    if blind_to(by).filter(sample__call=code.call_id).exists():
        raise CodingRefused(
            "You code a blind sample: merge and split codes when you are done with it"
        )
    in_sample = Exists(
        SampledResponse.objects.filter(
            submission=OuterRef("version__submission"), sample__closed_at=None
        )
    )
    if code.codings.filter(in_sample).exists():
        raise CodingRefused(
            f"“{code.name}” is on passages of a sample that is being coded: close the sample first"
        )


def _refuse_depth(code: Code, *, level: int) -> None:
    """Refuse to put the code on that level, if codes below it would be too deep there."""
    levels = {one.code.pk: one.level for one in tree(code.call)}
    here = levels[code.pk]
    deepest = max(levels.get(key, here) for key in _below(code))
    if level + deepest - here > MOST_LEVELS:
        raise CodingRefused(f"A codebook has {MOST_LEVELS} levels at most")


def _level(code: Code) -> int:
    return next(one.level for one in tree(code.call) if one.code.pk == code.pk)


def _below(code: Code) -> set[int]:
    """Return the keys of the code and of all below it."""
    pairs = list(Code.objects.filter(call=code.call).values_list("pk", "parent"))
    found = {code.pk}
    while more := {key for key, parent in pairs if parent in found} - found:
        found |= more
    return found


def _last_position(call: Call, parent: Code | None) -> int:
    """Return the position after the last of the codes there."""
    last = Code.objects.filter(call=call, parent=parent).order_by("-position")
    position = last.values_list("position", flat=True).first()
    return 0 if position is None else position + 1


def _move_codings(keys: Iterable[int], *, to: Code) -> int:
    """Put the codings under the code; where the same coding stands there, this one goes.

    The one that stays is as old as the older one: agreement leaves out what came after a coder was
    done.
    """
    moving = Coding.objects.filter(pk__in=list(keys))
    there = {_place(coding): coding for coding in to.codings.all()}
    twice = [coding for coding in moving if _place(coding) in there]
    gone = [coding.pk for coding in twice]
    moved = moving.exclude(pk__in=gone).update(code=to)
    Coding.objects.filter(pk__in=gone).delete()
    for coding in twice:
        Coding.objects.filter(pk=there[_place(coding)].pk, at__gt=coding.at).update(at=coding.at)
    return moved + len(twice)


def _place(coding: Coding) -> tuple[int | None, ...]:
    where = (coding.version_id, coding.question_id, coding.file_text_id)
    return *where, coding.start, coding.end, coding.by_id


def _record(code: Code, action: AuditAction, *, by: User, at: datetime, **detail: Any) -> None:
    record(by=by, at=at, action=action, call=code.call, code=code.pk, **detail)
