"""The Celery application and what beat asks of it.

Beat is the guarantee that every mail goes out; the nudge after a submission is for speed.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")

app = Celery("evidence_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["submissions"])
app.conf.beat_schedule = {
    "send-due-mail": {"task": "submissions.send_due_mail", "schedule": 10.0},
    "release-stuck-mail": {"task": "submissions.release_stuck_mail", "schedule": 60.0},
    "report-alive": {"task": "submissions.report_alive", "schedule": 10.0},
}
