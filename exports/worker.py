"""Makes the file of an export that somebody asked for, and notes how far it is."""

import hashlib
import logging
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import monotonic
from typing import Self

from django.core.files.base import File
from django.db import DatabaseError, connections

from core import disk_reserve
from core.outages import StoreAway
from exports import export_runs
from exports.export_context import Cancelled, UnsupportedByFormat
from exports.filters import ExportFilter, FilterRefused
from exports.formats import FORMATS, file_name
from exports.models import ExportRun
from exports.queries import call_of
from exports.recording import THROUGH_LIST, THROUGH_PAGE, ExportRefused, export_chunks
from exports.types import Dataset

logger = logging.getLogger(__name__)
EVERY = 0.7  # seconds between two notes of progress
STORE_AWAY = "The place where files are kept does not answer. Ask for it again later."


def make_next(*, now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> ExportRun | None:
    """Make the export that has waited longest, and return it; None if none waits or one runs.

    `now` is the portal's clock; claims go by `wall_now`.
    """
    run = export_runs.claim_next(at=now(), wall_now=wall_now())
    if run is None:
        return None
    try:
        _make(run, now, wall_now)
    except Cancelled:
        logger.info("%s stopped", run)
    except (UnsupportedByFormat, ExportRefused, FilterRefused, disk_reserve.NoRoom) as error:
        export_runs.fail(run, at=now(), error=str(error))
    except StoreAway as error:
        export_runs.fail(run, at=now(), error=STORE_AWAY)
        logger.error("%s failed: %s: %s", run, error.host, error)
    except Exception as error:
        export_runs.fail(run, at=now(), error="Something went wrong. Ask for it again.")
        logger.exception("%s failed: %s", run, type(error).__name__)
    return run


def _make(run: ExportRun, now: Callable[[], datetime], wall_now: Callable[[], datetime]) -> None:
    if run.by is None:
        raise ExportRefused("Nobody asked for it: only the command line exports without a name.")
    call = call_of(run.call_id)
    dataset = Dataset(
        call,
        ExportFilter.from_filters(run.filters),
        named=run.named,
        includes_unnamed=run.includes_unnamed,
        confidential=run.confidential,
    )
    digest = hashlib.sha256()
    # On the disk of files, which has a reserve; where temporary files are may be little room.
    with (
        Progress(run, wall_now) as progress,
        tempfile.TemporaryFile(dir=disk_reserve.folder()) as file,
    ):
        chunks = export_chunks(
            dataset,
            run.file_format,
            by=run.by,
            at=run.asked_at,
            reason=run.reason,
            progress=progress.rows_done,
            lost_files=progress.note_lost_files,
            through=THROUGH_LIST if dataset.export_filter.listed else THROUGH_PAGE,
            export=str(run.public_id),
        )
        try:
            for chunk in disk_reserve.leave_reserve(chunks, copied_later=True):
                progress.note_if_due()
                digest.update(chunk)
                file.write(chunk)
        finally:
            chunks.close()
        export_runs.finish(
            run,
            File(file),
            at=now(),
            name=file_name(dataset, FORMATS[run.file_format], at=run.asked_at),
            rows=progress.rows,
            lost_files=progress.lost_files,
            sha256=digest.hexdigest(),
        )


class Progress:
    """Notes on the run how many rows are done; raises Cancelled if the claim was lost.

    The export reads one moment of the database, in a transaction that others would not see into.
    So the notes go through another connection: Django gives each thread one of its own.
    """

    def __init__(self, run: ExportRun, wall_now: Callable[[], datetime]) -> None:
        self.rows = 0
        self.lost_files = 0
        self._run = run
        self._wall_now = wall_now
        self._due = monotonic() + EVERY
        self._other_connection = ThreadPoolExecutor(1, "export-progress")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._other_connection.submit(connections.close_all).result()
        self._other_connection.shutdown()

    def rows_done(self, rows: int) -> None:
        self.rows = rows
        self.note_if_due()

    def note_lost_files(self, number: int) -> None:
        self.lost_files = number

    def note_if_due(self) -> None:
        if monotonic() < self._due:
            return
        is_mine = self._other_connection.submit(self._note).result()
        self._due = monotonic() + EVERY
        if not is_mine:
            raise Cancelled

    def _note(self) -> bool:
        try:
            return export_runs.note_progress(self._run, rows=self.rows, wall_now=self._wall_now())
        except DatabaseError:
            logger.exception("the progress of %s was not noted", self._run)
            connections["default"].close_if_unusable_or_obsolete()
            return True
