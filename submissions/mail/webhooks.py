"""What the mail provider reports: bounces and complaints, read by django-anymail."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.module_loading import import_string

from core import clock
from core.mail_refusals import explain_return
from submissions.mail.bounces import note_bounce, note_complaint
from submissions.mail.providers import VIEWS

COMPLAINED = "complained"
CAME_BACK = frozenset({"bounced", "rejected", "failed"})


def urls() -> list[URLPattern]:
    """Return the address that the provider reports to; none without ANYMAIL_PROVIDER."""
    provider = settings.ANYMAIL_PROVIDER
    if not provider:
        return []
    return [path(f"anymail/{provider}/tracking/", reports_of(provider), name="mail_reports")]


def reports_of(provider: str) -> Callable[..., HttpResponse]:
    """Return anymail's view of the provider, which hands its events to the outbox."""
    reading = import_string(VIEWS[provider])
    view: Any = type("MailReports", (reading,), {"signal": _Outbox()})
    return view.as_view()


class _Outbox:
    """Stands where anymail has a Django signal: each event is dealt with before the answer.

    So an event that cannot be dealt with now is answered with a fault, and comes again.
    """

    def send(self, *, event: Any, **_told: Any) -> None:
        said = {
            "message_id": event.message_id or "",
            "recipient": event.recipient or "",
            "error": explain_return(
                event.event_type, event.reject_reason or "", event.mta_response or ""
            ),
        }
        if event.event_type == COMPLAINED:
            note_complaint(**said, at=clock.portal_now())
        elif event.event_type in CAME_BACK:
            note_bounce(**said)
