"""Who changed something last, by the record."""

from typing import Any

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.admin.edit_conflicts import SOMEBODY
from submissions.calls.models import Call


def changed_last_by(call: Call, *actions: AuditAction, **detail: Any) -> str:
    """Return the name of who did one of these last: one to begin a sentence with.

    `detail` narrows the events of the call, such as `detail__code=code.pk`.
    """
    events = AuditEvent.objects.filter(call=call, action__in=actions, **detail)
    event = events.select_related("actor").order_by("-at", "-pk").first()
    return event.actor.get_username() if event and event.actor else SOMEBODY
