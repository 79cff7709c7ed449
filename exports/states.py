"""The states of an export that a worker makes."""

from django.db.models import TextChoices


class ExportState(TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Ready"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"
