"""The list of what the team of a call takes away."""

from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("exports", "0005_end_files_of_earlier_rules"),
        ("submissions", "0030_one_import_at_a_time"),
    ]
    operations = [
        migrations.CreateModel(
            name="TeamFiles",
            fields=[],
            options={
                "verbose_name": "files for the team",
                "verbose_name_plural": "take it away",
                "ordering": ["-closes_at", "pk"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("submissions.call",),
        ),
    ]
