"""The list of what a team takes away has the name of what is in it; no table changes."""

from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("exports", "0010_changes_of_bare_rows")]

    operations = [
        migrations.AlterModelOptions(
            name="teamfiles",
            options={
                "ordering": ["-closes_at", "pk"],
                "verbose_name": "files for the team",
                "verbose_name_plural": "files for the team",
            },
        ),
    ]
