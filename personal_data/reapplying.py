"""Erasing and withdrawing again, after a backup was restored, what had ended since it was made.

Each erasure leaves a small file beside the uploads, and `list_erasures` writes erasures,
withdrawals and changes for a place elsewhere (`since_backups`). The portal's log has what is newer
than the list. A restored database knows nothing of what is newer than its backup.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core import clock
from personal_data import erasing, since_backups
from personal_data.portal_log import Told
from submissions.responses import amending
from submissions.responses.erasing import due_after, open_request
from submissions.responses.models import ErasureRequest, Submission
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import Channel, ErasureGround, ErasureScope, ErasureState

NEEDED = frozenset(
    ("request", "response", "scope", "ground", "reason", "asked_at", "decided_at", "decided_by")
)
# The log says that a response was received once that is committed, and before somebody gives up.
LOGGED_WITHIN = timedelta(minutes=10)
# One run erases much, and has one moment for all of it.
ERASED_WITHIN = timedelta(days=1)


@dataclass
class Reapplied:
    """What was done, and what nobody can do here: the lists of references.

    `again`, `already` and `unknown` count erasures: done now, done before, and of responses that
    there are not. `refused` says of those that could not be done why.
    """

    again: int = 0
    already: int = 0
    unknown: int = 0
    refused: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    not_erased: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def in_words(self) -> list[str]:
        """Return a line for each thing that there is to tell."""
        lines = [
            f"Erased again: {self.again}. Erased already: {self.already}. "
            f"Of responses that came after this backup: {self.unknown}.",
            f"Withdrawn again: {_say(self.withdrawn) or 'none'}.",
        ]
        told = {
            "Erased since, and only the log says so. Enter each request anew": "not_erased",
            "Changed since, perhaps made confidential, which nobody can bring back. Ask the "
            "authors": "changed",
            "Words were hidden since. Hide them again": "hidden",
            "Gone, as they came after this backup. Their authors have a receipt": "gone",
        }
        for words, name in told.items():
            if references := _say(getattr(self, name)):
                lines.append(f"{words}: {references}.")
        return lines


def _say(references: list[str]) -> str:
    return ", ".join(sorted(set(references)))


def kept_tombstones(*, unread: Callable[[str], object]) -> Iterator[dict[str, Any]]:
    """Yield what the files beside the uploads say; `unread` gets the name of each damaged one."""
    for name in tombstone_files():
        with private_storage().open(name) as stored:
            written = stored.read()
        try:
            yield read_tombstone(written)
        except ValueError:
            unread(name)


def read_row(written: str) -> dict[str, Any]:
    """Return a row of a list that `list_erasures` or a backup wrote; ValueError for others."""
    row = json.loads(written)
    if isinstance(row, dict) and isinstance(row.get("reference"), str):
        if isinstance(row.get("version"), int) and isinstance(row.get("hidden"), int):
            return row
        if "withdrawn_at" in row:
            datetime.fromisoformat(str(row["withdrawn_at"]))
            return row
    return read_tombstone(written)


def read_tombstone(written: str | bytes) -> dict[str, Any]:
    """Return what `erasing.as_tombstone` says as JSON; raise ValueError for anything else."""
    tombstone = json.loads(written)
    if not isinstance(tombstone, dict) or not NEEDED.issubset(tombstone):
        raise ValueError("this is no tombstone")
    for name in ("request", "response"):
        UUID(str(tombstone[name]))
    return tombstone


def tombstone_files() -> list[str]:
    """Return the names of these files in the storage of uploads."""
    try:
        names = private_storage().listdir(erasing.FOLDER)[1]
    except FileNotFoundError:
        return []
    return [f"{erasing.FOLDER}/{name}" for name in sorted(names) if name.endswith(".json")]


def reapply(
    rows: Iterable[dict[str, Any]], told: Told, *, by: User | None, at: datetime
) -> Reapplied:
    """Withdraw and erase again what these rows of `since_backups` and the log name.

    `by` stands for who decided an erasure, if the database lacks them. Nobody is told a second
    time. What the database cannot do again is in the result. All of it may be done twice.
    """
    done = Reapplied()
    rows = list(rows)
    moments = dict(told.withdrawn)
    for row in rows:
        if "withdrawn_at" in row:
            moments[row["reference"]] = datetime.fromisoformat(row["withdrawn_at"])
    for response in Submission.objects.submitted().filter(reference__in=moments):
        # A rehearsal's clock is not that of the log.
        since = min(moments[str(response)], at)
        if amending.withdraw_again(submission=response, withdrawn_at=since, at=at):
            done.withdrawn.append(str(response))
    for row in filter(since_backups.is_erasure, rows):
        try:
            _reapply_erasure(row, done, by, at)
        except ValueError as error:
            done.refused.append(str(error))
    _compare({row["reference"]: row for row in rows if "version" in row}, told, done)
    ended = moments.keys() | _erased_whole(rows)
    done.gone = [one for one in done.gone if one not in ended]  # nobody needs those back
    return done


def _erased_whole(rows: Iterable[dict[str, Any]]) -> set[str]:
    tombstones = filter(since_backups.is_erasure, rows)
    return {one.get("reference", "") for one in tombstones if one["scope"] == ErasureScope.RESPONSE}


def _reapply_erasure(
    tombstone: dict[str, Any], done: Reapplied, by: User | None, at: datetime
) -> None:
    response = Submission.objects.filter(public_id=tombstone["response"]).first()
    if response is None:
        done.unknown += 1
    elif _is_erased(tombstone) or not _erase_again(response, tombstone, by, at):
        done.already += 1
    else:
        done.again += 1


def _compare(listed: dict[str, dict[str, Any]], told: Told, done: Reapplied) -> None:
    """Note in `done` what this database lacks of what the list and the log tell."""
    named = {*listed, *told.received, *(reference for reference, _ in told.erased)}
    responses = Submission.objects.filter(reference__in=named)
    here = set(responses.values_list("reference", flat=True))
    done.gone += {*listed, *told.received} - here
    done.not_erased += _not_erased(told, here)
    for one in since_backups.standing().filter(reference__in=named):
        reference, version = str(one), one.submitted_version
        then = listed.get(reference, {"version": 0, "hidden": 0})
        logged = version.received_at
        # What staff enter came days before it is logged, and a rehearsal's clock is another.
        if one.channel == Channel.WEB and not clock.is_rehearsal():
            logged = told.received.get(reference, logged) - LOGGED_WITHIN
        if version.number < then["version"] or version.received_at < logged:
            done.changed.append(reference)
        elif version.number == then["version"] and one.hidden < then["hidden"]:
            done.hidden.append(reference)


def _not_erased(told: Told, here: set[str | None]) -> list[str]:
    """Return what the log says was erased, and what this database still has of it.

    Of one response, who answered may be erased before the backup, and the rest after it.
    """
    requests = ErasureRequest.objects.carried_out().filter(submission__reference__in=here)
    rows = requests.order_by("erased_at").values_list("submission__reference", "scope", "erased_at")
    ended = {(reference, scope): erased_at for reference, scope, erased_at in rows}
    left = []
    for (reference, scope), logged in told.erased.items():
        erased_at = ended.get((reference, scope))
        is_known = erased_at is not None and (
            clock.is_rehearsal() or erased_at > logged - ERASED_WITHIN
        )
        is_known = is_known or (reference, ErasureScope.RESPONSE) in ended
        if reference in here and not is_known:
            left.append(f"{reference} ({scope.label.lower()})")
    return left


def _is_erased(tombstone: dict[str, Any]) -> bool:
    found = ErasureRequest.objects.carried_out().filter(public_id=tombstone["request"])
    return found.exists()


def _erase_again(
    response: Submission, tombstone: dict[str, Any], by: User | None, at: datetime
) -> bool:
    """Return whether it was this run that erased it, and no other at the same moment."""
    other = open_request(response)
    if other is not None and other.state == ErasureState.ERASED:
        erasing.carry_out(other, at=at)  # what is left of it: files, and the mail that told of it
    with transaction.atomic():
        Submission.objects.select_for_update(no_key=True).get(pk=response.pk)
        if _is_erased(tombstone):
            return False
        request = _approved_request(response, tombstone, by, at)
        erasing.erase_from_database(request, at=at, tells=False)
    erasing.carry_out(request, at=at)
    return True


def _approved_request(
    response: Submission, tombstone: dict[str, Any], by: User | None, at: datetime
) -> ErasureRequest:
    """Return the request as it was approved, or was when the backup was made, or a new one."""
    request = ErasureRequest.objects.filter(public_id=tombstone["request"]).first()
    if request is None:
        if (other := open_request(response)) is not None:
            # What was erased goes before what is still asked for, or waits for its last mail.
            over: dict[str, Any] = {"state": ErasureState.WITHDRAWN}
            if other.state == ErasureState.ERASED:
                over = {"state": ErasureState.DONE, "done_at": at}
            ErasureRequest.objects.filter(pk=other.pk).update(**over)
        asked_at = datetime.fromisoformat(tombstone["asked_at"])
        request = ErasureRequest.objects.create(
            public_id=tombstone["request"],
            call=response.call,
            submission=response,
            ground=tombstone["ground"],
            scope=tombstone["scope"],
            reason=tombstone["reason"] or "Asked for on the website",
            asked_at=asked_at,
            due_at=due_after(asked_at),
            confirmed_at=asked_at,
        )
    if request.state != ErasureState.APPROVED:
        decided_by = User.objects.filter(username=tombstone["decided_by"] or "").first() or by
        if decided_by is None and tombstone["ground"] == ErasureGround.AUTHOR:
            raise ValueError(f"nobody here is called {tombstone['decided_by']}")
        if decided_by is not None and decided_by.pk == request.entered_by_id:
            raise ValueError(f"{decided_by} entered a request that somebody else decided")
        request.state, request.decided_by = ErasureState.APPROVED, decided_by
        request.confirmed_at = request.confirmed_at or at
        request.decided_at = datetime.fromisoformat(tombstone["decided_at"])
        request.save(update_fields=["state", "decided_by", "decided_at", "confirmed_at"])
    erasing.record_approval(request, at=at)
    return request
