"""Beat goes on when the machine's clock is set back."""

from datetime import timedelta

from celery.beat import PersistentScheduler

from evidence_portal.beat_scheduler import Scheduler
from evidence_portal.celery import app

LONGEST = 300  # seconds


def next_look(scheduler_class, path):
    """Seconds until beat looks again, where it sent everything an hour after what is now."""
    scheduler = scheduler_class(app, schedule_filename=str(path), max_interval=LONGEST)
    try:
        for entry in scheduler.schedule.values():
            entry.last_run_at = app.now() + timedelta(hours=1)
        return scheduler.tick()
    finally:
        scheduler.close()


def test_beat_goes_on_when_the_clock_is_set_back(tmp_path):
    assert app.conf.beat_scheduler == "evidence_portal.beat_scheduler:Scheduler"
    assert next_look(PersistentScheduler, tmp_path / "celerys") == LONGEST
    assert 0 < next_look(Scheduler, tmp_path / "ours") <= 10
