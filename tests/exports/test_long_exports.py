"""An export that asks the database nothing for long keeps the transaction that it reads in."""

import time

import pytest
from django.db import connection

from exports import queries
from exports.formats import FileFormat
from exports.queries import erased_references, records
from exports.recording import recorded_chunks
from exports.types import Dataset
from tests.exports.exporting import NOW
from tests.makers import make_call, make_submitted

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
