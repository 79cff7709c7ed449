"""Exports on record: each leaves an audit event with its rows and the digest of its bytes."""

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime
from time import monotonic
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

from submissions.domain.auditing import record
from submissions.exports.csv_file import CopiedRows, header
from submissions.exports.datasets import columns, rows_query
from submissions.models import Call
from submissions.vocabulary import AuditAction

logger = logging.getLogger(__name__)
BROKEN_OFF = b"THIS FILE IS INCOMPLETE: the export broke off here. Download it again.\r\n"


def csv_chunks(
    call: Call, *, by: AbstractBaseUser | None, at: datetime, **detail: Any
) -> Iterator[bytes]:
    """Yield the pseudonymised CSV in chunks of whole rows, and put it on record at its end.

    Read to the end it leaves an EXPORTED event with the rows, the bytes and their SHA-256, and
    then only. If it breaks, or its reader goes away, it leaves EXPORT_BROKEN with what had been
    handed out; a break is raised again after a last line that says so, so that the connection
    is cut too. `at` is the moment at which the export was asked for.
    """
    table = columns(call)
    copied = CopiedRows(rows_query(call, table))
    digest = hashlib.sha256()
    size = 0
    started = monotonic()
    action = AuditAction.EXPORT_BROKEN
    why = "the reader went away"
    rows = iter(copied)
    try:
        for chunk in _with_header(header(table), rows):
            digest.update(chunk)
            size += len(chunk)
            yield chunk
        action = AuditAction.EXPORTED
        why = ""
    except Exception as error:
        why = type(error).__name__
        logger.exception("export of %s broke off", call.slug)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        if size:
            yield BROKEN_OFF
        raise
    finally:
        rows.close()
        detail |= {
            "format": "csv",
            "dataset": "pseudonymised",
            "rows": copied.rows,
            "bytes": size,
            "sha256": digest.hexdigest(),
            "seconds": round(monotonic() - started, 2),
        }
        if why:
            detail["why"] = why
        record(by=by, at=at, action=action, call=call, **detail)


def _with_header(first: bytes, rows: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the header with the first rows, so that a query that fails sends nothing at all."""
    yield first + next(rows, b"")
    yield from rows
