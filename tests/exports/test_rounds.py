"""Progress of writers that go over the responses several times: even, and as of one."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from exports.export_context import Cancelled, ExportContext, Rounds
from exports.types import Dataset
from exports.writers import apart
from tests.exports.exporting import exported
from tests.makers import make_call, make_submitted

AT = datetime(2019, 7, 25, tzinfo=UTC)


def make_context(progress):
    return ExportContext(Dataset(None), by="", at=AT, progress=progress)


def test_rounds_move_the_export_by_their_shares_and_end_at_all_responses():
    seen = []
    context = make_context(seen.append)
    rounds = Rounds(context, (1, 3))
    first = rounds.next()
    for _ in range(8):
        first.row_done()
    assert (first.rows, context.rows, seen) == (8, 2, [0, 0, 0, 1, 1, 1, 1, 2])
    second = rounds.next()
    for _ in range(8):
        second.row_done()
    assert (second.rows, context.rows) == (8, 8)
    assert seen[8:] == [2, 3, 4, 5, 5, 6, 7, 8]


def test_round_may_begin_before_the_one_before_it_is_over():
    seen = []
    context = make_context(seen.append)
    rounds = Rounds(context, (1, 3))
    first, second = rounds.of(3), rounds.of(1)
    first.row_done(4)
    second.row_done(8)
    first.still_at_work()
    first.row_done(4)
    assert seen == [3, 5, 5, 8]


def test_cancelling_reaches_the_round():
    def stop(_rows):
        raise Cancelled

    with pytest.raises(Cancelled):
        Rounds(make_context(stop), (2, 1)).next().row_done()


def test_being_still_at_work_is_told_without_a_row():
    seen = []
    make_context(seen.append).still_at_work()
    assert seen == [0]


@pytest.mark.django_db
def test_progress_never_goes_back_and_counts_every_response_once():
    call = make_call()
    for _ in range(3):
        make_submitted(call)
    for file_format in ("json", "xlsx", "qdpx", "docx", "docx-each", "pdf", "pdf-each"):
        seen = []
        exported(call, file_format, progress=seen.append)
        assert all(before <= after for before, after in pairwise(seen)), file_format
        assert seen[-1] == 3, file_format


@pytest.mark.django_db
def test_not_all_responses_are_counted_before_the_file_is_packed(monkeypatch):
    monkeypatch.setattr(apart, "ROWS_AT_ONCE", 1)
    call = make_call()
    # More than a bundle has rounds.
    for _ in range(20):
        make_submitted(call)
    for file_format in ("xlsx", "qdpx", "bundle", "bundle-quick"):
        seen = []
        exported(call, file_format, progress=seen.append)
        assert all(before <= after for before, after in pairwise(seen)), file_format
        assert (seen[19] < 20, seen[-1]) == (True, 20), file_format  # each was written once by then
        # Everything begins with formats that take next to nothing beside its PDFs.
        assert seen[len(seen) // 2] > 0, file_format
