"""Memberships give rights. Django's permissions stay in the table, for the way back."""

from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0020_notice_of_an_infected_file")]
    operations = [
        migrations.AlterModelOptions(
            name="submission",
            options={"ordering": ["-submitted_at", "-pk"], "verbose_name": "response"},
        ),
    ]
