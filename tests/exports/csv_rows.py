"""The CSV of a call, for the tests of it."""

import csv
import io

from exports.recording import export_chunks
from exports.types import Dataset
from submissions.calls.models import Call
from tests.exports.exporting import NOW


def exported(call):
    """The export's bytes, through the whole line."""
    call = Call.objects.get(pk=call.pk)
    return b"".join(export_chunks(Dataset(call), "csv", by=None, at=NOW))


def rows_of(call):
    return list(csv.DictReader(io.StringIO(exported(call).decode(), newline="")))
