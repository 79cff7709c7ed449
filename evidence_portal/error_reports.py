"""Faults, told to a tracker of Sentry's kind, stripped to what the log has.

An event is made anew of what is known to hold no data: the types of the exceptions, the lines of
code, the page's name and the request's number. Whatever the library collects beside that, or will
in a later version, is left out: requests, cookies, variables, breadcrumbs, machines.
"""

from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.utils import Dsn

from core import redacting_logs, release, request_ids

OF_EVENT = ("event_id", "timestamp", "level", "platform", "release", "environment", "transaction")
OF_FRAME = ("filename", "module", "function", "lineno", "context_line")


def start(dsn: str, *, environment: str, transport: type[Transport] | None = None) -> None:
    """Report unhandled exceptions of pages and tasks from now on.

    Raises ImproperlyConfigured for what is no DSN.
    """
    try:
        Dsn(dsn)
    except ValueError:
        raise ImproperlyConfigured(
            "SENTRY_DSN must look like https://key@sentry.example.org/1, as the tracker shows it."
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release.VERSION,
        transport=transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False),
            CeleryIntegration(),
        ],
        before_send=strip,
        before_send_transaction=lambda _event, _hint: None,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
    )


def strip(event: Any, hint: dict[str, Any]) -> Any:
    """Return a new event with what may leave the machine; None without an exception."""
    raised = hint.get("exc_info")
    if not raised:
        return None
    kept = {name: event[name] for name in OF_EVENT if name in event}
    values = event.get("exception", {}).get("values", [])
    kept["exception"] = {"values": [_without_data(value) for value in values]}
    kept["message"] = redacting_logs.describe(raised[1])
    kept["tags"] = {"request": request_ids.current()}
    return kept


def _without_data(value: dict[str, Any]) -> dict[str, Any]:
    """Leave out `value`, the message: it may quote an answer."""
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "stacktrace": {
            "frames": [{name: one[name] for name in OF_FRAME if name in one} for one in frames]
        },
    }
