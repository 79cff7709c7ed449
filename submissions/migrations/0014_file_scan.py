"""What the virus scanner said of files; a file without a row has not been scanned."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0013_evidence_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="FileScan",
            fields=[
                (
                    "attachment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="scan",
                        serialize=False,
                        to="submissions.attachment",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("clean", "Nothing found"),
                            ("infected", "Infected"),
                            ("failed", "Could not be scanned"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "detail",
                    models.CharField(
                        blank=True,
                        help_text="What was found, or why the scanner could not tell.",
                        max_length=200,
                    ),
                ),
                ("scanned_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["clean", "infected", "failed"])),
                        name="submissions_filescan_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("detail", ""), ("state", "clean")),
                            models.Q(
                                models.Q(("state", "clean"), _negated=True),
                                models.Q(("detail", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="submissions_filescan_only_clean_has_no_detail",
                    ),
                ],
            },
        ),
    ]
