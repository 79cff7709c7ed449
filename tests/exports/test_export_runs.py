"""Exports that a worker makes, from the asking to the purge."""

import errno
import hashlib
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.fields.files import FieldFile
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent
from accounts.states import Action, Role
from core import clock
from exports import export_runs, tasks, worker
from exports.consent import Scope
from exports.filters import ExportFilter
from exports.formats import FORMATS
from exports.models import ExportRun
from exports.states import ExportState
from retention.carrying_out import carry_out
from submissions.calls.retention import DataClass, ends_at
from tests.exports.runs import AT, finish, make_run, now
from tests.makers import (
    allow,
    confirm_retention,
    make_call,
    make_submitted,
    make_user,
    withhold,
)


@pytest.mark.django_db
def test_oldest_is_claimed_first_and_one_at_a_time():
    later = make_run(at=AT + timedelta(seconds=1))
    first = make_run()
    assert export_runs.claim_next(at=AT, wall_now=AT) == first
    assert export_runs.claim_next(at=AT, wall_now=AT) is None
    finish(ExportRun.objects.get(pk=first.pk))
    assert export_runs.claim_next(at=AT, wall_now=AT) == later


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_that_claim_at_the_same_moment_one_gets_an_export():
    first = make_run()
    make_run(at=AT + timedelta(seconds=1))

    def claim_elsewhere():
        try:
            return export_runs.claim_next(at=AT, wall_now=AT)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            assert export_runs.claim_next(at=AT, wall_now=AT) == first
            second = pool.submit(claim_elsewhere)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.5)
        assert second.result(timeout=5) is None
    assert export_runs.claim_next(at=AT, wall_now=AT) is None


@pytest.mark.django_db
def test_progress_is_noted_and_never_beyond_the_total():
    make_run()
    run = export_runs.claim_next(at=AT, wall_now=AT)
    assert export_runs.note_progress(run, rows=2, wall_now=AT)
    assert ExportRun.objects.get().rows_done == 2
    assert export_runs.note_progress(run, rows=7, wall_now=AT)
    assert ExportRun.objects.get().rows_done == 3


@pytest.mark.django_db
def test_export_that_goes_on_is_not_claimed_again():
    make_run()
    run = export_runs.claim_next(at=AT, wall_now=AT)
    expired = AT + export_runs.CLAIM_LASTS
    assert export_runs.note_progress(run, rows=1, wall_now=expired - timedelta(seconds=1))
    assert export_runs.release_stuck(at=AT, wall_now=expired) == 0
    assert export_runs.claim_next(at=AT, wall_now=expired) is None


@pytest.mark.django_db
def test_cancelled_export_leaves_no_file_and_is_on_record():
    make_run()
    run = export_runs.claim_next(at=AT, wall_now=AT)
    assert export_runs.cancel(run, by=run.by, at=AT)
    assert not export_runs.note_progress(run, rows=1, wall_now=AT)
    assert not finish(run)
    assert not run.file.storage.exists(f"exports/{run.public_id.hex}")
    assert ExportRun.objects.get().state == ExportState.CANCELLED
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.detail) == (
        "export_cancelled",
        run.by,
        {"export": str(run.public_id), "format": "csv", "dataset": "pseudonymised"},
    )
    assert not export_runs.cancel(run, by=run.by, at=AT)
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db
def test_file_is_kept_for_a_week_and_its_row_for_ninety_days():
    make_run()
    run = export_runs.claim_next(at=AT, wall_now=AT)
    assert finish(run)
    run = ExportRun.objects.get()
    week = timedelta(days=7)
    assert export_runs.is_kept(run, at=AT + week - timedelta(seconds=1))
    assert not export_runs.is_kept(run, at=AT + week)
    assert carry_out(at=AT + week - timedelta(seconds=1)) == {}
    days = timedelta(days=90)
    assert export_runs.delete_old(at=AT + days + week) == 0  # its file first
    name = run.file.name
    assert run.file.storage.exists(name)
    assert carry_out(at=AT + week) == {"exports": 1}
    assert not run.file.storage.exists(name)
    assert carry_out(at=AT + week) == {}
    run = ExportRun.objects.get()
    assert (run.state, run.rows_done, bool(run.file)) == (ExportState.DONE, 3, False)
    make_run()  # waits
    assert export_runs.delete_old(at=run.asked_at + days) == 0
    assert export_runs.delete_old(at=AT + days + week) == 1
    assert [one.state for one in ExportRun.objects.all()] == [ExportState.WAITING]


