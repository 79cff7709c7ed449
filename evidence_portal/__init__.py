"""Settings, addresses, Celery and WSGI. No app imports anything from here."""

from evidence_portal.celery import app as celery_app

__all__ = ["celery_app"]
