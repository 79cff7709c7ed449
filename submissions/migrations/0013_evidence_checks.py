"""The portal keeps what each check of the evidence found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0012_links_for_authors_only")]
    operations = [
        migrations.CreateModel(
            name="EvidenceCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(help_text="Real time, at its start.")),
                ("versions", models.PositiveIntegerField()),
                ("files", models.PositiveIntegerField()),
                ("problems", models.PositiveIntegerField()),
                (
                    "lines",
                    models.JSONField(
                        default=list, help_text="The first problems, without names or answers."
                    ),
                ),
            ],
            options={"ordering": ["-at", "-pk"]},
        ),
    ]