@pytest.mark.django_db
def test_file_ends_with_what_it_is_a_copy_of():
    call = make_call()
    end = ends_at(call, DataClass.CONTACT_DETAILS)
    for asked in (end - timedelta(seconds=1), end):
        make_run(call, at=asked)
        assert finish(export_runs.claim_next(at=asked, wall_now=asked), at=asked)
    assert carry_out(at=end) == {}
    confirm_retention(call)
    assert carry_out(at=end - timedelta(seconds=1)) == {}
    assert carry_out(at=end) == {"exports": 1}
    assert [run.asked_at for run in export_runs.kept(call)] == [end]


@pytest.mark.django_db
def test_export_whose_worker_ended_is_made_again_once():
    make_run()
    run = export_runs.claim_next(at=AT, wall_now=AT)
    expired = AT + export_runs.CLAIM_LASTS
    assert export_runs.release_stuck(at=AT, wall_now=expired - timedelta(seconds=1)) == 0
    assert export_runs.release_stuck(at=AT, wall_now=expired) == 1
    again = export_runs.claim_next(at=AT, wall_now=expired)
    assert again == run
    # The first worker, should it live after all, finds that the export is no longer its own.
    assert not export_runs.note_progress(run, rows=1, wall_now=expired)
    assert export_runs.note_progress(again, rows=1, wall_now=expired)
    assert export_runs.release_stuck(at=AT, wall_now=expired + export_runs.CLAIM_LASTS) == 1
    run = ExportRun.objects.get()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        "The worker that made it stopped twice. Choose less at once.",
    )


@pytest.mark.django_db(transaction=True)
def test_moving_the_clock_of_a_rehearsal_does_not_start_a_running_export_again(monkeypatch):
    make_run()
    monkeypatch.setattr("core.clock.wall_now", lambda: AT)
    export_runs.claim_next(at=AT, wall_now=AT)
    monkeypatch.setattr("core.clock.portal_now", lambda: AT + timedelta(days=30))
    tasks.make_exports()
    run = ExportRun.objects.get()
    assert (run.state, run.attempts) == (ExportState.RUNNING, 1)


@pytest.mark.django_db(transaction=True)
def test_task_that_the_broker_hands_over_again_starts_nothing_twice(monkeypatch):
    """As it does with a task that runs for an hour."""
    monkeypatch.setattr(worker, "EVERY", 0.01)
    make_run(make_call(slug="the-call"))
    started = []

    def long(*_args, **_detail):
        started.append(1)
        tasks.make_exports()
        yield b"whole"

    monkeypatch.setattr(worker, "export_chunks", long)
    monkeypatch.setattr(tasks, "nudge_exports", lambda: None)
    tasks.make_exports()
    assert (started, ExportRun.objects.get().state) == ([1], ExportState.DONE)
    assert tasks.make_exports.time_limit == 2 * 60 * 60


@pytest.mark.django_db
def test_only_whoever_asked_and_superusers_may_take_it():
    run = make_run()
    assert export_runs.may_take(run, by=run.by)
    assert not export_runs.may_take(run, by=make_user(Role.STEERING_MEMBER))
    boss = make_user(is_superuser=True)
    assert export_runs.may_take(run, by=boss)
    assert list(export_runs.runs_of(run.call, by=boss)) == [run]
    assert list(export_runs.runs_of(run.call, by=make_user(Role.STEERING_MEMBER))) == []


