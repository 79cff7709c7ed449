"""What a member has to do now, call by call: the top of the admin's first page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import User
from accounts.rights import calls_of, may
from accounts.states import Action
from review.asking import responses_with_new_answers
from review.bulk import TO_DO
from review.coding.samples import to_code
from review.findings import agreeing
from review.members import reviews_no_longer
from review.models import Note
from review.redaction import redacting
from review.visits import last_visit
from submissions.calls.models import Call
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

SOON = timedelta(days=7)


@dataclass(frozen=True)
class Task:
    """Something to do, in words, and the list that shows it with its query string."""

    what: str
    query: str
    of: str = "admin:submissions_submission_changelist"


@dataclass(frozen=True)
class CallToday:
    """`closes` says when the call opens, closes or closed; `is_soon` if it closes within a week."""

    call: Call
    closes: str
    is_soon: bool
    reads: bool
    tasks: list[Task]


def calls_today(person: User, *, at: datetime) -> list[CallToday]:
    """Return the person's calls, those that close next first, each with what there is to do."""
    readable = set(calls_of(person, Action.READ_RESPONSES).values_list("pk", flat=True))
    calls = list(calls_of(person, Action.SEE_CALL))
    counted = _counted(person, [call.pk for call in calls if call.pk in readable])
    entries = _half_entered(person)
    waiting = _waiting(person, readable)
    calls.sort(key=lambda call: (call.has_closed_at(at), abs(call.closes_at - at)))
    return [
        CallToday(
            call,
            closes=_say_closing(call, at),
            is_soon=timedelta() < call.closes_at - at < SOON,
            reads=call.pk in readable,
            tasks=[
                *_tasks(
                    counted.get(call.pk, {}),
                    call if len(calls) > 1 else None,
                    decides=may(person, Action.CHANGE_STATUS, call),
                ),
                *_to_enter(entries.get(call.pk, 0), call if len(calls) > 1 else None),
                *_to_decide(waiting.get(call.pk, []), call if len(calls) > 1 else None),
            ],
        )
        for call in calls
    ]


def _counted(person: User, calls: list[int]) -> dict[int, dict[str, int]]:
    """Return the numbers of each call, in one query for all calls."""
    to_do = Q(triage_status__in=TO_DO)
    visited = last_visit(person)
    notes = Note.objects.filter(submission=OuterRef("pk"), mentions=person, resolved_at=None)
    to_be_coded = Exists(to_code(person).filter(submission=OuterRef("pk")))
    # At a first visit all would be since then: what is new says so already.
    since = Q(current_version__received_at__gt=visited) if visited else Q(pk__in=())
    rows = (
        Submission.objects.submitted()
        .filter(call__in=calls)
        .order_by()
        .values("call")
        .annotate(
            mine=Count("pk", filter=to_do & Q(review__assignee=person)),
            new=Count("pk", filter=Q(triage_status=TriageStatus.UNREAD)),
            unassigned=Count("pk", filter=to_do & (Q(review__assignee=None) | reviews_no_longer())),
            flagged=Count("pk", filter=to_do & Q(review__flagged=True)),
            since=Count("pk", filter=since),
            to_code=Count("pk", filter=to_be_coded),
            to_me=Count("pk", filter=Exists(notes)),
        )
    )
    answers = responses_with_new_answers(person, calls)
    return {row["call"]: row | {"answers": answers.get(row["call"], 0)} for row in rows}


def _tasks(numbers: dict[str, int], call: Call | None, *, decides: bool) -> list[Task]:
    of_call = f"call__id__exact={call.pk}&" if call else ""
    offered = [
        ("since", "Since your last visit", "received=visit", True),
        ("answers", "New answers to your questions", "questions=new", True),
        ("to_me", "Notes to you", "notes=to_me", True),
        ("to_code", "To code for a sample", "sampled=me", True),
        ("mine", "Yours to do", "assigned=me&work=to_do", decides),
        ("new", "New", "triage_status__exact=unread", True),
        ("unassigned", "To do and assigned to nobody", "assigned=nobody&work=to_do", decides),
        ("flagged", "Flagged and to do", "flagged=yes&work=to_do", True),
    ]
    return [
        Task(f"{said}: {_responses(numbers[name])}", of_call + query)
        for name, said, query, is_offered in offered
        if is_offered and numbers.get(name)
    ]


def _half_entered(person: User) -> dict[int, int]:
    """Return how many responses the team has begun to enter in each call: they end as drafts do."""
    drafts = Submission.objects.filter(
        call__in=calls_of(person, Action.ENTER_RESPONSES),
        state=SubmissionState.DRAFT,
        entry__isnull=False,
    )
    return dict(drafts.order_by().values_list("call").annotate(number=Count("pk")))


def _to_enter(number: int, call: Call | None) -> list[Task]:
    query = f"submission__call__id__exact={call.pk}" if call else ""
    said = f"Half entered, to submit or discard: {_responses(number)}"
    return [Task(said, query, of="admin:submissions_entry_changelist")] if number else []


def _waiting(person: User, calls: set[int]) -> dict[int, list[tuple[str, str]]]:
    """Return what waits for a decision of the person in each call, in words, with its list."""
    found: dict[int, list[tuple[str, str]]] = {}
    for said, rows, of in (
        (
            "Hiding or showing of words, for you to decide",
            redacting.waiting_for(person),
            "redaction",
        ),
        ("Findings for you to agree with", agreeing.waiting_for(person), "finding"),
    ):
        counted = rows.filter(call__in=calls).order_by().values_list("call")
        for call, number in counted.annotate(number=Count("pk")):
            line = f"{said}: {number:,}", f"admin:review_{of}_changelist"
            found.setdefault(call, []).append(line)
    return found


def _to_decide(waiting: list[tuple[str, str]], call: Call | None) -> list[Task]:
    of_call = f"call__id__exact={call.pk}&" if call else ""
    return [Task(said, f"{of_call}waits=me", of=of) for said, of in waiting]


def _responses(number: int) -> str:
    return "1 response" if number == 1 else f"{number:,} responses"


def _say_closing(call: Call, at: datetime) -> str:
    if call.has_closed_at(at):
        return f"Closed at {call.closes_in_words}"
    if not call.is_open_at(at):
        return f"Opens at {call.opens_in_words}"
    return f"Closes at {call.closes_in_words}"
