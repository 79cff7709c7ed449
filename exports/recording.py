"""Exports on record: each writes an audit event before its first byte and one at its end."""

import errno
import hashlib
import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.record import record
from accounts.states import AuditAction
from core import request_ids
from core.disk_reserve import NoRoom
from core.outages import outage_of
from core.spoken_numbers import say_number
from exports.export_context import Cancelled, ExportContext, UnsupportedByFormat
from exports.formats import FORMATS, OF_THE_TEAM, FileFormat
from exports.permissions import ExportRefused, refuse_unless_permitted
from exports.queries import one_snapshot, references
from exports.types import Dataset, Pieces
from review.coding.samples import blind_to

logger = logging.getLogger(__name__)
COMMAND_LINE = "command line"
THROUGH_API = "API"
THROUGH_PAGE = "steering page"
THROUGH_LIST = "list of responses"
NO_FILE_OF_THE_TEAM = "The team has no file of its own in this format."
LONGEST_REASON = 500  # characters, as ExportRun has it


def say_lost_files(number: int) -> str:
    """Return the warning that an export is without `number` files of responses."""
    return ngettext(
        "%(number)s file is missing or damaged and is not in the export: files.csv names it.",
        "%(number)s files are missing or damaged and are not in the export: files.csv names them.",
        number,
    ) % {"number": say_number(number)}


def say_left_out(name: str, why: str) -> str:
    """Return the warning that an export of several files is without the one of that name."""
    return _("%(name)s is not in the export. %(why)s") % {"name": name, "why": why}


def export_chunks(dataset: Dataset, format_name: str, **options: Any) -> Pieces:
    """Return the export in the format of that name, with the options of `recorded_chunks`."""
    if format_name not in FORMATS:
        raise ExportRefused(
            NO_FILE_OF_THE_TEAM if dataset.team else "There is no file in this format."
        )
    return recorded_chunks(dataset, FORMATS[format_name], **options)


def recorded_chunks(
    dataset: Dataset,
    file_format: FileFormat,
    *,
    by: User | None,
    at: datetime,
    reason: str = "",
    progress: Callable[[int], None] | None = None,
    lost_files: Callable[[int], None] | None = None,
    left_out: Callable[[Mapping[str, str]], None] | None = None,
    **detail: Any,
) -> Pieces:
    """Return the export in chunks; whoever reads them puts it on record.

    Before the first byte it writes an EXPORT_STARTED event. That stands alone only while the
    export goes on, or if the process was killed. An export read to its end writes EXPORTED, with
    the rows, the bytes and their SHA-256. One that breaks, or whose reader leaves, writes
    EXPORT_BROKEN with what it had handed out. After a break the last chunk says so, where the
    format has a way to, and the error is raised again, so that the server cuts the connection; as
    NoRoom, where no temporary file has room.
    Both events have the same `attempt` in their detail. Where rows of the list of responses were
    chosen, EXPORT_STARTED has their references. `at` is the moment at which somebody asked for the
    export. `progress` gets the number of rows written so far, and may raise to stop it.
    `lost_files` gets at the end how many files were missing or damaged, if any were: the export
    goes on without them, and EXPORTED has the number. `left_out` gets the files that an export of
    several is without, if it is, and why; EXPORTED has them, too.

    Raises ExportRefused at once, also for a file of the team in a format that it has not;
    UnsupportedByFormat before the first chunk. Not for use within a transaction, which might roll
    the record back.
    """
    refuse_unless_permitted(dataset, by=by, reason=reason)
    if dataset.team and file_format.name not in OF_THE_TEAM:
        raise ExportRefused(NO_FILE_OF_THE_TEAM)
    if not file_format.is_available:
        raise ExportRefused(
            "This portal cannot make files of this format: whoever runs it installs "
            "requirements-research.txt for that."
        )
    dataset = read_by(dataset, by)
    name = by.get_username() if by is not None else COMMAND_LINE
    context = ExportContext(dataset, by=name, at=at, progress=progress)
    detail |= {
        "attempt": str(uuid4()),
        "format": file_format.name,
        "filters": dataset.export_filter.filters_on_record(),
        **dataset.scope.in_words(),
    }
    if dataset.team:
        detail["team"] = True
    if reason:
        detail["reason"] = reason.strip()
    return _recorded(context, file_format, by, detail, lost_files, left_out)


def read_by(dataset: Dataset, by: User | None) -> Dataset:
    """Return the dataset as `by` reads it: some do not see others' codings of some responses yet.

    None is the server's command line.
    """
    if by is None:
        return replace(dataset, reader=None, blind=())
    hidden = blind_to(by).filter(sample__call=dataset.call).order_by("submission")
    blind = tuple(hidden.values_list("submission", flat=True).distinct())
    return replace(dataset, reader=by, blind=blind)


def _recorded(
    context: ExportContext,
    file_format: FileFormat,
    by: User | None,
    detail: dict[str, Any],
    lost_files: Callable[[int], None] | None,
    left_out: Callable[[Mapping[str, str]], None] | None,
) -> Pieces:
    call = context.dataset.call
    digest = hashlib.sha256()
    size = 0
    # The last bytes go out when the request is over.
    number = request_ids.current()
    started = monotonic()
    rows: dict[str, Any] = {}
    if context.dataset.export_filter.listed:
        # No filter finds them again: what the list was narrowed by changes.
        rows["responses"] = references(context.dataset)
    with transaction.atomic(durable=True, savepoint=False):
        record(by=by, at=context.at, action=AuditAction.EXPORT_STARTED, call=call, **detail, **rows)
    action = AuditAction.EXPORT_BROKEN
    why = "the reader went away"
    try:
        reading = nullcontext(context.stay_awake) if file_format.reads_once else one_snapshot()
        with reading as context.stay_awake, closing(file_format.pieces(context)) as pieces:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece
                context.stay_awake()
        action = AuditAction.EXPORTED
        why = ""
    except (UnsupportedByFormat, Cancelled, NoRoom) as end:  # no fault
        why = type(end).__name__
        raise
    except Exception as error:
        why = type(error).__name__
        if outage := _outage_in_words(error):
            logger.error("export of %s broke off, %s", call.slug, outage)
        else:
            logger.exception("export of %s broke off", call.slug)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        if size and file_format.broken_off:
            yield file_format.broken_off
        if _is_full(error):
            raise NoRoom(
                f"There is no room left for temporary files in {tempfile.gettempdir()}. Ask the "
                "people who run the portal to make room there, or choose less at once."
            ) from error
        raise
    finally:
        detail |= {
            "rows": context.rows,
            "bytes": size,
            "sha256": digest.hexdigest(),
            "seconds": round(monotonic() - started, 2),
        }
        if why:
            detail["why"] = why
        if context.removed:
            detail["removed"] = context.removed
        if context.lost_files:
            detail["lost_files"] = context.lost_files
            if lost_files is not None:
                lost_files(context.lost_files)
        if context.left_out:
            detail["left_out"] = context.left_out
            if left_out is not None:
                left_out(context.left_out)
        with request_ids.within(number):
            record(by=by, at=context.at, action=action, call=call, **detail)


def _is_full(error: Exception) -> bool:
    """Return whether temporary files have no room left.

    The disk of files has a reserve, and whoever writes the export elsewhere is not in here.
    """
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def _outage_in_words(error: Exception) -> str:
    outage = outage_of(error)
    if outage is None:
        return ""
    return f"{tempfile.gettempdir() if _is_full(error) else outage.host}: {outage.reason}"
