"""/healthz/ and /readyz/, for supervisors and load balancers."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from backups import reports
from core import can_write, clock, clock_check, database_roles, heartbeats, schema
from core.broker import broker
from core.outages import refusal_of
from evidence_portal import broker_refusals
from evidence_portal.monitoring import may_read_parts
from retention import not_deleted
from submissions.mail.mail_health import late_in_words, mail_health
from submissions.outbox import holding
from submissions.responses.evidence_checks.weekly_check import (
    in_words,
    last_check,
    overdue_in_words,
)
from submissions.responses.scanning import scans_in_words

OK = "ok"
UNKNOWN = "not known"
NOT_CHECKED = "not checked yet"
READY = "ready"
NOT_READY = "not ready"
# The parts without which nobody can submit.
NEEDED = frozenset({"database", "schema", "clock", "uploads"})
ORDER = (
    *("database", "schema", "clock", "uploads"),
    *("broker", "worker", "beat", "mail", "evidence", "record", "files", "backups"),
)


@require_safe
def lives(_request: HttpRequest) -> HttpResponse:
    """Answer `ok`, without asking any other part."""
    return _plain("ok\n")


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 while evidence can be taken, else 503; list the parts to who may read them.

    Needed are a database that takes what is written, with the schema of this release, a clock at
    most 30 seconds from the database's, and a disk that takes uploads. Whatever else fails, or
    warns, is a warning: taking the portal off the net would neither send the mail nor start the
    worker.

    Strangers get one word. A line for each part is for the machine itself, and for who sends
    MONITORING_TOKEN as `Authorization: Bearer`. Heartbeats go by real time, the age of mails by
    the portal's clock, which dated them. `record` warns of a database role that could alter it.
    `files` warns of files that wait for a virus scanner, and of what should be gone and is still
    there; it is there if a scanner is set up, or to warn. `backups` is there if the portal makes
    some, and warns of an old one or one that failed.
    """
    clocks: dict[str, timedelta] = {}
    parts = _database_and_mail(clocks) | {"uploads": can_write.files_in_words() or OK}
    parts |= _broker_and_workers(clocks)
    if "this server" in clocks:
        parts["clock"] = _say_clocks(clocks)
    is_ready = all(parts[part] == OK or _is_warning(parts[part]) for part in NEEDED)
    text = f"{READY if is_ready else NOT_READY}\n"
    if may_read_parts(request):
        text += "".join(f"{part}: {_say(part, parts[part])}\n" for part in ORDER if part in parts)
    return _plain(text, status=200 if is_ready else 503)


def _is_warning(line: str) -> bool:
    return line.startswith("warning: ")


def _say(part: str, line: str) -> str:
    is_fine = line in {OK, NOT_CHECKED, UNKNOWN} or _is_warning(line)
    return line if part in NEEDED or is_fine else f"warning: {line}"


def _say_clocks(clocks: Mapping[str, timedelta]) -> str:
    off = [said for whose in clocks if (said := clock_check.in_words(clocks[whose], whose=whose))]
    # By a wrong clock of a worker, mails are late; by this one's, nobody can submit.
    wrong = abs(clocks["this server"]) > clock_check.REFUSES_OVER
    return f"{'' if wrong else 'warning: '}{'; '.join(off)}" if off else OK


def _database_and_mail(clocks: dict[str, timedelta]) -> dict[str, str]:
    """Return how these parts are; note in `clocks` how far this process's clock is off."""
    try:
        clocks["this server"] = clock_check.measure()
        refusal = schema.problem()
        # Another release's tables may have no such columns.
        late = "" if refusal else _say_mail()
        evidence = UNKNOWN if refusal else _say_evidence()
        alterable = database_roles.problem()
        unwritable = "" if refusal else can_write.database_in_words()
    except DatabaseError as error:
        unknown = dict.fromkeys(("schema", "clock", "mail", "evidence", "record"), UNKNOWN)
        refusal = refusal_of(error)
        away = f"refuses the portal ({refusal})" if refusal else "does not answer"
        return {"database": away} | unknown
    mail = UNKNOWN if refusal else f"warning: {late}" if late else OK
    parts = {
        "database": unwritable or OK,
        "schema": refusal or OK,
        "mail": mail,
        "evidence": evidence,
    }
    parts["record"] = f"warning: {alterable}" if alterable else OK
    said = [] if refusal else [*filter(None, _say_files())]
    if said or (settings.CLAMD_URL and not refusal):
        parts["files"] = f"warning: {'; '.join(said)}" if said else OK
    if settings.BACKUP_RECIPIENTS:
        said = reports.problems_in_words(wall_now=clock.wall_now())
        parts["backups"] = f"warning: {'; '.join(said)}" if said else OK
    return parts


def _say_files() -> tuple[str, str]:
    return scans_in_words(), not_deleted.in_words(at=clock.portal_now())


def _say_mail() -> str:
    held = holding.held_in_words()
    said = [f"{held}: {holding.RELEASE}"] if held else []
    late = late_in_words(mail_health(at=clock.portal_now()))
    return "; ".join([*said, late] if late else said)


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
    except (OSError, KombuError, RedisError) as error:
        return {"broker": broker_refusals.in_words(error), "worker": UNKNOWN, "beat": UNKNOWN}
    return {"broker": OK, "worker": OK if worker else silent, "beat": OK if beat else silent}


def _plain(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
