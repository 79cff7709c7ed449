import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import exports.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("submissions", "0005_deadlines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExportRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("claimed_at", models.DateTimeField(help_text="Real time.", null=True)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("file_format", models.CharField(max_length=20)),
                ("named", models.BooleanField(default=False, help_text="Says who answered.")),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("filters", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Ready"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(default=0)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        storage=exports.models.private_storage,
                        upload_to=exports.models.export_path,
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=150)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.", null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "by",
                    models.ForeignKey(
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
                        related_name="export_runs",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "ordering": ["-asked_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "running", "done", "cancelled", "failed"])
                        ),
                        name="exports_exportrun_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(
                                ("finished_at__isnull", False), ("sha256__regex", "^[0-9a-f]{64}$")
                            ),
                            _connector="OR",
                        ),
                        name="exports_exportrun_done_has_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("named", False),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="exports_exportrun_named_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rows_done__lte", models.F("rows_total"))),
                        name="exports_exportrun_done_within_total",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            ("claimed_at__isnull", False),
                            _connector="OR",
                        ),
                        name="exports_exportrun_running_has_claim",
                    ),
                    models.UniqueConstraint(
                        fields=("state",),
                        condition=models.Q(("state", "running")),
                        name="exports_exportrun_one_running",
                    ),
                ],
            },
        ),
    ]
