import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devserver.rehearsal import DEFAULT_FROM, ClockFile

REAL = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = REAL + timedelta(days=3)


def test_clock_starts_a_day_before_the_first_call_closes(tmp_path):
    clock = ClockFile(tmp_path / "clock").begin(None, wall_now=REAL)
    assert clock.at(REAL) == datetime(2019, 7, 23, 9, 0, tzinfo=UTC) == DEFAULT_FROM
    assert clock.at(REAL + timedelta(seconds=90)) == DEFAULT_FROM + timedelta(seconds=90)


def test_clock_goes_on_from_where_the_last_run_stopped(tmp_path):
    file = ClockFile(tmp_path / "clock")
    file.save_end(file.begin(None, wall_now=REAL), wall_now=REAL + timedelta(minutes=7))
    again = ClockFile(tmp_path / "clock").begin(None, wall_now=LATER)
    assert again.at(LATER) == DEFAULT_FROM + timedelta(minutes=7)


def test_clock_after_a_killed_run_is_not_behind_anything_that_run_wrote(tmp_path):
    file = ClockFile(tmp_path / "clock")
    clock = file.begin(None, wall_now=REAL)
    for second in range(35):
        file.save_if_due(clock, wall_now=REAL + timedelta(seconds=second))
    again = ClockFile(tmp_path / "clock").begin(None, wall_now=LATER)
    ahead = again.at(LATER) - clock.at(REAL + timedelta(seconds=34))
    assert timedelta(0) <= ahead <= timedelta(seconds=20)


def test_chosen_moment_is_obeyed_even_if_it_is_earlier(tmp_path):
    file = ClockFile(tmp_path / "clock")
    file.save_end(file.begin(None, wall_now=REAL), wall_now=REAL + timedelta(days=1))
    chosen = DEFAULT_FROM - timedelta(days=30)
    assert ClockFile(tmp_path / "clock").begin(chosen, wall_now=LATER).at(LATER) == chosen


def test_unreadable_note_counts_as_none(tmp_path):
    (tmp_path / "clock").write_text("yesterday\n")
    assert ClockFile(tmp_path / "clock").begin(None, wall_now=REAL).start == DEFAULT_FROM


def test_every_process_is_told_the_same_two_moments(tmp_path):
    clock = ClockFile(tmp_path / "clock").begin(None, wall_now=REAL)
    assert clock.environment() == {
        "REHEARSE_FROM": "2019-07-23T10:00:00+01:00",
        "REHEARSE_STARTED_AT": "2026-03-01T09:00:00+00:00",
    }


def test_full_disk_ends_no_rehearsal(tmp_path, monkeypatch):
    file = ClockFile(tmp_path / "clock")
    clock = file.begin(None, wall_now=REAL)
    file.save_end(clock, wall_now=REAL)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    file.save_if_due(clock, wall_now=LATER)
    file.save_end(clock, wall_now=LATER)
    assert ClockFile(tmp_path / "clock").begin(None, wall_now=LATER).at(LATER) == DEFAULT_FROM
