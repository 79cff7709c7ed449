"""Exports remember how many files they had to leave out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("exports", "0001_runs")]
    operations = [
        migrations.AddField(
            model_name="exportrun",
            name="lost_files",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Files of responses that were missing or damaged when it was made.",
            ),
        ),
    ]
