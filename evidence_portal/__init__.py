"""Settings, addresses, Celery and WSGI. No app imports anything from here."""

import gc

from evidence_portal.celery import app as celery_app

__all__ = ["celery_app"]

# What is loaded stays, and leaves nothing to collect. `PortalAdminConfig.ready` turns it on again.
gc.disable()
