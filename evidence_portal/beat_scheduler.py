"""Beat's scheduler, which goes on when the machine's clock is set back.

Celery's own would send nothing until the clock has caught up with what it sent last: for an hour,
if the machine started with a clock that was an hour ahead.
"""

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    def tick(self, *arguments: Any, **options: Any) -> float:
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if (entry.last_run_at or now) > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None  # Celery then works out anew when each is due
        seconds: float = super().tick(*arguments, **options)
        return seconds
