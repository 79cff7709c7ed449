"""The order in which programs read responses: by their latest change, and missing none.

A response has one row of `Change`. A trigger takes its number away in the transaction that changes
it. Here it gets the next one, under a lock of the call and only after that transaction committed:
rows that somebody still holds are skipped. So numbers appear in their order, and whoever has read
up to a number finds every later change above it, however long its transaction took.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from core.attempts import Attempts
from exports.changes_sql import changed_between_sql, noted_at_sql, number_sql
from exports.consent import Scope, parameters, withheld_sql
from submissions.calls.models import Call
from submissions.responses.states import ErasureScope, SubmissionState

logger = logging.getLogger(__name__)
NUMBERING_LOCK = 5_283_305  # the first half of the lock; the call is the other
READ_AT_ONCE = 500

_GIVE_NUMBERS = """
WITH due AS (
    SELECT submission_id FROM exports_change WHERE call_id = %(call)s AND number IS NULL
    ORDER BY submission_id FOR UPDATE SKIP LOCKED
), latest AS (SELECT max(noted_at) AS at FROM exports_change WHERE call_id = %(call)s)
, given AS (
    SELECT submission_id, nextval('exports_change_number') AS number,
        greatest(%(at)s, latest.at) AS noted_at FROM due, latest
)
UPDATE exports_change AS change
SET number = given.number, noted_at = given.noted_at,
    bare_number = coalesce(change.bare_number, given.number),
    bare_noted_at = coalesce(change.bare_noted_at, given.noted_at)
FROM given WHERE change.submission_id = given.submission_id
"""
# A row that waits for a number may have one as a bare row that nobody has read yet. That of the
# bare row is never the greater one. What comes after the last of `own` is on a later page.
_PAGE = """
WITH own AS MATERIALIZED (
    SELECT change.number {changes} AND change.number > %(after)s AND NOT is_withheld
    ORDER BY change.number LIMIT %(limit)s
), bare AS (
    SELECT change.bare_number AS number {changes} AND change.bare_number > %(after)s
        AND (change.bare_number < (SELECT max(number) FROM own)
            OR (SELECT count(*) FROM own) < %(limit)s)
        AND is_withheld
    ORDER BY change.bare_number LIMIT %(limit)s
), page AS (
    SELECT number FROM (SELECT number FROM own UNION ALL SELECT number FROM bare) AS changed
    ORDER BY number LIMIT %(limit)s
), latest AS MATERIALIZED (
    SELECT change.number {changes} AND change.number > %(after)s AND NOT is_withheld
    ORDER BY change.number DESC LIMIT 1
), latest_bare AS (
    SELECT max(change.bare_number) AS number {changes}
        AND change.bare_number > coalesce((SELECT number FROM latest), %(after)s) AND is_withheld
)
SELECT count(*), coalesce(max(number), %(after)s),
    greatest((SELECT number FROM latest), (SELECT number FROM latest_bare), 0),
    (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM exports_change_number)
FROM page
"""
# OFFSET 0 keeps the planner from reading the versions of all responses before it looks at numbers.
_CHANGES = """FROM exports_change AS change CROSS JOIN LATERAL (
    SELECT {withheld} AS is_withheld FROM submissions_submission AS submission
    LEFT JOIN submissions_version AS version ON version.id = submission.current_version_id
    WHERE submission.id = change.submission_id OFFSET 0
) AS version WHERE change.call_id = %(call)s"""
# A bare row whose response has another number since may be the latest that was noted before.
_BEFORE = """
SELECT greatest(
    max(number) FILTER (WHERE noted_at < %(since)s),
    max(bare_number) FILTER (WHERE bare_noted_at < %(since)s), 0)
FROM exports_change WHERE call_id = %(call)s
"""
_CHANGED = """
SELECT {number} AS number, {noted_at}, submission.reference, submission.state,
    submission.withdrawn_at, (
        SELECT max(erasure.erased_at) FROM submissions_erasurerequest AS erasure
        WHERE erasure.submission_id = submission.id AND erasure.scope = %(whole)s)
FROM exports_change AS change
JOIN submissions_submission AS submission ON submission.id = change.submission_id
LEFT JOIN submissions_version AS version ON version.id = submission.current_version_id
WHERE change.call_id = %(call)s AND {is_on_page}
ORDER BY 1
"""


@dataclass(frozen=True)
class Page:
    """The changes with `after < number <= upto`: how many they are, and the latest after them.

    `is_lost` says that the database has not given out the number `after`: it is an older copy.
    """

    after: int
    upto: int
    size: int
    latest: int
    is_lost: bool

    @property
    def has_more(self) -> bool:
        return self.latest > self.upto


@dataclass(frozen=True)
class Changed:
    """One response that was submitted once, with when its latest change was noted."""

    number: int
    noted_at: datetime
    reference: str
    state: str
    withdrawn_at: datetime | None
    erased_at: datetime | None

    @property
    def ended(self) -> tuple[str, datetime] | None:
        """How and when it ended; None for a response that counts."""
        if self.state == SubmissionState.WITHDRAWN:
            return self.state, self.withdrawn_at or self.noted_at
        if self.state == SubmissionState.ERASED:
            return self.state, self.erased_at or self.noted_at
        return None


def give_numbers(call: Call, *, at: datetime) -> None:
    """Number what changed and has committed; `at` is the portal's time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM exports_change WHERE call_id = %s AND number IS NULL)",
            [call.pk],
        )
        if not cursor.fetchone()[0]:
            return
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBERING_LOCK, call.pk])
        # In a statement of its own: it sees what the last holder of the lock committed.
        cursor.execute(_GIVE_NUMBERS, {"call": call.pk, "at": at})


def give_all_numbers(*, at: datetime) -> None:
    """Number the changes of every call in which something changed."""
    with Attempts(logger) as attempts:
        for call in Call.objects.filter(pk__in=_calls_with_unnumbered()):
            with attempts.at("call %s, numbers of changes", call.pk):
                give_numbers(call, at=at)


def _calls_with_unnumbered() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT call_id FROM exports_change WHERE number IS NULL")
        return [row[0] for row in cursor.fetchall()]


def page_of(call: Call, scope: Scope, *, after: int, limit: int) -> Page:
    values: dict[str, Any] = parameters(call, scope)
    values |= {"call": call.pk, "after": after, "limit": limit}
    with connection.cursor() as cursor:
        changes = _CHANGES.format(withheld=withheld_sql(call, scope))
        cursor.execute(_PAGE.format(changes=changes), values)
        size, upto, latest, given = cursor.fetchone()
    return Page(after=after, upto=upto, size=size, latest=latest, is_lost=after > given)


def number_before(call: Call, since: datetime) -> int:
    """Return after which number the changes begin that were noted at `since` or later."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"call": call.pk, "since": since})
        return int(cursor.fetchone()[0])


def changed_in(call: Call, scope: Scope, *, after: int, upto: int) -> Iterator[Changed]:
    """Yield the page's responses in order, by a server-side cursor; inside a transaction."""
    values: dict[str, Any] = parameters(call, scope)
    values |= {"call": call.pk, "after": after, "upto": upto, "whole": ErasureScope.RESPONSE.value}
    sql = _CHANGED.format(
        number=number_sql(call, scope),
        noted_at=noted_at_sql(call, scope),
        is_on_page=changed_between_sql(call, scope, "%(after)s", "%(upto)s"),
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(READ_AT_ONCE):
            for row in rows:
                yield Changed(*row)
