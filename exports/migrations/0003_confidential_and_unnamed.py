"""Exports that hold confidential responses, or those who did not choose to be named."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("exports", "0002_lost_files")]
    operations = [
        migrations.AddField(
            model_name="exportrun",
            name="includes_unnamed",
            field=models.BooleanField(
                default=False,
                help_text="If named: of those too who did not choose to be named.",
            ),
        ),
        migrations.AddField(
            model_name="exportrun",
            name="confidential",
            field=models.BooleanField(
                default=False, help_text="Has the evidence of confidential responses."
            ),
        ),
    ]
