"""Changing many responses at once: in one transaction, with a summary of what was left out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from accounts.models import AuditEvent, User
from accounts.rights import may
from accounts.states import Action
from review.errors import ReviewOutdated, ReviewRefused
from review.members import reviews_no_longer
from review.models import Review
from review.triage import Assignment, Change, apply, review_of
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState, TriageStatus

TO_DO = (TriageStatus.UNREAD, TriageStatus.IN_REVIEW)
AT_ONCE = 1_000  # rows in one statement


@dataclass
class Outcome:
    """How many changed; why others were left out, with their number; and which of them somebody
    else changed meanwhile, each with a sentence that says who."""

    changed: int = 0
    left: Counter[str] = field(default_factory=Counter)
    outdated: list[str] = field(default_factory=list)


def change_all(keys: Iterable[int], change: Change, etags: Mapping[int, str]) -> Outcome:
    """Make the change to each response; `etags` are those that the page showed, by primary key."""
    return _change(keys, lambda _: change, etags)


def spread(
    keys: Iterable[int], people: list[User], *, by: User, at: datetime, etags: Mapping[int, str]
) -> Outcome:
    """Assign those that nobody has and that are still to do, each to who has least to do then.

    A response counts as nobody's if whoever has it may no longer change its status. What each
    person has to do in these calls already counts. Each response goes to somebody who may change
    its status.
    """
    has = dict.fromkeys(people, 0)
    able: dict[int, list[User]] = {}
    keys = list(keys)
    left = set(
        Submission.objects.filter(reviews_no_longer(), pk__in=keys).values_list("pk", flat=True)
    )

    def next_one(response: Submission) -> Assignment:
        if review_of(response).assignee_id is not None and response.pk not in left:
            raise ReviewRefused("assigned already")
        if response.triage_status not in TO_DO:
            raise ReviewRefused("done already")
        call = response.call_id
        if call not in able:
            able[call] = [one for one in people if may(one, Action.CHANGE_STATUS, call)]
        if not able[call]:
            raise ReviewRefused("of a call in which nobody of them may change the status")
        return Assignment(min(able[call], key=lambda person: has[person]), by, at)

    def made(change: Change) -> None:
        if isinstance(change, Assignment) and change.to is not None:
            has[change.to] += 1

    has |= _to_do_of(people, keys)
    return _change(keys, next_one, etags, made)


def _to_do_of(people: list[User], keys: list[int]) -> dict[User, int]:
    """Return how many responses each person has to do in the calls of these responses."""
    calls = Submission.objects.filter(pk__in=keys).values("call")
    rows = Review.objects.filter(
        assignee__in=people,
        submission__call__in=calls,
        submission__state=SubmissionState.SUBMITTED,
        submission__triage_status__in=TO_DO,
    )
    counted = dict(rows.order_by().values_list("assignee").annotate(number=Count("pk")))
    return {person: counted.get(person.pk, 0) for person in people}


def _change(
    keys: Iterable[int],
    change_of: Callable[[Submission], Change],
    etags: Mapping[int, str],
    made: Callable[[Change], None] | None = None,
) -> Outcome:
    """Change each response; `made` is told of each change once it is made."""
    outcome = Outcome()
    changed: list[tuple[Submission, AuditEvent]] = []
    with transaction.atomic():
        for response in _locked(keys):
            try:
                change = change_of(response)
                happened = apply(change, response, etags.get(response.pk))
            except ReviewRefused as refused:
                outcome.left[refused.message.removeprefix(f"{response} is ")] += 1
            except ReviewOutdated as outdated:
                outcome.outdated.append(f"{response} is left as it is. {outdated.message}.")
            else:
                if happened is None:
                    outcome.left["so already"] += 1
                else:
                    changed.append((response, happened))
                    if made is not None:
                        made(change)
        _save(changed)
    outcome.changed = len(changed)
    return outcome


def _locked(keys: Iterable[int]) -> list[Submission]:
    """Lock the responses in one order, so that two people cannot wait for each other."""
    chosen = Submission.objects.filter(pk__in=list(keys))
    list(chosen.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    # Read after the lock: a join would still have the rows beside it from before.
    return list(
        chosen.select_related("call", "current_version", "review__assignee", "review__decided_by")
        .only(
            "call",
            "reference",
            "state",
            "triage_status",
            "public_id",
            "current_version__number",
            "review",
        )
        .order_by("pk")
    )


def _save(changed: list[tuple[Submission, AuditEvent]]) -> None:
    by_status: dict[str, list[int]] = {}
    for response, _ in changed:
        by_status.setdefault(response.triage_status, []).append(response.pk)
    for status, keys in by_status.items():
        Submission.objects.filter(pk__in=keys).exclude(triage_status=status).update(
            triage_status=status
        )
    Review.objects.bulk_create(
        [review_of(response) for response, _ in changed],
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["submission"],
        update_fields=["assignee", "flagged", "reason", "decided_by", "decided_at"],
    )
    AuditEvent.objects.bulk_create([event for _, event in changed], batch_size=AT_ONCE)
