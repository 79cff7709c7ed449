"""What staff confirmed of how the data of a call ends."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CLASSES = [
    ("drafts", "Unfinished responses"),
    ("mails", "Mails"),
    ("contact_details", "Contact details"),
    ("files", "Files"),
    ("evidence", "Evidence"),
    ("exports", "Exports"),
    ("record", "The record"),
]


class Migration(migrations.Migration):
    portal_may_run = True
    initial = True
    dependencies = [
        ("submissions", "0025_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="RetentionCalendar",
            fields=[],
            options={
                "verbose_name": "retention calendar",
                "ordering": ["-closes_at", "pk"],
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("submissions.call",),
        ),
        migrations.CreateModel(
            name="RetentionConfirmation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("retention_revision", models.PositiveIntegerField()),
                (
                    "classes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=CLASSES, max_length=20), size=None
                    ),
                ),
                (
                    "periods",
                    models.JSONField(
                        help_text="Class of data -> how long it is kept, as confirmed."
                    ),
                ),
                (
                    "due",
                    models.JSONField(
                        help_text="Class of data -> how much of it the report said would end."
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        help_text="Empty: what release 1.0.0 ended by itself.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retention_confirmations",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        "call",
                        "retention_revision",
                        name="retention_confirmation_once",
                        condition=models.Q(by__isnull=False),
                    ),
                ],
            },
        ),
    ]
