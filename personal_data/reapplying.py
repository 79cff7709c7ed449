"""Erasing again, after a backup was restored, what had been erased since it was made.

Each erasure leaves a small file beside the uploads, and `list_erasures` writes them all for a place
elsewhere. A restored database knows nothing of those that are newer than its backup.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from personal_data import erasing
from submissions.responses.erasing import due_after, open_request
from submissions.responses.models import ErasureRequest, Submission
from submissions.responses.models.attachments import private_storage
from submissions.responses.states import ErasureGround, ErasureState

NEEDED = frozenset(
    ("request", "response", "scope", "ground", "reason", "asked_at", "decided_at", "decided_by")
)


@dataclass
class Reapplied:
    """How many were erased again, were erased already, and are of responses that there are not."""

    again: int = 0
    already: int = 0
    unknown: int = 0


def kept_tombstones(*, unread: Callable[[str], object]) -> Iterator[dict[str, Any]]:
    """Yield what the files beside the uploads say; `unread` gets the name of each damaged one."""
    for name in tombstone_files():
        with private_storage().open(name) as stored:
            written = stored.read()
        try:
            yield read_tombstone(written)
        except ValueError:
            unread(name)


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


def reapply(tombstones: Iterable[dict[str, Any]], *, by: User | None, at: datetime) -> Reapplied:
    """Erase again what these name. `by` stands for who decided, if the database lacks them.

    Nobody is told a second time. Raises ValueError where nobody known decided.
    """
    done = Reapplied()
    for tombstone in tombstones:
        response = Submission.objects.filter(public_id=tombstone["response"]).first()
        if response is None:
            done.unknown += 1
        elif _is_erased(tombstone):
            done.already += 1
        elif _erase_again(response, tombstone, by, at):
            done.again += 1
        else:
            done.already += 1
    return done


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
