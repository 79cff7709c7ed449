"""Exports that a worker makes: enqueued, claimed, made, and deleted after their period.

    waiting -> running (claimed) -> done
                                 -> failed
                                 -> waiting (its worker died once)
    waiting or running -> cancelled

`recording` decides what an export contains and who may have it. This module only tracks the state
of each one.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.functions import Least

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.rights import is_administrator
from accounts.states import AuditAction
from core.attempts import Attempts
from core.claims import claim, claimed_row, claimed_until, renew
from core.errors import PortalError
from core.outages import StoreAway
from core.spoken_numbers import say_count
from core.stores import NotListed
from exports.consent import PSEUDONYMISED, Scope
from exports.models import FOLDER, ExportRun, export_path, private_storage
from exports.outdated import outdated
from exports.states import ExportState
from submissions.calls.models import Call
from submissions.calls.retention import export_ends_at
from submissions.responses.models import Submission

logger = logging.getLogger(__name__)
# The worker renews its claim about every second. Where its process was killed, the exports of
# others wait so long.
CLAIM_LASTS = timedelta(minutes=1)
ATTEMPTS = 2
# Whoever writes a file adds to it more often, even if their export was cancelled meanwhile.
STRAY_AFTER = timedelta(seconds=30)
# What somebody asked for, with the reason and the words that they searched for.
ROW_KEPT = timedelta(days=90)
UNFINISHED = (ExportState.WAITING, ExportState.RUNNING)


class StillThere(PortalError):
    """Files could not be deleted; the message is one line without data."""


def enqueue(
    *,
    call: Call,
    by: User,
    at: datetime,
    file_format: str,
    filters: dict[str, Any],
    rows_total: int,
    scope: Scope = PSEUDONYMISED,
    reason: str = "",
) -> ExportRun:
    """Put an export into the queue; `filters` is what `ExportFilter.filters` returns."""
    return ExportRun.objects.create(
        call=call,
        by=by,
        file_format=file_format,
        named=scope.named,
        includes_unnamed=scope.includes_unnamed,
        confidential=scope.confidential,
        reason=reason.strip(),
        filters=filters,
        rows_total=rows_total,
        asked_at=at,
    )


def may_take(run: ExportRun, *, by: User) -> bool:
    """Return whether the export is one that `by` may see: their own, an administrator anybody's."""
    return is_administrator(by) or run.by_id == by.pk


def claim_next(*, at: datetime, wall_now: datetime) -> ExportRun | None:
    """Claim the export that has waited longest; None if there is none or one is running.

    Where two workers claim at the same moment, the database allows one of them
    (`exports_exportrun_one_running`), and the other gets None.
    """
    running = ExportRun.objects.filter(state=ExportState.RUNNING)
    waiting = ExportRun.objects.filter(~Exists(running), state=ExportState.WAITING)
    try:
        with transaction.atomic():
            for run in claim(waiting.order_by("asked_at", "pk"), limit=1, wall_now=wall_now):
                run.started_at = at
                run.rows_done = 0
                run.save(update_fields=["started_at", "rows_done"])
                return run
    except IntegrityError:
        pass
    return None


def note_progress(run: ExportRun, *, rows: int, wall_now: datetime) -> bool:
    """Note how far the export is, and renew its claim; False if this worker has it no longer.

    Somebody cancelled it then, or another worker claimed it. `finish` notes more rows than were
    counted at first.
    """
    claimed_row(run).update(rows_done=Least(rows, F("rows_total")))
    return renew(run, wall_now=wall_now)


def finish(
    run: ExportRun,
    content: File,
    *,
    at: datetime,
    name: str,
    rows: int,
    sha256: str,
    lost_files: int = 0,
    file_is_kept: Callable[[], None] = lambda: None,
) -> bool:
    """Keep the file for the call's period from `at`; False, and no file, if the claim was lost.

    `at` is the moment at which the file was whole. Copying it may take minutes: whoever renews the
    claim meanwhile is told when `file_is_kept`, and renews it no more.
    """
    # The file first: no row ever promises one that is not there.
    run.file.save(name, content, save=False)
    file_is_kept()
    finished = claimed_row(run).update(
        state=ExportState.DONE,
        rows_done=rows,
        rows_total=rows,
        finished_at=at,
        expires_at=export_ends_at(run.call, made_at=at),
        file=run.file.name,
        file_name=name,
        size=run.file.size,
        sha256=sha256,
        lost_files=lost_files,
    )
    if not finished:
        run.file.delete(save=False)
    return bool(finished)


