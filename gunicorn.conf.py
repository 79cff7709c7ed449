"""How gunicorn serves the portal; it reads this file in the folder where it is started.

WEB_CONCURRENCY sets the number of processes, FORWARDED_ALLOW_IPS whose X-Forwarded-Proto is
believed (gunicorn's own variables; without the latter, only a proxy on this machine).
"""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core import schema

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evidence_portal.settings")
try:
    _ = settings.ROOT_URLCONF  # the settings are read at the first use
except ImproperlyConfigured as error:
    # One line instead of a traceback from every worker.
    sys.exit(str(error))

wsgi_app = "evidence_portal.wsgi:application"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 4
timeout = 60
graceful_timeout = 10
# The workers show here that they live. On a slow disk they would look dead.
if os.access("/dev/shm", os.W_OK | os.X_OK):  # noqa: S108 - gunicorn makes nameless files in it
    worker_tmp_dir = "/dev/shm"  # noqa: S108


def on_starting(_server: object) -> None:
    """Refuse a database of another release before any request is taken."""
    django.setup()
    schema.exit_unless_current()


# A memory leak in some library ends with its process, and not all processes end at once.
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