@pytest.mark.django_db(transaction=True)
def test_worker_makes_the_file_that_was_asked_for():
    call = make_call(slug="the-call")
    wanted = make_submitted(call, roles=["provider"])
    make_submitted(call, roles=["commissioner"])
    asked = make_run(
        call,
        filters=ExportFilter(facets={"roles": ("provider",)}).filters(),
        file_format="json",
        rows_total=1,
    )
    assert worker.make_next(now=now, wall_now=now) == asked
    run = ExportRun.objects.get()
    assert (run.state, run.rows_done, run.rows_total) == (ExportState.DONE, 1, 1)
    assert run.file_name == "the-call-2019-07-25-part-json-lines.jsonl"
    with run.file.open("rb") as kept:
        content = kept.read()
    assert wanted.reference.encode() in content
    assert len(content.splitlines()) == 1
    assert hashlib.sha256(content).hexdigest() == run.sha256
    event = AuditEvent.objects.get(action="exported")
    assert event.actor == run.by
    assert event.detail["sha256"] == run.sha256
    assert event.detail["filters"] == {"facets": {"roles": ["provider"]}}
    assert event.detail["export"] == str(run.public_id)
    assert worker.make_next(now=now, wall_now=now) is None


@pytest.mark.django_db(transaction=True)
def test_worker_shows_its_progress_and_stops_when_cancelled(monkeypatch):
    """Cancelled from outside while the export reads: by the page, on another connection."""
    monkeypatch.setattr(worker, "EVERY", 0.01)
    make_run(make_call(slug="the-call"))
    seen = []

    def endless(*_args, progress, **_detail):
        rows = 0
        try:
            while rows < 1_000_000:
                rows += 1
                progress(rows)
                yield b"."
                run = ExportRun.objects.get()
                if run.rows_done and not seen:
                    seen.append(run.rows_done)
                    export_runs.cancel(run, by=run.by, at=AT)
        finally:
            seen.append("closed")

    monkeypatch.setattr(worker, "export_chunks", endless)
    worker.make_next(now=now, wall_now=now)
    run = ExportRun.objects.get()
    assert (run.state, bool(run.file)) == (ExportState.CANCELLED, False)
    assert seen == [seen[0], "closed"]
    assert 1 <= seen[0] <= 3


