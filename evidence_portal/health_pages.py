"""/healthz/ and /readyz/, for supervisors and load balancers."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core import clock, heartbeats, schema
from core.broker import broker
from submissions.mail.mail_health import late_in_words, mail_health

OK = "ok"
UNKNOWN = "not known"


@require_safe
def lives(_request: HttpRequest) -> HttpResponse:
    """Answer `ok`, without asking any other part."""
    return _plain("ok\n")


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """List each part with `ok` or what is wrong with it: 200 if every part works, else 503.

    Mail that waits for longer than MAIL_STALE_MINUTES is a warning only: most often a mail server
    elsewhere is down, and taking the portal off the net would not send the mail. Heartbeats go by
    real time, the age of mails by the portal's clock, which dated them.
    """
    parts = _database_and_mail() | _broker_and_workers()
    healthy = all(line == OK or line.startswith("warning: ") for line in parts.values())
    text = "".join(f"{part}: {parts[part]}\n" for part in ORDER)
    return _plain(text, status=200 if healthy else 503)


ORDER = ("database", "schema", "broker", "worker", "beat", "mail")


def _database_and_mail() -> dict[str, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        refusal = schema.problem()
        # Another release's tables may have no such columns.
        late = "" if refusal else late_in_words(mail_health(at=clock.portal_now()))
    except DatabaseError:
        return {"database": "does not answer", "schema": UNKNOWN, "mail": UNKNOWN}
    mail = UNKNOWN if refusal else f"warning: {late}" if late else OK
    return {"database": OK, "schema": refusal or OK, "mail": mail}


def _broker_and_workers() -> dict[str, str]:
    silent = f"no sign of life for {heartbeats.ALIVE_FOR} seconds"
    try:
        with broker() as client:
            worker, beat = (
                heartbeats.is_a_worker_alive(client),
                heartbeats.is_beat_alive(client),
            )
    except (OSError, KombuError, RedisError):
        return {"broker": "does not answer", "worker": UNKNOWN, "beat": UNKNOWN}
    return {"broker": OK, "worker": OK if worker else silent, "beat": OK if beat else silent}


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
