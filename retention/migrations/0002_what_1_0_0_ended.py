"""What release 1.0.0 ended by itself goes on ending so, in the calls that it had."""

from typing import Any

from django.db import migrations
from django.utils import timezone

PERIODS = {"drafts": "90 days after closing", "mails": "90 days after closing"}


def fill(apps: Any, _schema_editor: Any) -> None:
    confirmations = apps.get_model("retention", "RetentionConfirmation").objects
    for call in apps.get_model("submissions", "Call").objects.order_by("pk"):
        confirmations.create(
            call=call,
            retention_revision=call.retention_revision,
            classes=list(PERIODS),
            periods=PERIODS,
            due={},
            at=timezone.now(),
        )


def empty(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("retention", "RetentionConfirmation").objects.filter(by=None).delete()


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("retention", "0001_confirmations")]
    operations = [migrations.RunPython(fill, empty)]
