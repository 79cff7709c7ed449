"""How far staff are with a call's responses, in the numbers that a report needs."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from review.bulk import TO_DO
from review.members import NO_LONGER, reviews_no_longer
from review.models import Review
from review.triage import say_reason
from submissions.calls.models import Call
from submissions.responses.states import SubmissionState, TriageStatus

NOBODY = "nobody"


@dataclass(frozen=True)
class Line:
    """One number; `query` narrows the list of responses to what was counted, where it can."""

    group: str
    what: str
    number: int
    query: str = ""


def progress(call: Call) -> list[Line]:
    """Return what came, how each is, why responses were set aside, and who decided."""
    given = call.submissions.exclude(submitted_at=None)
    states = _counted(given, "state")
    responses = call.submissions.submitted()
    statuses = _counted(responses, "triage_status")
    lines = [Line("Received", "in all", sum(states.values()))]
    # The list of what was erased has drafts, too.
    erased = call.submissions.filter(state=SubmissionState.ERASED)
    has_drafts = erased.filter(submitted_at=None).exists()
    lines += [
        Line(
            "Received",
            f"of these {state.label.lower()}",
            states.get(state, 0),
            "" if state == SubmissionState.ERASED and has_drafts else f"state={state}",
        )
        for state in (SubmissionState.WITHDRAWN, SubmissionState.ERASED)
    ]
    lines += [
        Line("Status", str(each.label), statuses.get(each, 0), f"triage_status__exact={each}")
        for each in TriageStatus
    ]
    reviews = Review.objects.filter(submission__in=responses)
    aside = reviews.filter(submission__triage_status=TriageStatus.SET_ASIDE)
    reasons = dict.fromkeys(call.set_aside_labels, 0) | _counted(aside, "reason")
    lines += [
        Line("Set aside", _say(key, call), number, f"reason={key}" if key else "")
        for key, number in reasons.items()
    ]
    for group, status in (
        ("Considered by", TriageStatus.CONSIDERED),
        ("Set aside by", TriageStatus.SET_ASIDE),
    ):
        those = reviews.filter(submission__triage_status=status)
        lines += _by_person(group, _counted(those, "decided_by__username"))
    to_do = responses.filter(triage_status__in=TO_DO)
    assigned = _counted(to_do.exclude(reviews_no_longer()), "review__assignee__username")
    left = _counted(to_do.filter(reviews_no_longer()), "review__assignee__username")
    assigned |= {f"{name}, {NO_LONGER}": number for name, number in left.items()}
    return lines + _by_person("To do, assigned to", assigned)


def _say(reason: str, call: Call) -> str:
    return say_reason(reason, call) if reason else "without a reason"


def _counted(rows: QuerySet, field: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(field).annotate(number=Count("pk")))


def _by_person(group: str, numbers: dict[str, int]) -> list[Line]:
    names = sorted(numbers, key=lambda name: (name is None, name))
    return [Line(group, name or NOBODY, numbers[name]) for name in names]
