"""The files of exports: where they are kept, what is left of them, and the room that they need."""

import time
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile

from accounts.models import AuditEvent
from core import clock, disk_reserve
from core.outages import StoreAway
from exports import export_runs, tasks, worker
from exports.models import ExportRun
from exports.states import ExportState
from tests.exports.runs import AT, finish, make_run, now
from tests.makers import make_submitted


@pytest.fixture
def files(monkeypatch, tmp_path):
    """The store of files, in which nothing is yet."""
    storage = ExportRun.file.field.storage
    monkeypatch.setattr(storage, "location", str(tmp_path))
    return storage


@pytest.mark.django_db
def test_file_that_no_export_has_is_deleted_once_nobody_writes_it(files):
    wall_now = datetime.now(UTC)
    assert export_runs.purge_strays(wall_now=wall_now) == 0
    run = make_run()
    export_runs.claim_next(at=AT, wall_now=AT)
    run.refresh_from_db()
    finish(run)
    files.save("exports/stray", ContentFile(b"jo@example.org"))
    for seconds, deleted in ((10, 0), (40, 1), (40, 0)):
        later = wall_now + timedelta(seconds=seconds)
        assert export_runs.purge_strays(wall_now=later) == deleted
    assert files.listdir("exports")[1] == [run.public_id.hex]


@pytest.mark.django_db
def test_file_that_a_killed_worker_left_is_deleted_as_soon_as_its_claim_is_over(files, monkeypatch):
    run = make_run()
    claimed_at = datetime.now(UTC)
    export_runs.claim_next(at=AT, wall_now=claimed_at)
    files.save(f"exports/{run.public_id.hex}", ContentFile(b"half of jo@exam"))
    much_later = claimed_at + timedelta(hours=1)
    assert export_runs.purge_strays(wall_now=much_later) == 0  # it is being written
    monkeypatch.setattr(clock, "wall_now", lambda: claimed_at + timedelta(seconds=61))
    monkeypatch.setattr(worker, "make_next", lambda **_clocks: None)
    tasks.make_exports()
    run.refresh_from_db()
    assert (run.state, files.listdir("exports")[1]) == (ExportState.WAITING, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store_is_away", [False, True])
def test_export_that_fails_while_it_is_copied_leaves_nothing(files, monkeypatch, store_is_away):
    make_run()
    other = make_run()
    ExportRun.objects.filter(pk=other.pk).update(state=ExportState.CANCELLED)
    files.save(f"exports/{other.public_id.hex}", ContentFile(b"of another"))

    def break_off(field_file, name, content, save):
        files.save(f"exports/{field_file.instance.public_id.hex}", ContentFile(content.read(3)))
        if store_is_away:
            monkeypatch.setattr(files, "listdir", break_off_later)
        raise OSError("no space left on device")

    def break_off_later(_folder):
        raise StoreAway("no answer", "the bucket")

    listed = files.listdir
    monkeypatch.setattr(FieldFile, "save", break_off)
    run = worker.make_next(now=now, wall_now=now)
    run.refresh_from_db()
    left = [f"{run.public_id.hex}"] if store_is_away else []
    assert run.state == ExportState.FAILED
    assert sorted(listed("exports")[1]) == sorted([*left, other.public_id.hex])


@pytest.mark.django_db(transaction=True)
def test_claim_is_kept_while_a_file_is_copied_for_long(files, monkeypatch):
    monkeypatch.setattr(worker, "EVERY", 0.05)
    monkeypatch.setattr(worker, "LONGEST_STEP", 1.2)
    renewed = []
    note = export_runs.note_progress

    def noted(run, **more):
        renewed.append(time.monotonic())
        return note(run, **more)

    monkeypatch.setattr(export_runs, "note_progress", noted)
    save = FieldFile.save

    def save_slowly(field_file, name, content, save):
        for _ in range(8):
            time.sleep(0.25)
            content.read(1)
        content.seek(0)
        save_at_once(field_file, name, content, save=save)
        renewed.append("copied")

    save_at_once = save
    monkeypatch.setattr(FieldFile, "save", save_slowly)
    make_run()
    run = worker.make_next(now=now, wall_now=lambda: datetime.now(UTC))
    run.refresh_from_db()
    times = renewed[: renewed.index("copied")]
    assert run.state == ExportState.DONE
    assert max(times) - min(times) > 1.3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("free", "state"), [(100, "failed"), (101, "done")])
def test_export_stops_before_the_reserve_of_the_disk(monkeypatch, settings, free, state):
    settings.DISK_RESERVE_MB = 100
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: free * disk_reserve.MB)
    run = make_run()
    make_submitted(run.call, at=run.call.opens_at)
    worker.make_next(now=now, wall_now=now)
    run.refresh_from_db()
    no_room = (
        "There is no room for it: 100 MB have to stay free where files are kept. "
        "Ask the people who run the portal to make room."
    )
    assert (run.state, run.error) == (state, no_room if state == "failed" else "")
    ends = AuditEvent.objects.exclude(action="export_started")
    assert [end.detail.get("why") for end in ends] == ["NoRoom" if state == "failed" else None]


def test_reserve_is_looked_at_while_much_is_written(monkeypatch, settings):
    """A copy of what was written has to find room, too."""
    settings.DISK_RESERVE_MB = 100
    piece = b"x" * disk_reserve.MB
    free = iter([101, 93])
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: next(free) * disk_reserve.MB)
    written = disk_reserve.leave_reserve(piece for _ in range(100))
    assert len(list(islice(written, 8))) == 8
    with pytest.raises(disk_reserve.NoRoom):
        next(written)
    free = iter([200, 192, 184, 176, 168, 160, 152, 144])
    monkeypatch.setattr(disk_reserve, "free_bytes", lambda: next(free) * disk_reserve.MB)
    written = disk_reserve.leave_reserve((piece for _ in range(100)), copied_later=True)
    assert len(list(islice(written, 56))) == 56
    with pytest.raises(disk_reserve.NoRoom):
        next(written)
