"""How the CSV leaves the database by COPY: its record, its ends, its costs."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from exports import queries
from exports.recording import export_chunks
from exports.types import Dataset, Query
from exports.writers.csv_file import CHUNK, CopiedRows
from submissions.calls.models import Question
from submissions.responses.models import Submission
from tests.exports.exporting import NOW, exported
from tests.makers import make_call, make_submitted


@pytest.mark.django_db
def test_query_count_does_not_grow_with_the_rows():
    call = make_call()
    counts = []
    for more in (1, 4, 4):
        for _ in range(more):
            make_submitted(call)
        if not counts:
            Question.objects.filter(call=call).update(hint="Another revision of the call.")
        with CaptureQueriesContext(connection) as queries:
            exported(call)
        counts.append(len(queries))
    # The call; the start on record; then COPY, which Django does not see; the end on record.
    # Each process reads the questionnaire once per revision of the call, in four queries.
    assert counts == [7, 3, 3]


@pytest.mark.django_db
def test_finished_export_is_on_record_with_the_digest_of_its_bytes():
    call = make_call()
    make_submitted(call)
    data = exported(call)
    event = AuditEvent.objects.get(action="exported")
    assert (event.call, event.at, event.actor) == (call, NOW, None)
    assert {k: event.detail[k] for k in ("rows", "bytes", "sha256", "format")} == {
        "rows": 1,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "format": "csv",
    }


@pytest.mark.django_db
def test_reader_that_goes_away_leaves_a_broken_export_on_record():
    call = make_call()
    make_submitted(call)
    chunks = export_chunks(Dataset(call), "csv", by=None, at=NOW)
    next(chunks)
    chunks.close()
    event, started = AuditEvent.objects.all()
    assert (event.action, event.detail["why"]) == ("export_broken", "the reader went away")
    assert (started.action, started.detail["attempt"]) == (
        "export_started",
        event.detail["attempt"],
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file_format", ["csv", "json"])
def test_start_is_committed_before_the_first_byte_is_out(file_format):
    """So that a process killed in the middle leaves its disclosure on record."""
    call = make_call()
    make_submitted(call)

    def seen_elsewhere():
        try:
            return list(AuditEvent.objects.values_list("action", "call", "detail"))
        finally:
            connection.close()

    chunks = export_chunks(Dataset(call), file_format, by=None, at=NOW, through="a test")
    next(chunks)
    with ThreadPoolExecutor() as pool:
        ((action, of, detail),) = pool.submit(seen_elsewhere).result()
    b"".join(chunks)
    end = AuditEvent.objects.get(action="exported")
    assert (action, of) == ("export_started", call.pk)
    assert detail == {
        "through": "a test",
        "attempt": end.detail["attempt"],
        "format": file_format,
        "dataset": "pseudonymised",
        "filters": {},
    }


@pytest.mark.django_db(transaction=True)
def test_export_within_a_transaction_is_refused():
    """It might take the record back."""
    call = make_call()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        next(export_chunks(Dataset(call), "csv", by=None, at=NOW))


def many_rows(select):
    return Query(f"SELECT {select} FROM generate_series(1, 200000) AS n", {})


@pytest.mark.django_db(transaction=True)
def test_database_error_in_the_middle_is_said_raised_and_recorded(monkeypatch):
    broken = many_rows("repeat('x', 100), 1 / (150000 - n)")
    monkeypatch.setattr("exports.writers.csv_file.spreadsheet_query", lambda *_: broken)
    call = make_call()
    got = []
    chunks = export_chunks(Dataset(call), "csv", by=None, at=NOW)
    with pytest.raises(Exception, match="division by zero"):
        got.extend(chunks)
    assert got[-1] == b"THIS FILE IS INCOMPLETE: the export broke off here. Download it again.\r\n"
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.detail["why"]) == ("export_broken", "DivisionByZero")


@pytest.mark.django_db(transaction=True)
def test_query_that_fails_at_once_sends_nothing(monkeypatch):
    broken = Query("SELECT 1 / 0", {})
    monkeypatch.setattr("exports.writers.csv_file.spreadsheet_query", lambda *_: broken)
    got = []
    with pytest.raises(Exception, match="division by zero"):
        got.extend(export_chunks(Dataset(make_call()), "csv", by=None, at=NOW))
    assert got == []


@pytest.mark.django_db(transaction=True)
def test_abandoned_copy_ends_and_leaves_the_connection_fit_for_use():
    rows = iter(CopiedRows(many_rows("repeat('x', 10000)"), int))
    assert len(next(rows)) >= CHUNK
    rows.close()
    assert Submission.objects.count() == 0


COPIES_SQL = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query LIKE '%%TO STDOUT%%'
        AND pid <> pg_backend_pid()
"""


def copies():
    """The server processes that a COPY keeps busy, as another connection sees them."""
    with connection.cursor() as cursor:
        cursor.execute(COPIES_SQL)
        return [pid for (pid,) in cursor.fetchall()]


def wait_until(condition, seconds=5):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


@pytest.mark.django_db(transaction=True)
def test_server_stops_copying_when_the_reader_leaves(monkeypatch):
    """The third row would take a minute; the server must not go on working at it for nobody."""
    endless = many_rows("repeat('x', 300000), CASE WHEN n > 2 THEN pg_sleep(60) END")
    monkeypatch.setattr("exports.writers.csv_file.spreadsheet_query", lambda *_: endless)
    call = make_call()
    may_leave = Event()

    def read_and_leave():
        try:
            chunks = export_chunks(Dataset(call), "csv", by=None, at=NOW)
            next(chunks)
            may_leave.wait()
            chunks.close()
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read_and_leave)
        try:
            assert wait_until(copies)
            may_leave.set()
            assert wait_until(lambda: not copies())
        finally:
            may_leave.set()
            for pid in copies():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        reader.result(timeout=5)
    assert AuditEvent.objects.get(action="export_broken").detail["why"] == "the reader went away"


def jit():
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_server_compiles_no_query_of_an_export_and_any_other_as_before():
    """Compiling takes a second of the time to the first byte, where the server can."""
    with connection.cursor() as cursor:
        cursor.execute("SET jit = on")
    (row,) = CopiedRows(Query("SELECT current_setting('jit')", {}), int)
    assert (row, jit()) == (b"off\r\n", "on")
    with queries.one_snapshot():
        assert jit() == "off"
    assert jit() == "on"


@pytest.mark.django_db
def test_texts_lie_as_they_are_so_that_no_export_unpacks_them():
    call = make_call()
    make_submitted(call, story="The same words again. " * 200)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_column_size(texts), octet_length(texts::text) FROM submissions_version"
        )
        ((stored, written),) = cursor.fetchall()
    assert stored > 4_000
    assert stored == pytest.approx(written, rel=0.01)
