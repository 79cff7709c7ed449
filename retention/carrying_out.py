"""Ending what has passed its period: small batches, each with its event, each in a transaction.

A worker that dies leaves whole batches, and the next run goes on after the last one. A second run
at the same moment finds nothing.
"""

import logging
from collections import Counter
from datetime import datetime

from django.db import transaction

from accounts.record import record
from accounts.states import AuditAction
from core import database_roles
from core.attempts import Attempts
from retention.confirming import confirmed_classes
from retention.endings import ENDINGS, Ending
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, has_ended

logger = logging.getLogger(__name__)


def carry_out(*, at: datetime, only: DataClass | None = None) -> Counter[str]:
    """End what has passed its period at `at` in each call, or one class; return how many of what.

    Nothing of an open call ends but copies, which can be made again. What only the owner of the
    tables may delete is left where this connection's role is another. Where something of one call
    cannot end, all else does; then raises SomeFailed, unless it is the store of files that is away:
    that one is asked once, and the next run ends what has files.
    """
    total: Counter[str] = Counter()
    is_owner = database_roles.owns_tables()
    endings = [
        ending
        for ending in ENDINGS
        if (is_owner or not ending.needs_owner) and only in (None, ending.data_class)
    ]
    with Attempts(logger) as attempts:
        for call in Call.objects.order_by("pk"):
            for ending in endings:
                if attempts.store_is_away and ending.has_files(call):
                    continue
                with attempts.at("call %s, %s", call.pk, ending.what):
                    _carry_out(call, ending, at, total)
    return total


def _carry_out(call: Call, ending: Ending, at: datetime, total: Counter[str]) -> None:
    while _may_end(call, ending, at) and ending.due(call, at=at):
        ended = _end_batch(call.pk, ending, at)
        if not ended:
            break
        total += ended


def _end_batch(call_id: int, ending: Ending, at: datetime) -> Counter[str]:
    """End one batch with the call's row locked.

    So nobody extends it, or gives or takes up a late pass, before the batch has ended.
    """
    with transaction.atomic():
        calls = (
            Call.objects.all() if ending.is_copy else Call.objects.select_for_update(no_key=True)
        )
        call = calls.get(pk=call_id)
        if not _may_end(call, ending, at):
            return Counter()
        ended = ending.end_some(call, at=at, limit=ending.batch)
        if ended:
            record(
                by=None,
                at=at,
                action=AuditAction.DATA_ENDED,
                call=call,
                data_class=ending.data_class.value,
                rule=ending.rule(call),
                ended=dict(ended),
            )
    logger.info("call %s, %s: ended %s", call_id, ending.data_class, dict(ended))
    return ended


def _may_end(call: Call, ending: Ending, at: datetime) -> bool:
    if ending.is_copy:
        return True
    return has_ended(call, ending.data_class, at=at) and ending.data_class in confirmed_classes(
        call
    )
