"""/healthz/ and /readyz/, for supervisors and load balancers."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core import clock, clock_check, database_roles, heartbeats, schema
from core.broker import broker
from submissions.mail.mail_health import late_in_words, mail_health
from submissions.responses.evidence_checks.checking import (
    in_words,
    last_check,
    overdue_in_words,
)
from submissions.responses.scanning import scans_in_words

OK = "ok"
UNKNOWN = "not known"
NOT_CHECKED = "not checked yet"


@require_safe
def lives(_request: HttpRequest) -> HttpResponse:
    """Answer `ok`, without asking any other part."""
    return _plain("ok\n")


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """List each part with `ok` or what is wrong with it: 200 if every part works, else 503.

    Mail that waits for longer than MAIL_STALE_MINUTES is a warning only: most often a mail server
    elsewhere is down, and taking the portal off the net would not send the mail. Heartbeats go by
    real time, the age of mails by the portal's clock, which dated them. `clock` warns of a clock
    over 2 seconds from the database's, and fails over 30. `record` warns of a database role that
    could alter it. `files` is there if a virus scanner is set up, and warns of files that wait for
    it.
    """
    clocks: dict[str, timedelta] = {}
    parts = _database_and_mail(clocks) | _broker_and_workers(clocks)
    if parts["database"] == OK:
        parts["clock"] = _say_clocks(clocks)
    healthy = all(
        line in {OK, NOT_CHECKED} or line.startswith("warning: ") for line in parts.values()
    )
    text = "".join(f"{part}: {parts[part]}\n" for part in ORDER if part in parts)
    return _plain(text, status=200 if healthy else 503)


ORDER = (
    "database",
    "schema",
    "clock",
    "broker",
    "worker",
    "beat",
    "mail",
    "evidence",
    "record",
    "files",
)


def _say_clocks(clocks: Mapping[str, timedelta]) -> str:
    off = [said for whose in clocks if (said := clock_check.in_words(clocks[whose], whose=whose))]
    wrong = any(abs(deviation) > clock_check.REFUSES_OVER for deviation in clocks.values())
    return f"{'' if wrong else 'warning: '}{'; '.join(off)}" if off else OK


def _database_and_mail(clocks: dict[str, timedelta]) -> dict[str, str]:
    """Return how these parts are; note in `clocks` how far this process's clock is off."""
    try:
        clocks["this server"] = clock_check.measure()
        refusal = schema.problem()
        # Another release's tables may have no such columns.
        late = "" if refusal else late_in_words(mail_health(at=clock.portal_now()))
        evidence = UNKNOWN if refusal else _say_evidence()
        alterable = database_roles.problem()
    except DatabaseError:
        unknown = dict.fromkeys(("schema", "clock", "mail", "evidence", "record"), UNKNOWN)
        return {"database": "does not answer"} | unknown
    mail = UNKNOWN if refusal else f"warning: {late}" if late else OK
    parts = {"database": OK, "schema": refusal or OK, "mail": mail, "evidence": evidence}
    parts["record"] = f"warning: {alterable}" if alterable else OK
    if settings.CLAMD_URL and not refusal:
        waiting = scans_in_words()
        parts["files"] = f"warning: {waiting}" if waiting else OK
    return parts


def _say_evidence() -> str:
    """Say what the last check found, and if it is long ago.

    Damage is a warning: what is there can still be added to.
    """
    check = last_check()
    if check is None:
        return NOT_CHECKED
    said = [in_words(check)] if check.problems else []
    late = overdue_in_words(check, wall_now=clock.wall_now())
    said += [late] if late else []
    return f"warning: {'; '.join(said)}" if said else OK


def _broker_and_workers(clocks: dict[str, timedelta]) -> dict[str, str]:
    silent = f"no sign of life for {heartbeats.ALIVE_FOR} seconds"
    try:
        with broker() as client:
            worker, beat = (
                heartbeats.is_a_worker_alive(client),
                heartbeats.is_beat_alive(client),
            )
            clocks.update(clock_check.reports(client))
    except (OSError, KombuError, RedisError):
        return {"broker": "does not answer", "worker": UNKNOWN, "beat": UNKNOWN}
    return {"broker": OK, "worker": OK if worker else silent, "beat": OK if beat else silent}


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
