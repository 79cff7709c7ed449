"""The words for the strength of a finding: from which share of the base on each may be used.

A call that defined none has the usual ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core.canonical import digest
from core.percentages import WHOLE, say_share
from review.errors import FindingOutdated, FindingRefused
from review.last_change import changed_last_by
from review.models import StrengthStep
from submissions.calls.models import Call

USUAL = (("all", 100), ("most", 51), ("many", 30), ("some", 10), ("a few", 0))
MOST_STEPS = 12


@dataclass(frozen=True)
class Step:
    """A word as somebody wants it; `key` is the row that it was, None for a new one."""

    name: str
    smallest_share: int
    key: int | None = None


def scale_of(call: Call) -> list[StrengthStep]:
    """Return the steps, the largest share first; the usual ones, not stored, where it has none."""
    rows = list(StrengthStep.objects.filter(call=call))
    return rows or [
        StrengthStep(call=call, name=name, smallest_share=share) for name, share in USUAL
    ]


def etag_of_scale(call: Call) -> str:
    said = [f"{step.pk}:{step.name}:{step.smallest_share}" for step in scale_of(call)]
    return digest("\n".join(said))[:12]


def step_named(call: Call, name: str) -> StrengthStep | None:
    """Return the step; None for no name. The call is locked: its usual steps are stored now.

    Raises FindingRefused for a word that the scale does not have.
    """
    if not name:
        return None
    steps = scale_of(call)
    for step in steps:
        if step.name == name:
            if step.pk is None:
                StrengthStep.objects.bulk_create(steps)
            return step
    raise FindingRefused(f"The scale has no word “{name}”: choose another")


def define_scale(
    call: Call, *, steps: Sequence[Step], base: str, by: User, at: datetime
) -> list[StrengthStep]:
    """Make these the words of the call. A renamed word is renamed in the findings that use it.

    The same words again change nothing, and nothing goes on record. `base` is the etag of the
    scale that the page showed. Raises FindingOutdated where somebody changed it since;
    FindingRefused for who may not, for two words or two shares that are the same, for a share over
    100, and for taking away a word that a finding uses.
    """
    if not may(by, Action.WRITE_FINDINGS, call):
        raise FindingRefused("You may not change the scale of this call")
    wanted = [Step(" ".join(one.name.split()), one.smallest_share, one.key) for one in steps]
    _refuse(wanted)
    with transaction.atomic():
        Call.objects.select_for_update(no_key=True).get(pk=call.pk)
        if etag_of_scale(call) != base:
            who = changed_last_by(call, AuditAction.SCALE_CHANGED)
            raise FindingOutdated(f"{who} changed the scale while this page was open")
        now = scale_of(call)
        if {(one.key, one.name, one.smallest_share) for one in wanted} == {
            (step.pk, step.name, step.smallest_share) for step in now
        }:
            return now
        there = {step.pk: step for step in StrengthStep.objects.filter(call=call)}
        kept = {one.key for one in wanted if one.key in there}
        for key in there.keys() - kept:
            used = there[key].findings.first()
            if used is not None:
                raise FindingRefused(
                    f"“{there[key].name}” is the strength of “{used.title}”: change that first"
                )
            there[key].delete()
        # Two words may change places, and each is there once.
        for key in kept:
            StrengthStep.objects.filter(pk=key).update(name=f"… {key}")
        for one in wanted:
            values = {"name": one.name, "smallest_share": one.smallest_share}
            if one.key in kept:
                StrengthStep.objects.filter(pk=one.key).update(**values)
            else:
                StrengthStep.objects.create(call=call, **values)
        record(
            by=by,
            at=at,
            action=AuditAction.SCALE_CHANGED,
            call=call,
            scale={one.name: one.smallest_share for one in wanted},
        )
    return scale_of(call)


def _refuse(steps: Sequence[Step]) -> None:
    if not 1 <= len(steps) <= MOST_STEPS:
        raise FindingRefused(f"A scale has from 1 to {MOST_STEPS} words")
    longest = StrengthStep._meta.get_field("name").max_length or 0
    names: set[str] = set()
    shares: dict[int, str] = {}
    for one in steps:
        if not one.name:
            raise FindingRefused(f"Enter the word that begins at {one.smallest_share}%")
        if len(one.name) > longest:
            raise FindingRefused(f"“{one.name}” is too long: {longest} characters at most")
        if not 0 <= one.smallest_share <= WHOLE:
            raise FindingRefused(f"“{one.name}” begins at a share from 0 to 100 per cent")
        if one.name.casefold() in names:
            raise FindingRefused(f"“{one.name}” is there twice")
        if one.smallest_share in shares:
            other = shares[one.smallest_share]
            raise FindingRefused(f"“{other}” and “{one.name}” both begin at {one.smallest_share}%")
        names.add(one.name.casefold())
        shares[one.smallest_share] = one.name


def fitting_step(scale: Sequence[StrengthStep], *, number: int, of: int) -> StrengthStep | None:
    """Return the step of the largest share that so many of so many have; None for nobody."""
    if not number or not of:
        return None
    for step in sorted(scale, key=lambda one: -one.smallest_share):
        if number * WHOLE >= step.smallest_share * of:
            return step
    return None


def why_not_fitting(
    scale: Sequence[StrengthStep], chosen: StrengthStep | None, *, number: int, of: int
) -> str:
    """Return a warning where the word does not fit the count, in whole sentences; "" if it does."""
    if chosen is None:
        return ""
    if not of:
        return f"Nobody is counted, so that “{chosen.name}” stands on nothing."
    if not number:
        return f"None of {of:,}: no word of the scale fits."
    fits = fitting_step(scale, number=number, of=of)
    if fits is not None and fits.name == chosen.name:
        return ""
    share = f"{number:,} of {of:,} is {say_share(number, of)}."
    begins = f"“{chosen.name}” begins at {chosen.smallest_share}%"
    if fits is None:
        return f"{share} {begins}, and no word of the scale at less than that share."
    return f"{share} {begins}: the scale calls this “{fits.name}”."
