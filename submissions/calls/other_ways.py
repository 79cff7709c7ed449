"""How a call takes evidence by telephone and by post, where it offers that."""

from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _

from core.direction import from_left, is_from_right
from core.spoken_lists import in_a_row


class Offering(Protocol):
    evidence_phone: str
    evidence_phone_hours: str
    evidence_address: str

    @property
    def closes_in_words(self) -> str: ...


@dataclass(frozen=True)
class OtherWay:
    """One way, such as “By post” with the lines of the address."""

    name: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {in_a_row(self.lines)}"


def other_ways(call: Offering) -> list[OtherWay]:
    ways = []
    if call.evidence_phone:
        number = from_left(call.evidence_phone)
        ways.append(OtherWay(_("By telephone"), (number, call.evidence_phone_hours)))
    if call.evidence_address:
        lines = [line.strip() for line in call.evidence_address.splitlines()]
        sided = (line if is_from_right(line) else from_left(line) for line in lines if line)
        ways.append(OtherWay(_("By post"), tuple(sided)))
    return ways


def other_ways_named(call: Offering) -> str:
    """Return the text of a link to them; "" where the call offers none."""
    if call.evidence_phone and call.evidence_address:
        return _("How to give evidence by telephone or by post")
    if call.evidence_phone:
        return _("How to give evidence by telephone")
    return _("How to give evidence by post") if call.evidence_address else ""


def other_ways_deadline(call: Offering) -> str:
    """Return until when what comes so counts."""
    said = _("It counts if it reaches us before %(when)s.") % {"when": call.closes_in_words}
    if not call.evidence_address:
        return said
    arrives = _("For a letter, that is when it arrives, not when it is posted.")
    return f"{said} {arrives}"
