"""The chain of the record: whoever alters, removes or reorders audit events breaks it.

`accounts_seal_record` in the database seals events soon after they were committed: nobody who
writes an event waits for a chain. A seal has two digests, SHA-256 in hexadecimal of lines in
UTF-8 with LF between them; times are UTC to the microsecond, and what is empty is an empty line.

- `event_sha256`: the event's id, time, actor, action, call, response and detail; then, where it has
  one, the number of its request, which events before release 1.1 lack;
- `sha256`: that of the seal before it, the seal's number, the event's id, the time of sealing and
  `event_sha256`.

An event that is gone breaks nothing if a later link is the event of the ending that names it: the
record of a call ends once it has been kept for its period. Its seal stays.

The latest `sha256`, the head, stands for all events: staff get it by mail, outside the database.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from accounts.models import AuditEvent, AuditSeal
from accounts.states import AuditAction

AT_ONCE = 5_000  # events in one transaction
# Transactions commit in another order than they drew their ids in. Sealing looks so many ids back;
# verifying looks at all.
LOOKBACK = 2_000
EVERYTHING = 2**62
# An event whose id is older than one sealed so long before was put in afterwards: no transaction of
# the portal takes as long.
LONGEST_TRANSACTION = timedelta(hours=1)
INSTANT = """'YYYY-MM-DD"T"HH24:MI:SS.US'"""
LINKS = f"""
SELECT s.number, s.event_id, s.event_sha256, s.sha256, s.sealed_at,
    to_char(s.sealed_at AT TIME ZONE 'UTC', {INSTANT}), e.id IS NOT NULL,
    concat_ws(E'\\n', e.id, to_char(e.at AT TIME ZONE 'UTC', {INSTANT}),
        coalesce(e.actor_id::text, ''), e.action, coalesce(e.call_id::text, ''),
        coalesce(e.submission_id::text, ''), e.detail, nullif(e.request_number, ''))
FROM accounts_auditseal s LEFT JOIN accounts_auditevent e ON e.id = s.event_id ORDER BY s.number
"""  # noqa: S608 - of the constants above
UNSEALED = """
SELECT e.id FROM accounts_auditevent e
WHERE NOT EXISTS (SELECT FROM accounts_auditseal s WHERE s.event_id = e.id) ORDER BY e.id
"""


def seal(*, lookback: int = LOOKBACK) -> int:
    """Seal the events that are not sealed yet; return how many."""
    sealed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT accounts_seal_record(%s, %s)", [lookback, AT_ONCE])
            latest = cursor.fetchone()[0]
        sealed += latest
        if latest < AT_ONCE:
            return sealed


def head() -> str:
    """Return the digest of the latest seal; "" while there is none."""
    latest = AuditSeal.objects.order_by("-number").values_list("sha256", flat=True).first()
    return latest or ""


class Link(NamedTuple):
    """A seal as the database has it, with the text of its event."""

    number: int
    event: int
    event_sha256: str
    sha256: str
    sealed_at: datetime
    sealed_at_text: str
    is_there: bool
    text: str


@dataclass
class ChainCheck:
    """Reads the chain from its first seal to its head."""

    sealed: int = 0
    head: str = ""
    # The greatest ids that were sealed, growing, and when.
    _ids: list[int] = field(default_factory=list)
    _times: list[datetime] = field(default_factory=list)
    # Runs of ended events, growing: first, last, and the event that names them.
    _ended: list[tuple[int, int, int]] = field(default_factory=list)
    # Events that name ended ones and are still to come -> one of these.
    _to_come: dict[int, int] = field(default_factory=dict)

    def problems(self, *, known_heads: Sequence[str] = ()) -> Iterator[str]:
        """Yield a line for each event that was changed, removed, moved or put in afterwards.

        First, what is not sealed yet is sealed. `known_heads` stood outside the database: each
        must be in the chain.
        """
        waiting = _unsealed()
        seal(lookback=EVERYTHING)
        for event in sorted(waiting & _unsealed()):
            yield f"record {event}: it cannot be sealed"
        self._ended = _ended_events()
        found: set[str] = set()
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(LINKS)
            for row in cursor:
                link = Link(*row)
                found.update({link.sha256} & set(known_heads))
                yield from self._problems_of(link)
        for event in self._to_come.values():
            yield f"record {event}: it is gone, and what ended it is not sealed after it"
        for known in known_heads:
            if known not in found:
                yield f"record: the head {known} is not in the chain: it was rewritten since"

    def _problems_of(self, link: Link) -> Iterator[str]:
        expected = self.sealed + 1
        text = (self.head, link.number, link.event, link.sealed_at_text, link.event_sha256)
        if link.number != expected:
            missing = (
                f"seal {expected}" if link.number == expected + 1 else f"seals from {expected}"
            )
            yield f"record: {missing} before seal {link.number}: gone"
        elif link.sha256 != _digest(*text):
            yield f"record {link.event}: its seal {link.number} does not follow from the one before"
        self._to_come.pop(link.event, None)
        if not link.is_there:
            ended_by = self._ended_by(link.event)
            if ended_by is None:
                yield f"record {link.event}: it is gone"
            else:
                self._to_come.setdefault(ended_by, link.event)
        elif link.event_sha256 != _digest(link.text):
            yield f"record {link.event}: it was changed after it was sealed"
        if self._is_late(link.event, link.sealed_at):
            yield f"record {link.event}: it was put in afterwards"
        self.sealed, self.head = link.number, link.sha256

    def _ended_by(self, event: int) -> int | None:
        """Return the event that names this one among those that ended, None if there is none."""
        place = bisect_right(self._ended, (event, EVERYTHING, EVERYTHING)) - 1
        if place < 0 or self._ended[place][1] < event:
            return None
        return self._ended[place][2]

    def _is_late(self, event: int, sealed_at: datetime) -> bool:
        if not self._ids or event > self._ids[-1]:
            if self._times and self._times[-1] == sealed_at:
                self._ids[-1] = event
            else:
                self._ids.append(event)
                self._times.append(sealed_at)
            return False
        first_after = self._times[bisect_right(self._ids, event)]
        return sealed_at - first_after > LONGEST_TRANSACTION


def _ended_events() -> list[tuple[int, int, int]]:
    endings = AuditEvent.objects.filter(action=AuditAction.RECORD_ENDED)
    return sorted(
        (first, last, ending)
        for ending, runs in endings.values_list("pk", "detail__events")
        for first, last in runs
    )


def _digest(*lines: Any) -> str:
    return hashlib.sha256("\n".join(map(str, lines)).encode()).hexdigest()


def _unsealed() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED)
        return {event for (event,) in cursor.fetchall()}
