"""An export that asks the database nothing for long keeps the transaction that it reads in."""

import time

import pytest
from django.db import connection

from accounts.states import Role
from exports import queries
from exports.formats import FileFormat
from exports.queries import erased_references, records
from exports.recording import recorded_chunks
from exports.types import Dataset
from exports.writers import csv_file
from tests.exports.exporting import NOW, exported, members, put_under
from tests.makers import make_call, make_code, make_submitted, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("by", ["rows", "pieces"])
def test_export_asks_its_last_question_after_a_long_time_without_any(monkeypatch, by):
    """As “Everything” does: it reads its rows once, and its manifest asks at the very end."""
    monkeypatch.setattr(queries, "AWAKE_EVERY", 0.2)

    def pieces(context):
        assert len(list(records(context.dataset))) == 1
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '1500ms'")
        for _ in range(12):
            time.sleep(0.15)
            if by == "rows":
                context.row_done()
            else:
                yield b"."
        yield str(erased_references(context.dataset.call)).encode()

    call = make_call()
    make_submitted(call)
    slow = FileFormat("slow", "Slow", ".txt", "text/plain", pieces)
    written = b"".join(recorded_chunks(Dataset(call), slow, by=None, at=NOW))
    assert written.endswith(b"[]")


@pytest.mark.parametrize("file_format", ["csv-excel", "r", "codings", "bundle-quick"])
def test_rows_that_postgresql_copies_all_come_however_long_that_takes(monkeypatch, file_format):
    """The connection that copies them takes no other question before the last."""
    monkeypatch.setattr(queries, "AWAKE_EVERY", 0)
    monkeypatch.setattr(csv_file, "CHUNK", 1)
    monkeypatch.setattr(csv_file, "CHUNKS_AHEAD", 1)
    call = make_call()
    coder = make_user(Role.CODER)
    code = make_code(call=call, name="Late payment")
    for _ in range(8):
        response = make_submitted(call, story="Paid late.")
        put_under(code, response, "late", coder)
    data = exported(call, file_format)
    found = {"responses.csv": data, "codings.csv": data} | (
        members(data) if data.startswith(b"PK") else {}
    )
    assert found["codings.csv" if file_format == "codings" else "responses.csv"].count(b"\r\n") == 9
