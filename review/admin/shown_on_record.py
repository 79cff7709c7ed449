"""Of which responses a page showed words, on record."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from accounts.current_user import current_user
from accounts.record import record
from accounts.states import AuditAction
from core import clock
from submissions.calls.models import Call
from submissions.responses.models import Submission


def record_shown(
    request: HttpRequest,
    action: AuditAction,
    shown: Iterable[tuple[Call, Submission]],
    **detail: Any,
) -> None:
    """Write one event for each call; it names each response once, and none of the words."""
    by_call: dict[Call, list[str]] = defaultdict(list)
    for call, response in shown:
        by_call[call].append(str(response))
    by, at = current_user(request), clock.portal_now()
    for call, references in by_call.items():
        names = list(dict.fromkeys(references))
        record(by=by, at=at, action=action, call=call, shown=names, **detail)
