"""/metrics/ for Prometheus: what web processes counted, and what the database and the disk say.

What stands in the database is counted there when it is asked for, so it is the same whichever
process answers. What only a web process knows is in files that all of them share
(PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py sets).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Count, Model
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from backups import reports
from core import clock, clock_check, disk_reserve, heartbeats, release
from core.broker import broker
from core.outages import StoreAway
from evidence_portal.monitoring import may_read_parts
from exports.models import ExportRun
from submissions.mail.mail_health import mail_health
from submissions.outbox.models import OutboxEmail
from submissions.responses.models import Attachment, Submission

NOT_SCANNED = "not_scanned"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer 403 to strangers: how much a portal is used is nobody else's."""
    if not may_read_parts(request):
        raise PermissionDenied
    registry = CollectorRegistry()
    registry.register(Counted())
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
    body = generate_latest(registry) + generate_latest(counted)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


class Counted(Collector):
    """The state of the database, the broker and the disk at this moment.

    `portal_database_up` is 0 where the database does not answer; what it would know is then left
    out, never 0. So is the free space of a disk that does not answer.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        info = GaugeMetricFamily("portal_info", "The release that answers", labels=["version"])
        info.add_metric([release.VERSION], 1)
        yield info
        with suppress(OSError):
            free = disk_reserve.free_bytes()
            yield GaugeMetricFamily(
                "portal_disk_free_bytes", "Free where files are kept", value=free
            )
        yield GaugeMetricFamily(
            "portal_disk_reserve_bytes",
            "Below this, uploads and exports are refused",
            value=settings.DISK_RESERVE_MB * disk_reserve.MB,
        )
        yield from _signs_of_life()
        yield from _of_backups()
        try:
            known = list(_of_the_database())
        except DatabaseError:
            known = []
        yield GaugeMetricFamily(
            "portal_database_up", "Whether the database answers", value=float(bool(known))
        )
        yield from known


def _signs_of_life() -> Iterator[GaugeMetricFamily]:
    alive = {"broker": False, "worker": False, "beat": False}
    try:
        with broker() as client:
            alive = {
                "broker": True,
                "worker": heartbeats.is_a_worker_alive(client),
                "beat": heartbeats.is_beat_alive(client),
            }
    except (OSError, KombuError, RedisError):
        pass
    up = GaugeMetricFamily("portal_part_up", "Whether the part lives", labels=["part"])
    for part, lives in alive.items():
        up.add_metric([part], float(lives))
    yield up


def _of_backups() -> Iterator[GaugeMetricFamily]:
    """Yield the times of the last good ones, of those that the portal makes; 0 for none."""
    if not settings.BACKUP_RECIPIENTS:
        return
    yield GaugeMetricFamily(
        "portal_backup_stale_after_seconds",
        "After so long without a good backup, BACKUP_STALE_HOURS, the portal warns",
        value=settings.BACKUP_STALE_HOURS * 3600,
    )
    for kind in reports.Kind:
        try:
            known = reports.of(kind)
        except reports.NotWhole:
            known = None
        except StoreAway:
            return
        yield GaugeMetricFamily(
            f"portal_{kind}_last_good_timestamp_seconds",
            f"When the last good {kind} began, in seconds since 1970; 0 for none",
            value=known.last_good_at.timestamp() if known and known.last_good_at else 0,
        )
        yield GaugeMetricFamily(
            f"portal_{kind}_failed",
            f"Whether the last {kind} failed",
            value=float(known is not None and not known.is_good),
        )


def _of_the_database() -> Iterator[GaugeMetricFamily]:
    yield GaugeMetricFamily(
        "portal_clock_deviation_seconds",
        "How far this server's clock is ahead of the database's",
        value=clock_check.measure().total_seconds(),
    )
    responses = GaugeMetricFamily(
        "portal_responses", "Responses by call and state", labels=["call", "state"]
    )
    for slug, state, number in _grouped(Submission, "call__slug", "state"):
        responses.add_metric([slug, state], number)
    yield responses
    at = clock.portal_now()
    health = mail_health(at=at)
    mails = GaugeMetricFamily("portal_mails", "Mails by state", labels=["state"])
    for state, number in _grouped(OutboxEmail, "state"):
        mails.add_metric([state], number)
    yield mails
    yield GaugeMetricFamily(
        "portal_mails_late", "Mails that wait for longer than MAIL_STALE_MINUTES", value=health.late
    )
    oldest = health.oldest_waiting
    yield GaugeMetricFamily(
        "portal_mail_oldest_seconds",
        "How long the oldest waiting mail has waited",
        value=(at - oldest).total_seconds() if oldest else 0,
    )
    exports = GaugeMetricFamily("portal_exports", "Exports by state", labels=["state"])
    for state, number in _grouped(ExportRun, "state"):
        exports.add_metric([state], number)
    yield exports
    files = GaugeMetricFamily("portal_files", "Uploaded files by their scan", labels=["scan"])
    for state, number in _grouped(Attachment, "scan__state"):
        files.add_metric([state or NOT_SCANNED], number)
    yield files


def _grouped(model: type[Model], *fields: str) -> list[tuple[Any, ...]]:
    rows = model._default_manager.order_by(*fields).values_list(*fields)
    return list(rows.annotate(number=Count("pk")))
