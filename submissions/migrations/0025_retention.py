"""How long each class of a call's data is kept."""

from django.db import migrations, models

import submissions.calls.retention


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0024_set_aside_reasons")]
    operations = [
        migrations.AddField(
            model_name="call",
            name="retention",
            field=models.JSONField(
                default=submissions.calls.retention.default_periods,
                editable=False,
                help_text="Class of data -> how long it is kept.",
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="retention_revision",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
