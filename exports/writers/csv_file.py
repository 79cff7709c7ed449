"""A dataset as CSV out of PostgreSQL's COPY: UTF-8, RFC 4180, CRLF, the header first."""

from collections.abc import Callable
from queue import Full, Queue
from threading import Event, Thread

import psycopg2.extensions
from django.db import connection

from core.safe_cells import neutralise_inside
from exports.export_context import ExportContext
from exports.one_column import Column
from exports.queries import PLANS_FOR_A_STREAM
from exports.response_sql import spreadsheet_query
from exports.types import Pieces, Query

CONTENT_TYPE = "text/csv; charset=utf-8; header=present"
CHUNK = 256 * 1024  # bytes
CHUNKS_AHEAD = 4  # a slow reader holds a megabyte, however many rows there are
BROKEN_OFF = b"THIS FILE IS INCOMPLETE: the export broke off here. Download it again.\r\n"


def pieces(context: ExportContext) -> Pieces:
    """Yield the CSV in chunks of whole rows; a query that fails sends nothing at all."""
    dataset = context.dataset.as_table()
    table = dataset.columns
    rows = iter(CopiedRows(spreadsheet_query(dataset), context.row_done))
    try:
        yield header(table) + next(rows, b"")
        yield from rows
    finally:
        rows.close()


class CopiedRows:
    """The rows of a query as chunks of CSV bytes, each of whole rows.

    psycopg2 pushes a COPY into a file object, so a thread runs it and a bounded queue makes the
    server wait for the reader. The connection belongs to the COPY until the iteration ends:
    close the iterator if you do not read it to its end, and the server stops. The reader's
    thread calls `rows_done` with the number of rows of each chunk.
    """

    def __init__(self, query: Query, rows_done: Callable[[int], None]) -> None:
        self._query = query
        self._rows_done = rows_done
        self._pieces: list[bytes] = []
        self._size = 0
        self._chunks: Queue[tuple[int, bytes] | None] = Queue(maxsize=CHUNKS_AHEAD)
        self._abandoned = Event()
        self._error: BaseException | None = None

    def __iter__(self) -> Pieces:
        connection.ensure_connection()
        raw = connection.connection
        with raw.cursor() as cursor:
            select = cursor.mogrify(self._query.sql, self._query.parameters).decode()
        copying = Thread(target=self._copy, args=(raw, select), name="csv-copy", daemon=True)
        copying.start()
        is_over = False
        try:
            while (taken := self._chunks.get()) is not None:
                rows, chunk = taken
                self._rows_done(rows)
                yield chunk
            is_over = True
        finally:
            self._abandoned.set()
            if not is_over:
                raw.cancel()  # only then: a late cancel would hit the connection's next statement
            copying.join()
        if self._error is not None:
            raise self._error

    def _copy(self, raw: "psycopg2.extensions.connection", select: str) -> None:
        try:
            with raw.cursor() as cursor:
                copy = f"COPY ({select}) TO STDOUT (FORMAT csv)"
                cursor.copy_expert(f"{PLANS_FOR_A_STREAM}; {copy}", self)
            self._flush()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the rows are read
            self._error = error
        finally:
            self._put(None)

    def write(self, row: bytes) -> None:
        """Take one row, as libpq's PQgetCopyData hands them out, and end it as RFC 4180 does.

        What is inside its cells is made harmless.
        """
        self._pieces.append(neutralise_inside(row[:-1]))
        self._size += len(row)
        if self._size >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._pieces:
            rows = len(self._pieces)
            self._pieces.append(b"")
            self._put((rows, b"\r\n".join(self._pieces)))
            self._pieces = []
            self._size = 0

    def _put(self, chunk: tuple[int, bytes] | None) -> None:
        while not self._abandoned.is_set():
            try:
                return self._chunks.put(chunk, timeout=0.2)
            except Full:
                continue
        return None


def header(table: list[Column]) -> bytes:
    """Return the first line; column names need no quotes."""
    return ",".join(column.name for column in table).encode() + b"\r\n"