def claimed_anew(before, *, within):
    """Whether the run is claimed anew in so many seconds."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if ExportRun.objects.get().claimed_at != before:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("longest", "renewed"), [(60, True), (0, False)])
def test_claim_lasts_through_one_long_step_unless_it_takes_too_long(monkeypatch, longest, renewed):
    monkeypatch.setattr(worker, "EVERY", 0.01)
    monkeypatch.setattr(worker, "LONGEST_STEP", longest)
    make_run(make_call(slug="the-call"))
    seen = []

    def one_step(*_args, **_detail):
        claimed_at = ExportRun.objects.get().claimed_at
        seen.append(claimed_anew(claimed_at, within=10 if renewed else 0.3))
        yield b"whole"

    monkeypatch.setattr(worker, "export_chunks", one_step)
    worker.make_next(now=now, wall_now=clock.wall_now)
    assert (seen, ExportRun.objects.get().state) == ([renewed], ExportState.DONE)


@pytest.mark.django_db(transaction=True)
def test_claim_lasts_while_the_file_is_copied_and_then_stands(monkeypatch):
    monkeypatch.setattr(worker, "EVERY", 0.01)
    make_run(make_call(slug="the-call"))
    seen = []

    def save(*args, **options):
        seen.append(claimed_anew(ExportRun.objects.get().claimed_at, within=10))
        return kept(*args, **options)

    kept = FieldFile.save
    monkeypatch.setattr(FieldFile, "save", save)
    worker.make_next(now=now, wall_now=clock.wall_now)
    run = ExportRun.objects.get()
    assert (seen, run.state, bool(run.file)) == ([True], ExportState.DONE, True)
    assert not claimed_anew(run.claimed_at, within=0.2)


@pytest.mark.django_db(transaction=True)
def test_cancelling_a_file_in_the_making_is_no_fault(monkeypatch, caplog):
    run = make_run(make_call(slug="the-call"), file_format="json")
    make_submitted(run.call)

    def rows_done_once_it_is_lost(progress, rows):
        assert progress._is_lost.wait(10)
        rows_done(progress, rows)

    rows_done = worker.Progress.rows_done
    monkeypatch.setattr(worker.Progress, "rows_done", rows_done_once_it_is_lost)
    monkeypatch.setattr(worker, "EVERY", 0)
    monkeypatch.setattr(export_runs, "note_progress", lambda *_args, **_progress: False)
    worker.make_next(now=now, wall_now=now)
    event = AuditEvent.objects.get(action="export_broken")
    assert (event.detail["rows"], event.detail["why"]) == (1, "Cancelled")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.django_db(transaction=True)
def test_permission_that_was_taken_away_meanwhile_is_missed():
    run = make_run()
    withhold(run.by, Action.EXPORT)
    worker.make_next(now=now, wall_now=now)
    run = ExportRun.objects.get()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        "You do not have permission to export responses.",
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", [False, True])
def test_export_without_a_name_behind_it_is_not_taken_for_the_command_lines(named):
    run = make_run(scope=Scope(named=named), reason="To thank them" if named else "")
    ExportRun.objects.filter(pk=run.pk).update(by=None)
    worker.make_next(now=now, wall_now=now)
    run = ExportRun.objects.get()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        "Nobody asked for it: only the command line exports without a name.",
    )
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("an answer"), "Something went wrong. Ask for it again."),
        # Full since it was looked at, without inodes, or over a quota.
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "The disk where files are kept takes no more. Ask the people who run the portal to "
            "make room there, then ask for it again.",
        ),
    ],
)
def test_export_that_breaks_says_so_and_names_no_answer(monkeypatch, error, said):
    make_run()

    def breaking(*_args, **_detail):
        yield b"reference"
        raise error

    monkeypatch.setattr(worker, "export_chunks", breaking)
    worker.make_next(now=now, wall_now=now)
    run = ExportRun.objects.get()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        said,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_begun", [False, True])
def test_export_without_room_for_temporary_files_says_where_to_make_some(
    monkeypatch, has_begun, caplog
):
    run = make_run()

    def full(_context):
        if has_begun:
            yield b"reference"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setitem(FORMATS, run.file_format, replace(FORMATS[run.file_format], pieces=full))
    worker.make_next(now=now, wall_now=now)
    run.refresh_from_db()
    assert (run.state, run.error) == (
        ExportState.FAILED,
        f"There is no room left for temporary files in {tempfile.gettempdir()}. Ask the people who "
        "run the portal to make room there, or choose less at once.",
    )
    [broken] = [line for line in caplog.records if "broke off" in line.message]
    assert broken.exc_info is None
    assert broken.message.endswith(f", {tempfile.gettempdir()}: No space left on device")


@pytest.mark.django_db
def test_looking_for_work_takes_one_query_when_there_is_none():
    with CaptureQueriesContext(connection) as queries:
        assert export_runs.claim_next(at=AT, wall_now=AT) is None
    assert len([q for q in queries if "SELECT" in q["sql"]]) == 1


@pytest.mark.django_db(transaction=True)
def test_worker_makes_what_was_asked_for_and_puts_its_reason_on_record():
    call, by = make_call(), make_user(Role.REVIEWER)
    for publication in ("named", "confidential"):
        make_submitted(call, publication=publication, story=f"A {publication} story")
    allow(by, "export_confidential", "export_named", "see_identity")
    scope = Scope(named=True, includes_unnamed=True, confidential=True)
    make_run(call, by=by, scope=scope, reason="For the report")
    run = worker.make_next(now=now, wall_now=now)
    run.refresh_from_db()
    with run.file.open("rb") as kept:
        said = kept.read().decode()
    assert ("A named story" in said, "A confidential story" in said, run.rows_done) == (
        True,
        True,
        2,
    )
    detail = AuditEvent.objects.get(action="exported").detail
    assert (detail["reason"], detail["confidential"], detail["dataset"]) == (
        "For the report",
        True,
        "named",
    )
