"""The Celery application and what beat asks of it.

Beat is the guarantee that every mail goes out; the nudge after a submission is for speed.
"""

import os

from celery import Celery
from celery.schedules import crontab
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")

# Seconds. A task that no worker took in this time expires, and the next one takes its place. So a
# worker that comes back finds one of each, not those of an afternoon.
TICK_LASTS = 10.0

app = Celery("evidence_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    [
        "core",
        "accounts",
        "submissions.mail",
        "submissions.responses",
        "review",
        "exports",
        "personal_data",
        "retention",
    ]
)
# When it loses the broker, a worker would return the tasks that it has not begun, over the lost
# connection. That ends its loop, and it hangs. It need not return them: beat sends new ones.
Channel.do_restore = False
# The worker and beat look for a lost broker for as long as it takes.
app.conf.broker_connection_max_retries = None
app.conf.beat_scheduler = "evidence_portal.beat_scheduler:Scheduler"
app.conf.beat_schedule = {
    "send-due-mail": {
        "task": "submissions.send_due_mail",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "send-account-mail": {
        "task": "accounts.send_account_mail",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "purge-sign-ins": {
        "task": "accounts.purge",
        "schedule": crontab(minute=13, hour="*/6"),
        "options": {"expires": 3600.0},
    },
    "release-stuck-mail": {
        # So that the mails which a killed worker had claimed go out within two minutes.
        "task": "submissions.release_stuck_mail",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "enqueue-reminders": {
        "task": "submissions.enqueue_reminders",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "carry-out-imports": {
        "task": "submissions.carry_out_imports",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "clear-imports": {
        "task": "submissions.clear_imports",
        "schedule": crontab(minute=41, hour="*/6"),
        "options": {"expires": 3600.0},
    },
    "end-removed-files": {
        "task": "submissions.end_removed_files",
        "schedule": crontab(minute=31),
        "options": {"expires": 3600.0},
    },
    # Four times a day, so that an outage does not break what the privacy notice promises per day.
    "end-data": {
        "task": "retention.end_data",
        "schedule": crontab(minute=23, hour="*/6"),
        "options": {"expires": 3600.0},
    },
    # Each night, of which one a week finds it due: it reads every byte of every file. A night in
    # which no worker ran is made up for in the next.
    "check-evidence": {
        "task": "submissions.check_evidence",
        "schedule": crontab(minute=7, hour=2),
        "options": {"expires": 3600.0},
    },
    "enqueue-digests": {
        "task": "submissions.enqueue_digests",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "make-exports": {
        "task": "exports.make_exports",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "number-changes": {
        "task": "exports.number_changes",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "look-after-tokens": {
        "task": "exports.look_after_tokens",
        "schedule": crontab(minute=52, hour="*/6"),
        "options": {"expires": 3600.0},
    },
    "seal-record": {
        "task": "accounts.seal_record",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "carry-out-erasures": {
        "task": "personal_data.carry_out_erasures",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "scan-files": {
        "task": "submissions.scan_files",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "compare-arrivals": {
        "task": "review.compare_arrivals",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "write-search-entries": {
        "task": "review.write_search_entries",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "read-files": {
        "task": "review.read_files",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
    "report-alive": {
        "task": "core.report_alive",
        "schedule": 10.0,
        "options": {"expires": TICK_LASTS},
    },
}
