"""Makes the file of an export that somebody asked for, and notes how far it is."""

import hashlib
import logging
import tempfile
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from typing import IO, Self

from django.core.files.base import File
from django.db import DatabaseError, connections

from core import disk_reserve
from core.outages import StoreAway, outage_of
from exports import export_runs
from exports.export_context import Cancelled, UnsupportedByFormat
from exports.filters import ExportFilter, FilterRefused
from exports.formats import FORMATS, file_name
from exports.models import ExportRun
from exports.permissions import ExportRefused
from exports.queries import call_of
from exports.recording import THROUGH_LIST, THROUGH_PAGE, export_chunks
from exports.types import Dataset

logger = logging.getLogger(__name__)
EVERY = 0.7  # seconds between two notes of progress
# Seconds; one step, such as the search before the first row or the packing of an Excel file, takes
# no longer. What says nothing for so long hangs.
LONGEST_STEP = 300.0
DISK_FULL = (
    "The disk where files are kept takes no more. Ask the people who run the portal to make room "
    "there, then ask for it again."
)
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
        return run
    except Cancelled:
        logger.info("%s stopped", run)
    except (UnsupportedByFormat, ExportRefused, FilterRefused, disk_reserve.NoRoom) as error:
        export_runs.fail(run, at=now(), error=str(error))
    except StoreAway as error:
        export_runs.fail(run, at=now(), error=STORE_AWAY)
        logger.error("%s failed: %s: %s", run, error.host, error)
    except Exception as error:
        is_full = isinstance(error, OSError) and outage_of(error) is not None
        said = DISK_FULL if is_full else "Something went wrong. Ask for it again."
        export_runs.fail(run, at=now(), error=said)
        logger.exception("%s failed: %s", run, type(error).__name__)
    try:
        export_runs.purge_strays_of(run)
    except (OSError, StoreAway) as error:
        logger.warning("what %s left is deleted later: %s", run, type(error).__name__)
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
                progress.go_on()
                digest.update(chunk)
                file.write(chunk)
        finally:
            chunks.close()
        export_runs.finish(
            run,
            _Copied(file, progress.note_work),
            at=now(),
            name=file_name(dataset, FORMATS[run.file_format], at=run.asked_at),
            rows=progress.rows,
            lost_files=progress.lost_files,
            file_is_kept=progress.stop,
            sha256=digest.hexdigest(),
        )


class _Copied(File):
    """The file that is copied to where files are kept; it tells whenever a piece of it is taken."""

    def __init__(self, file: IO[bytes], piece_taken: Callable[[], None]) -> None:
        super().__init__(file)
        self._copied = file
        self._piece_taken = piece_taken

    def read(self, *most: int) -> bytes:
        self._piece_taken()
        return self._copied.read(*most)


class Progress:
    """Notes on the run how many rows are done, and so renews its claim, until it is stopped.

    A thread does that, within a long step too, so that only a process that was killed or hangs
    loses the claim. The export reads one moment of the database, in a transaction that others would
    not see into: the notes go through another connection, as Django gives each thread its own.

    `go_on` and `rows_done` raise Cancelled once the claim was lost.
    """

    def __init__(self, run: ExportRun, wall_now: Callable[[], datetime]) -> None:
        self.rows = 0
        self.lost_files = 0
        self._run = run
        self._wall_now = wall_now
        self._went_on = monotonic()
        self._is_lost = Event()
        self._is_over = Event()
        self._thread = Thread(target=self._keep_noting, name="export-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Renew the claim no more: from here on its moment stays, by which it is known."""
        self._is_over.set()
        self._thread.join()

    def rows_done(self, rows: int) -> None:
        self.rows = rows
        self.go_on()

    def note_lost_files(self, number: int) -> None:
        self.lost_files = number

    def note_work(self) -> None:
        """Note that it goes on; raises nothing, so that no copy is taken for one that failed."""
        self._went_on = monotonic()

    def go_on(self) -> None:
        self.note_work()
        if self._is_lost.is_set():
            raise Cancelled

    def _keep_noting(self) -> None:
        try:
            while not (self._is_over.wait(EVERY) or self._is_lost.is_set()):
                if monotonic() < self._went_on + LONGEST_STEP and not self._note():
                    self._is_lost.set()
        finally:
            connections.close_all()

    def _note(self) -> bool:
        try:
            return export_runs.note_progress(self._run, rows=self.rows, wall_now=self._wall_now())
        except DatabaseError:
            logger.exception("the progress of %s was not noted", self._run)
            connections["default"].close_if_unusable_or_obsolete()
            return True