def fail(run: ExportRun, *, at: datetime, error: str) -> None:
    """Give the export up; `error` is one line for people. A cancelled one stays cancelled."""
    claimed_row(run).update(state=ExportState.FAILED, finished_at=at, error=error[:300])


def cancel(run: ExportRun, *, by: User, at: datetime) -> bool:
    """Stop an export that is not finished, and put that on record; False if it is finished.

    Its worker notices within seconds.
    """
    with transaction.atomic():
        unfinished = ExportRun.objects.filter(pk=run.pk, state__in=UNFINISHED)
        if not unfinished.update(state=ExportState.CANCELLED, finished_at=at):
            return False
        record(by=by, at=at, action=AuditAction.EXPORT_CANCELLED, call=run.call, **_which(run))
        return True


def note_download(run: ExportRun, *, by: User, at: datetime) -> None:
    record(
        by=by,
        at=at,
        action=AuditAction.EXPORT_DOWNLOADED,
        call=run.call,
        rows=run.rows_done,
        sha256=run.sha256,
        **_which(run),
    )


def release_stuck(*, at: datetime, wall_now: datetime) -> int:
    """Put exports whose worker died back into the queue; fail one that ended its worker twice."""
    released = 0
    for run in claimed_until(ExportRun.objects.all(), wall_now - CLAIM_LASTS):
        if run.attempts >= ATTEMPTS:
            fail(run, at=at, error="The worker that made it stopped twice. Choose less at once.")
        else:
            claimed_row(run).update(state=ExportState.WAITING)
        released += 1
    return released


def kept(call: Call) -> QuerySet[ExportRun]:
    """Return the exports of a call whose files are kept."""
    return ExportRun.objects.filter(call=call).exclude(file="").order_by("pk")


def ended(call: Call, *, at: datetime, asked_before: datetime | None = None) -> QuerySet[ExportRun]:
    """Return those of them whose period is over, or that were asked for before a moment.

    What such an export is a copy of has ended then.
    """
    over = Q(expires_at__lte=at)
    if asked_before is not None:
        over |= Q(asked_at__lt=asked_before)
    return kept(call).filter(over)


def end_files(runs: QuerySet[ExportRun], *, limit: int) -> int:
    """Delete the files of up to `limit` exports, in the caller's transaction; return how many.

    What was exported stays on record. A file that cannot be deleted counts for nothing: it is left
    for the next time, and `not_deleted_in_words` tells of it. Raises StoreAway where the store is
    away from the first file on.
    """
    ended = 0
    for key in list(runs.values_list("pk", flat=True)):
        if ended == limit:
            break
        locked = ExportRun.objects.select_for_update(skip_locked=True)
        run = locked.filter(pk=key).exclude(file="").first()
        if run is None:
            continue
        try:
            ended += _delete_file(run)
        except StoreAway as error:
            if not ended:
                raise
            logger.error("%s: its file stays, %s: %s", run, error.host, error)
            break
    return ended


def _delete_file(run: ExportRun) -> bool:
    """Return whether the file is gone; note in the run's row why it is not. Raises StoreAway."""
    # The file first: a worker that dies here leaves a row that the next run finds.
    try:
        run.file.delete(save=False)
        run.error = ""
    except OSError as error:
        why = error.strerror or type(error).__name__
        if run.error != why:
            logger.exception("%s: its file stays", run)
        run.error = why
    run.save(update_fields=["file", "error"])
    return not run.file


def delete_old(*, at: datetime) -> int:
    """Delete the rows of exports that have no file any more, ROW_KEPT after somebody asked.

    What was exported stays on record. Returns how many.
    """
    old = ExportRun.objects.filter(file="", asked_at__lt=at - ROW_KEPT)
    return old.exclude(state__in=UNFINISHED).delete()[0]


def not_deleted_in_words() -> str:
    """Say how many files of ended exports could not be deleted, which and why; "" for none."""
    left = ExportRun.objects.filter(state=ExportState.DONE).exclude(file="").exclude(error="")
    first = left.order_by("pk").first()
    if first is None:
        return ""
    count = left.count()
    files = "1 file of an export" if count == 1 else f"{count:,} files of exports"
    which = "" if count == 1 else "the first is "
    return f"{files} should be gone and cannot be deleted ({which}{first.file.name}: {first.error})"


