"""Makes the file of an export that was asked for, in a worker, with its progress on view.

The export reads one moment of the database, so its progress is written by a thread with a
connection of its own; the same thread notices that it was cancelled.
"""

import hashlib
import logging
import tempfile
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from typing import Self

from django.core.files.base import File
from django.db import DatabaseError, connections

from exports import export_runs
from exports.export_context import Cancelled, UnsupportedByFormat
from exports.filters import ExportFilter, FilterRefused
from exports.formats import FORMATS, file_name
from exports.models import ExportRun
from exports.queries import call_of
from exports.recording import ExportRefused, export_chunks
from exports.types import Dataset

logger = logging.getLogger(__name__)
EVERY = 0.7  # seconds between two signs of life


def make_next(*, now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> ExportRun | None:
    """Make the export that has waited longest, if none is being made; None if there is none.

    `real_now` is the clock of its signs of life.
    """
    run = export_runs.claim_next(at=now(), wall_now=wall_now())
    if run is None:
        return None
    try:
        _make(run, now, wall_now)
    except Cancelled:
        logger.info("%s stopped", run)
    except (UnsupportedByFormat, ExportRefused, FilterRefused) as error:
        export_runs.fail(run, at=now(), error=str(error))
    except Exception as error:
        export_runs.fail(run, at=now(), error="Something went wrong. Ask for it again.")
        logger.exception("%s failed: %s", run, type(error).__name__)
    return run


def _make(run: ExportRun, now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> None:
    if run.by is None:
        raise ExportRefused("Nobody asked for it: only the command line exports without a name.")
    call = call_of(run.call_id)
    dataset = Dataset(call, ExportFilter.from_filters(run.filters), named=run.named)
    digest = hashlib.sha256()
    with _Progress(run, wall_now) as progress, tempfile.TemporaryFile() as file:
        chunks = export_chunks(
            dataset,
            run.file_format,
            by=run.by,
            at=run.asked_at,
            reason=run.reason,
            progress=progress.note,
            through="steering page",
            export=str(run.public_id),
        )
        try:
            for chunk in chunks:
                progress.stop_if_cancelled()
                digest.update(chunk)
                file.write(chunk)
        finally:
            chunks.close()
        export_runs.finish(
            run,
            File(file),
            at=now(),
            name=file_name(call, FORMATS[run.file_format], at=run.asked_at, named=run.named),
            rows=progress.rows,
            sha256=digest.hexdigest(),
        )


class _Progress:
    """How many rows are done, written down every so often by a thread."""

    def __init__(self, run: ExportRun, wall_now: Callable[[], datetime]) -> None:
        self.rows = 0
        self._run = run
        self._real_now = wall_now
        self._over = Event()
        self._cancelled = Event()
        self._thread = Thread(target=self._write_down, name="export-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._thread.join()

    def note(self, rows: int) -> None:
        self.rows = rows
        self.stop_if_cancelled()

    def stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _write_down(self) -> None:
        try:
            while not self._over.wait(EVERY):
                try:
                    if not export_runs.go_on(self._run, rows=self.rows, wall_now=self._real_now()):
                        self._cancelled.set()
                        return
                except DatabaseError:
                    logger.exception("progress of %s was not written", self._run)
                    connections["default"].close_if_unusable_or_obsolete()
        finally:
            connections.close_all()
