"""What changed since a report was made: the same report anew, held against what was kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import User
from review.findings.method import labels_of
from review.findings.reports import report_of
from review.findings.snapshot import Snapshot, findings_in_order, snapshot_of
from review.models import Code, Finding, ReportRun
from review.states import FindingStatus, Stance
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

MOST_NAMED = 20  # references in one sentence
NOT_COUNTED = "not among those counted any more"


def what_changed(run: ReportRun, *, reader: User | None, at: datetime) -> list[str]:
    """Return a sentence for each difference, without a full stop; none if nothing changed.

    Raises FindingRefused as `report_of` does.
    """
    report = report_of(run.call, audience=run.audience, reader=reader, at=at)
    return list(differences(run.snapshot, snapshot_of(report), run.call))


def differences(then: Snapshot, now: Snapshot, call: Call) -> Iterator[str]:
    yield from _scale(then["scale"], now["scale"])
    yield from _responses(then, now, call)
    findings = {str(one.guid): one for one in Finding.objects.filter(call=call)}
    titles = {guid: one.title for guid, one in findings.items()}
    for guid in findings_in_order(then):
        name = f"“{titles.get(guid, guid)}”"
        if guid in now["findings"]:
            yield from _finding(name, then["findings"][guid], now["findings"][guid])
        else:
            yield f"{name} is not in the report any more{_why_gone(findings.get(guid))}"
    for guid in findings_in_order(now):
        if guid not in then["findings"]:
            yield f"“{titles.get(guid, guid)}” is new in the report"
    yield from _outline(then["outline"], now["outline"])
    yield from _method(then["method"], now["method"], call)


def _scale(then: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    for name, share in then.items():
        if name not in now:
            yield f"Scale: there is no “{name}” any more; it began at {share}%"
        elif now[name] != share:
            yield f"Scale: “{name}” began at {share}% and begins at {now[name]}% now"
    for name, share in now.items():
        if name not in then:
            yield f"Scale: “{name}” is new; it begins at {share}%"


def _responses(then: Snapshot, now: Snapshot, call: Call) -> Iterator[str]:
    """Say what became of the responses that the report stood on or quoted."""
    before, after = _versions(then), _versions(now)
    gone = [reference for reference in before if reference not in after]
    # A quote may be of a response that is in no finding's base.
    quoted = sorted(_quoted(then) - before.keys())
    rows = Submission.objects.filter(call=call, reference__in=[*gone, *quoted])
    states = {
        str(reference): (state, triage)
        for reference, state, triage in rows.values_list("reference", "state", "triage_status")
    }
    by_reason: dict[str, list[str]] = {}
    for reference in [*gone, *quoted]:
        reason = _became(*states.get(reference, ("", "")))
        if reference in before or reason != NOT_COUNTED:
            by_reason.setdefault(reason, []).append(reference)
    for reason, references in by_reason.items():
        yield f"{_named(references)}: {reason}"
    for reference, version in before.items():
        if reference in after and after[reference] != version:
            yield f"{reference}: amended, version {version} then and {after[reference]} now"
    if new := [reference for reference in after if reference not in before]:
        yield f"{_named(new)}: counted now, and not then"


def _versions(snapshot: Snapshot) -> dict[str, int]:
    return {reference: version for reference, (version, _) in snapshot["responses"].items()}


def _quoted(snapshot: Snapshot) -> set[str]:
    findings = snapshot["findings"].values()
    return {passage["reference"] for one in findings for passage in one["passages"]}


def _became(state: str, triage: str) -> str:
    if state == SubmissionState.ERASED:
        return "erased since"
    if state == SubmissionState.WITHDRAWN:
        return "withdrawn since"
    if triage == TriageStatus.SET_ASIDE:
        return "set aside since"
    return NOT_COUNTED


def _finding(name: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if then["claim"] != now["claim"]:
        yield f"{name}: the claim was reworded"
    if then["status"] != now["status"]:
        before, after = (FindingStatus(one["status"]).label.lower() for one in (then, now))
        yield f"{name}: {before} then, {after} now"
    if then["strength"] != now["strength"]:
        before, after = (one["strength"] or "no word" for one in (then, now))
        yield f"{name}: its strength was “{before}” and is “{after}” now"
    if then["codes"] != now["codes"]:
        yield f"{name}: its codes have changed{_codes(then['codes'], now['codes'])}"
    if any(then[part] != now[part] for part in ("questions", "roles", "once")):
        yield f"{name}: its base has changed"
    if (then["number"], then["of"]) != (now["number"], now["of"]):
        yield (
            f"{name}: {then['number']:,} of {then['of']:,} then, {now['number']:,} of "
            f"{now['of']:,} now{_in_and_out(then['counted'], now['counted'])}"
        )
    elif then["counted"].keys() != now["counted"].keys():
        moved = _in_and_out(then["counted"], now["counted"])
        yield f"{name}: the same number of other responses{moved}"
    else:
        yield from _places(name, then["counted"], now["counted"])
    yield from _passages(name, then["passages"], now["passages"])
    if then["agreed"] != now["agreed"]:
        names = ", ".join(who for who, _ in now["agreed"]) or "nobody"
        agree = "agrees" if len(now["agreed"]) < 2 else "agree"
        yield f"{name}: the agreements have changed; {names} {agree} now"


def _codes(then: Sequence[str], now: Sequence[str]) -> str:
    changed = [*(set(then) - set(now)), *(set(now) - set(then))]
    names = dict(Code.objects.filter(guid__in=changed).values_list("guid", "name"))
    by_guid = {str(guid): name for guid, name in names.items()}
    gone = [by_guid.get(guid, guid) for guid in then if guid not in now]
    new = [by_guid.get(guid, guid) for guid in now if guid not in then]
    return _said([("without", gone), ("with", new)])


def _in_and_out(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    gone = [reference for reference in then if reference not in now]
    new = [reference for reference in now if reference not in then]
    return _said([("gone", gone), ("new", new)])


def _said(lists: Iterable[tuple[str, list[str]]]) -> str:
    return "".join(f"; {word}: {_named(sorted(names))}" for word, names in lists if names)


def _places(name: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    other = sorted(reference for reference in then if then[reference] != now[reference])
    if other:
        yield f"{name}: other passages are under its codes; {_named(other)}"


def _passages(
    name: str, then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    after = {_key(one): one for one in now}
    before = {_key(one): one for one in then}
    for key, one in before.items():
        said = f"{name}: the {'quote' if one['printed'] else 'passage'} {_place(one)}"
        if key not in after:
            yield f"{said} is not in the report any more"
            continue
        other = after[key]
        if one["stance"] != other["stance"]:
            yield f"{said} {Stance(other['stance']).label.lower()} now"
        if one["printed"] != other["printed"]:
            yield f"{said} {'has its words' if other['printed'] else 'may not be printed'} now"
        elif one["redacted"] != other["redacted"]:
            yield f"{said} is redacted in {'other' if other['redacted'] else 'no'} places now"
    for key, one in after.items():
        if key not in before:
            yield f"{name}: the {'quote' if one['printed'] else 'passage'} {_place(one)} is new"


def _key(passage: Mapping[str, Any]) -> tuple[Any, ...]:
    return passage["reference"], passage["version"], *passage["place"]


def _place(passage: Mapping[str, Any]) -> str:
    question, file, start, end = passage["place"]
    where = f"{question}, in a file" if file else question
    return f"of {passage['reference']}, version {passage['version']} ({where}, {start} to {end})"


def _outline(then: Sequence[Sequence[str]], now: Sequence[Sequence[str]]) -> Iterator[str]:
    titles_then = {key: rest for kind, key, *rest in then if kind == "heading"}
    titles_now = {key: rest for kind, key, *rest in now if kind == "heading"}
    if titles_then != titles_now:
        yield "The headings have changed"
    both = {tuple(one[:2]) for one in then} & {tuple(one[:2]) for one in now}
    order_then = [one[:2] for one in then if tuple(one[:2]) in both]
    order_now = [one[:2] for one in now if tuple(one[:2]) in both]
    if order_then != order_now:
        yield "The order has changed"


def _method(then: Mapping[str, str], now: Mapping[str, str], call: Call) -> Iterator[str]:
    keys = [*then, *(key for key in now if key not in then)]
    changed = [key for key in keys if then.get(key) != now.get(key)]
    for key, label in labels_of(call, changed).items():
        yield f"{label}: {then.get(key, 'nothing')} then, {now.get(key, 'nothing')} now"


def _why_gone(finding: Finding | None) -> str:
    return f": it is {finding.get_status_display().lower()}" if finding else ""


def _named(references: Sequence[str]) -> str:
    shown = ", ".join(references[:MOST_NAMED])
    more = len(references) - MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
