"""What an import would do, row by row, with one line for each fault. Nothing is stored."""

from collections import Counter
from dataclasses import dataclass, field

from submissions.responses.importing.choices import Choices
from submissions.responses.importing.plans import Plan, RowFault
from submissions.responses.importing.uploads import Content, known_rows, plans_of
from submissions.responses.models import Entry, ResponseImport, Submission

STAYS_OUT, HALF_ENTERED, KNOWN = "stays out", "comes in half entered", "came in already"
COMES_IN = "comes in"
IN_ORDER = (STAYS_OUT, HALF_ENTERED, COMES_IN, KNOWN)  # a page shows the first lines


@dataclass(frozen=True)
class Line:
    label: str
    fault: RowFault
    then: str


@dataclass
class DryRun:
    """How many rows there are, would be submitted, stay half entered or out, or are known."""

    rows: int = 0
    submitted: int = 0
    half_entered: int = 0
    out: int = 0
    known: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def comes_in(self) -> int:
        return self.submitted + self.half_entered


def dry_run(of: ResponseImport, content: Content, choices: Choices) -> DryRun:
    known, entered = known_rows(of), _by_reference(of)
    found = DryRun()
    for plan in plans_of(of, content, choices):
        found.rows += 1
        earlier = next((known[one] for one in plan.digests if one in known), None)
        if earlier is not None:
            found.known += 1
            said = RowFault(
                plan.number, "", f"It came in already, as {earlier.submission}", "Nothing"
            )
            found.lines.append(Line(plan.label, said, KNOWN))
        else:
            _judge(found, plan, submits=choices.submits)
            if not plan.faults and (there := entered.get(plan.reference)) is not None:
                wrong = f"A response with the reference “{plan.reference}” is here, as {there}"
                said = RowFault(plan.number, "", wrong, "Leave it out, if it is the same one")
                found.lines.append(Line(plan.label, said, COMES_IN))
    found.lines.sort(key=lambda line: IN_ORDER.index(line.then))
    return found


def _by_reference(of: ResponseImport) -> dict[str, Submission]:
    """Return the entered responses of the call by their references, where no two have the same.

    A row that was mended since it came in is another row, and would come in beside it.
    """
    there = Entry.objects.filter(submission__call=of.call_id).exclude(their_reference="")
    rows = list(there.select_related("submission"))
    number = Counter(entry.their_reference for entry in rows)
    return {one.their_reference: one.submission for one in rows if number[one.their_reference] == 1}


def _judge(found: DryRun, plan: Plan, *, submits: bool) -> None:
    if plan.faults:
        found.out += 1
    elif submits and not plan.notes:
        found.submitted += 1
    else:
        found.half_entered += 1
    found.lines += [Line(plan.label, fault, STAYS_OUT) for fault in plan.faults]
    if not plan.faults:
        found.lines += [Line(plan.label, note, HALF_ENTERED) for note in plan.notes]
