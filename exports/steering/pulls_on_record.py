"""What programs fetched, as one line for each token and day: a thousand pulls stay readable.

The record in the admin has each pull.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, IntegerField, Max, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, TruncDate

from accounts.models import AuditEvent, User
from accounts.states import AuditAction
from exports.consent import Scope
from exports.permissions import may_export_confidential
from exports.recording import THROUGH_API
from exports.steering.on_record import number_in_words, total_behind_remainders
from exports.steering.tokens import in_words
from submissions.calls.models import Call


@dataclass(frozen=True)
class PullsOfADay:
    """What one token fetched on one day of the call's time zone; `last_at` is the latest pull."""

    last_at: datetime
    who: str
    token: str
    reads: str
    pulls: int
    rows: str


def latest_pulls(call: Call, number: int, *, reader: User) -> Sequence[PullsOfADay]:
    """Return the latest `number` days of tokens, in a fixed number of queries.

    How many responses a token with confidential ones fetched is for who may have them.
    """
    detail = {
        name: KeyTextTransform(name, "detail")
        for name in ("token", "dataset", "includes_unnamed", "confidential")
    }
    days = (
        AuditEvent.objects.filter(
            call=call,
            action__in=[AuditAction.EXPORTED, AuditAction.EXPORT_BROKEN],
            detail__through=THROUGH_API,
        )
        .order_by()
        .annotate(**detail, day=TruncDate("at", tzinfo=ZoneInfo(call.timezone)))
        .values("actor__username", "day", *detail)
        .annotate(
            pulls=Count("pk"),
            rows=Sum(Cast(KeyTextTransform("rows", "detail"), IntegerField())),
            last_at=Max("at"),
        )
        .order_by("-last_at")
    )
    total = total_behind_remainders(call)
    sees_all = may_export_confidential(reader, call)
    return [_in_words(day, call, total, sees_all=sees_all) for day in days[:number]]


def _in_words(day: dict[str, Any], call: Call, total: int, *, sees_all: bool) -> PullsOfADay:
    scope = Scope(
        named=day["dataset"] == "named",
        includes_unnamed=day["includes_unnamed"] == "true",
        confidential=day["confidential"] == "true",
    )
    is_bare = scope.confidential and not sees_all
    return PullsOfADay(
        last_at=day["last_at"],
        who=day["actor__username"],
        token=day["token"],
        reads=in_words(scope),
        pulls=day["pulls"],
        rows="" if is_bare else number_in_words(call, day["rows"], of=total),
    )
