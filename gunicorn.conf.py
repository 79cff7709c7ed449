"""The settings of gunicorn, which reads this file in the folder where it starts.

Two variables of gunicorn's own matter: WEB_CONCURRENCY is the number of processes, and
FORWARDED_ALLOW_IPS lists the proxies whose X-Forwarded-Proto it trusts. Without the latter it
trusts only a proxy on this machine. `evidence_portal.web` checks both, and starts gunicorn.
"""

import os
import sys
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core import clock_check, schema, working_folders
from evidence_portal import static_files
from evidence_portal.environment import read_web_processes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")
try:
    _ = settings.ROOT_URLCONF  # the settings are read at the first use
    workers = read_web_processes()
except ImproperlyConfigured as error:
    # One line instead of a traceback from every worker.
    sys.exit(str(error))

# The processes add up what they count for /metrics/ in files of a folder. It has to be named before
# the first of them loads the portal. Where gunicorn reads this file again, it is named already.
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
own_counts = None if os.environ.get(COUNTS) else working_folders.take()
if own_counts is not None:
    os.environ[COUNTS] = own_counts.path

# Its own lines, such as of a worker that ended. In gunicorn's own form, the fault of a file that
# breaks off while it is sent would quote answers.
formatters: Any = settings.LOGGING["formatters"]
logconfig_dict = {
    "formatters": {"generic": formatters[settings.LOG_FORMAT]},
    "loggers": {
        "gunicorn.error": {"handlers": ["error_console"], "level": "INFO", "propagate": False}
    },
    "root": {"handlers": [], "level": "INFO"},
}

wsgi_app = "evidence_portal.wsgi:application"
# Its threads get whole requests, so that nobody who sends slowly holds one.
worker_class = "evidence_portal.patient_worker.PatientWorker"
threads = 4
# None: a header SCRIPT_NAME, which Caddy passes on from a client, would move pages to other paths.
forwarder_headers = ""
timeout = 60
graceful_timeout = 10
# Workers touch a file here to show that they run. On a slow disk they would seem to hang.
if os.access("/dev/shm", os.W_OK | os.X_OK):  # noqa: S108 - gunicorn makes nameless files in it
    worker_tmp_dir = "/dev/shm"  # noqa: S108 - as above


def on_starting(_server: object) -> None:
    """Refuse a database or static files of another release before any request is taken."""
    django.setup()
    static_files.exit_unless_collected()
    schema.exit_unless_current()
    clock_check.log_at_start()


def when_ready(server: Any) -> None:
    """Keep the folder beyond SIGHUP: then gunicorn reads this file again, and takes no other."""
    server.own_counts = own_counts


def on_exit(server: Any) -> None:
    if server.own_counts is not None:
        working_folders.leave(server.own_counts)


# Workers restart after so many requests, not all at once: a leak in a library cannot grow.
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
