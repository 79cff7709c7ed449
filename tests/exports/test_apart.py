"""Files that a process of its own makes while others are made here."""

import shutil

import pytest

from exports.export_context import Cancelled
from exports.writers.apart import NEARLY_FULL, ROWS_AT_ONCE, as_one, finish, of_nothing, start

ENDS = "raise SystemExit(7)"
WAITS = "import time; time.sleep(600)"


def make_program(tmp_path, text):
    program = tmp_path / "program.py"
    program.write_text(text)
    return of_nothing(program)


def nothing():
    pass


def test_program_that_fails_is_an_error_without_its_words(tmp_path):
    program = make_program(tmp_path, "print('an answer'); " + ENDS)
    with (
        pytest.raises(ChildProcessError, match=r"^program ended with 7$"),
        start(program, str(tmp_path), {}) as process,
    ):
        finish(process, nothing)


def test_program_that_fails_where_the_disk_is_full_says_so(tmp_path, monkeypatch):
    program = make_program(tmp_path, ENDS)
    full = shutil.disk_usage(tmp_path)._replace(free=NEARLY_FULL - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: full)
    with (
        pytest.raises(OSError, match="No space left on device"),
        start(program, str(tmp_path), {}) as process,
    ):
        finish(process, nothing)


def test_waiting_for_a_program_can_be_cancelled_and_ends_it(tmp_path):
    def cancel():
        raise Cancelled

    program = make_program(tmp_path, WAITS)
    with (
        pytest.raises(Cancelled),
        start(program, str(tmp_path), {}) as process,
    ):
        finish(process, cancel)
    assert process.running.returncode == -9


def test_program_ends_where_nobody_takes_its_file(tmp_path):
    program = make_program(tmp_path, WAITS)
    running = []

    def begun():
        with start(program, str(tmp_path), {}) as process:
            running.append(process.running)
            yield b""
            yield b"never"

    pieces = begun()
    assert next(pieces) == b""
    assert running[0].poll() is None
    pieces.close()
    assert running[0].returncode == -9


def test_rows_that_the_program_has_are_told_and_end_at_all(tmp_path):
    program = make_program(tmp_path, "import sys; sys.stdout.write('..')")
    seen = []
    with start(program, str(tmp_path), {}) as process:
        finish(process, nothing, seen.append, rows=ROWS_AT_ONCE + 7)
    assert (sum(seen), seen[0] <= ROWS_AT_ONCE + 7) == (ROWS_AT_ONCE + 7, True)


def test_file_alone_begins_with_its_first_byte():
    pieces = as_one(piece for piece in (b"", b"PK", b"", b"more"))
    assert list(pieces) == [b"PK", b"more"]