def end_those_with(submission: Submission, *, only_named: bool) -> int:
    """Delete each kept file that may hold the response, and have running exports begin anew.

    `only_named`: those that say who answered. For after an erasure was committed: whatever is
    read from then on is without it. Raises StoreAway, and StillThere after the others where one
    cannot be deleted.
    """
    runs = ExportRun.objects.filter(call=submission.call_id)
    if only_named:
        runs = runs.filter(named=True)
    runs.filter(state=ExportState.RUNNING).update(state=ExportState.WAITING)
    ended, left = 0, []
    for run in runs.filter(state=ExportState.DONE).exclude(file=""):
        if (
            submission.submitted_at
            and run.finished_at
            and run.finished_at < submission.submitted_at
        ):
            continue
        if _delete_file(run):
            ended += 1
        else:
            left.append(run)
    if left:
        raise StillThere(f"{say_count(len(left), 'file')} of exports, such as of {left[0]}")
    return ended


def purge_strays(*, wall_now: datetime) -> int:
    """Delete files that no export has: their worker died between the file and its row.

    The file of an export that is being made has no row yet, and stays. Returns how many. Raises
    StoreAway, and SomeFailed after the others where one cannot be deleted.
    """
    storage = private_storage()
    old = [path for path in _strays() if storage.get_modified_time(path) < wall_now - STRAY_AFTER]
    deleted = 0
    with Attempts(logger) as attempts:
        for path in sorted(old):
            if attempts.store_is_away:
                break
            with attempts.at("%s, which no export has", path):
                storage.delete(path)
                deleted += 1
    return deleted


def purge_strays_of(run: ExportRun) -> None:
    """Delete what the worker of an export that failed has written of its file, at once."""
    for path in _strays():
        if path.startswith(export_path(run, "")):
            private_storage().delete(path)


def _strays() -> set[str]:
    """Return the paths that no export has; none of a running one, which may be writing them."""
    try:
        names = private_storage().listdir(FOLDER)[1]
    except (FileNotFoundError, NotListed):
        return set()
    paths = {f"{FOLDER}/{name}" for name in names}
    # One query: an export that finishes is in it as running, or with its file.
    known = list(ExportRun.objects.filter(Q(state=ExportState.RUNNING) | Q(file__in=paths)))
    running = tuple(export_path(run, "") for run in known if run.state == ExportState.RUNNING)
    had = {str(run.file.name) for run in known}
    return {path for path in paths - had if not path.startswith(running)}


def runs_of(call: Call, *, by: User) -> QuerySet[ExportRun]:
    """Return the exports of a call that somebody may see, the latest first."""
    runs = ExportRun.objects.filter(call=call).select_related("by")
    return runs if is_administrator(by) else runs.filter(by=by)


def is_kept(run: ExportRun, *, at: datetime) -> bool:
    """Return whether the export has a file that people can download."""
    return is_in_time(run, at=at) and not outdated().filter(pk=run.pk).exists()


def is_in_time(run: ExportRun, *, at: datetime) -> bool:
    """Return whether the export has a file whose time is not over; it may be outdated by now."""
    if run.state != ExportState.DONE or not run.file or run.expires_at is None:
        return False
    return at < run.expires_at


def end_outdated(*, limit: int) -> int:
    """Delete up to `limit` of the outdated files; what was exported stays on record."""
    with transaction.atomic():
        return end_files(outdated().exclude(file="").order_by("pk"), limit=limit)


def scope_of(run: ExportRun) -> Scope:
    return Scope(
        named=run.named,
        includes_unnamed=run.includes_unnamed,
        confidential=run.confidential,
    )


def left_out(run: ExportRun) -> dict[str, str]:
    """Return which files an export of several is without, each with why: its record says so."""
    if run.state != ExportState.DONE:
        return {}
    made = AuditEvent.objects.filter(
        call=run.call_id,
        action=AuditAction.EXPORTED,
        at=run.asked_at,
        detail__contains={"export": str(run.public_id)},
    ).first()
    return made.detail.get("left_out", {}) if made else {}


def _which(run: ExportRun) -> dict[str, Any]:
    return {
        "export": str(run.public_id),
        "format": run.file_format,
        **scope_of(run).in_words(),
    }
