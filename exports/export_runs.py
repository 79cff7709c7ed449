"""Exports that a worker makes: asked for, claimed, made, kept for a week, and deleted.

One is made at a time, so that mail never waits for exports. What an export holds, and who may
have it, is decided where exports are written; here is only how far each one is.

Signs of life are by real time (`real`): to move a rehearsal's clock ends no worker.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.files.base import File
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Least

from accounts.record import record
from accounts.states import AuditAction
from exports.models import ExportRun
from exports.states import ExportState
from submissions.calls.models import Call

KEPT = timedelta(days=7)
# A worker that makes an export says so every second or so; one silent for this long has ended.
SILENT = timedelta(minutes=2)
ATTEMPTS = 2
UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)


def ask(
    *,
    call: Call,
    by: AbstractUser,
    at: datetime,
    file_format: str,
    filters: dict[str, Any],
    rows_total: int,
    named: bool = False,
    reason: str = "",
) -> ExportRun:
    """Put an export in the queue; `filters` is `ExportFilter.filters()`."""
    return ExportRun.objects.create(
        call=call,
        by=by,
        file_format=file_format,
        named=named,
        reason=reason.strip(),
        filters=filters,
        rows_total=rows_total,
        asked_at=at,
    )


def may_take(run: ExportRun, by: AbstractUser) -> bool:
    """Whether somebody may see and download the export: their own, a superuser anybody's."""
    return by.is_superuser or run.by_id == by.pk


def claim_next(*, at: datetime, wall_now: datetime) -> ExportRun | None:
    """Claim the export that has waited longest; None if there is none or one is being made."""
    with transaction.atomic():
        # All unfinished rows are locked, so that two workers cannot each claim one.
        unfinished = list(
            ExportRun.objects.select_for_update()
            .filter(state__in=UNFINISHED)
            .order_by("asked_at", "pk")
        )
        if not unfinished or any(run.state == ExportState.RUNNING for run in unfinished):
            return None
        run = unfinished[0]
        run.state = ExportState.RUNNING
        run.started_at = at
        run.rows_done = 0
        run.options |= {
            "attempts": run.options.get("attempts", 0) + 1,
            "alive_at": wall_now.isoformat(),
        }
        run.save()
        return run


def go_on(run: ExportRun, *, rows: int, wall_now: datetime) -> bool:
    """Note how far the export is; False if it was cancelled or taken from this worker.

    More rows than were counted at first are noted when it is finished.
    """
    options = run.options | {"alive_at": wall_now.isoformat()}
    mine = ExportRun.objects.filter(
        pk=run.pk, state=ExportState.RUNNING, options__attempts=run.options["attempts"]
    )
    return bool(mine.update(rows_done=Least(rows, F("rows_total")), options=options))


def finish(
    run: ExportRun, content: File, *, at: datetime, name: str, rows: int, sha256: str
) -> bool:
    """Keep the file until a week after `at`; False, and no file, if the run was cancelled.

    `at` is the moment at which the file was whole.
    """
    # The file first: no row ever promises one that is not there.
    run.file.save(name, content, save=False)
    with transaction.atomic():
        locked = ExportRun.objects.select_for_update().get(pk=run.pk)
        if locked.state == ExportState.RUNNING:
            run.state = ExportState.DONE
            run.rows_done = run.rows_total = rows
            run.finished_at = at
            run.expires_at = at + KEPT
            run.file_name = name
            run.size = run.file.size
            run.sha256 = sha256
            run.save()
            return True
    run.file.delete(save=False)
    return False


def fail(run: ExportRun, *, at: datetime, error: str) -> None:
    """Give the export up; `error` is one line for people. A cancelled one stays cancelled."""
    ExportRun.objects.filter(pk=run.pk, state=ExportState.RUNNING).update(
        state=ExportState.FAILED, finished_at=at, error=error[:300]
    )


def cancel(run: ExportRun, *, by: AbstractUser, at: datetime) -> bool:
    """Stop an export that is not finished, and put that on record; False if it is finished.

    Its worker notices within seconds.
    """
    with transaction.atomic():
        locked = ExportRun.objects.select_for_update().get(pk=run.pk)
        if locked.state not in UNFINISHED:
            return False
        locked.state = ExportState.CANCELLED
        locked.finished_at = at
        locked.save(update_fields=["state", "finished_at"])
        record(by=by, at=at, action=AuditAction.EXPORT_CANCELLED, call=run.call, **_which(run))
        return True


def note_download(run: ExportRun, *, by: AbstractUser, at: datetime) -> None:
    record(
        by=by,
        at=at,
        action=AuditAction.EXPORT_DOWNLOADED,
        call=run.call,
        rows=run.rows_done,
        sha256=run.sha256,
        **_which(run),
    )


def release_silent(*, at: datetime, wall_now: datetime) -> int:
    """Put exports whose worker has ended back into the queue; fail one that ended it twice."""
    released = 0
    for run in ExportRun.objects.filter(state=ExportState.RUNNING):
        if wall_now - datetime.fromisoformat(run.options["alive_at"]) < SILENT:
            continue
        if run.options["attempts"] >= ATTEMPTS:
            fail(run, at=at, error="The worker that made it stopped twice. Choose less at once.")
        else:
            ExportRun.objects.filter(pk=run.pk, state=ExportState.RUNNING).update(
                state=ExportState.WAITING
            )
        released += 1
    return released


def purge(*, at: datetime) -> int:
    """Delete the files that have been kept for their time; what was exported stays on record."""
    deleted = 0
    for run in ExportRun.objects.filter(expires_at__lte=at).exclude(file=""):
        run.file.delete(save=False)
        run.save(update_fields=["file"])
        deleted += 1
    return deleted


def runs_of(call: Call, by: AbstractUser) -> QuerySet[ExportRun]:
    """Return the exports of a call that somebody may see, the latest first."""
    runs = ExportRun.objects.filter(call=call).select_related("by")
    return runs if by.is_superuser else runs.filter(by=by)


def is_kept(run: ExportRun, *, at: datetime) -> bool:
    return bool(run.state == ExportState.DONE and run.file and at < run.expires_at)


def _which(run: ExportRun) -> dict[str, Any]:
    return {
        "export": str(run.public_id),
        "format": run.file_format,
        "dataset": "named" if run.named else "pseudonymised",
    }
