"""Imports of many responses: the uploads, and which response came of which row."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import submissions.responses.models.imports


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0028_questions_to_authors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="their_reference",
            field=models.CharField(
                blank=True,
                help_text="A number that it came with, or has in your files.",
                max_length=100,
            ),
        ),
        migrations.CreateModel(
            name="ResponseImport",
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
                (
                    "kind",
                    models.CharField(
                        choices=[("csv", "A table (CSV)"), ("folder", "A folder of files (ZIP)")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                (
                    "file",
                    models.FileField(
                        blank=True,
                        storage=submissions.responses.models.imports.private_storage,
                        upload_to=submissions.responses.models.imports.import_path,
                    ),
                ),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
                ("uploaded_at", models.DateTimeField()),
                ("choices", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "To be checked"),
                            ("waiting", "Waiting"),
                            ("running", "Being carried out"),
                            ("done", "Carried out"),
                        ],
                        default="checking",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("rows_entered", models.PositiveIntegerField(default=0)),
                ("rows_submitted", models.PositiveIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
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
                        related_name="imports",
                        to="submissions.call",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "import of responses",
                "verbose_name_plural": "imports of responses",
                "ordering": ["-uploaded_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="imported_row",
                        serialize=False,
                        to="submissions.submission",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.call",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="submissions.responseimport",
                    ),
                ),
            ],
            options={
                "ordering": ["source", "number"],
            },
        ),
        migrations.AddConstraint(
            model_name="responseimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["checking", "waiting", "running", "done"])),
                name="submissions_responseimport_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="responseimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["csv", "folder"])),
                name="submissions_responseimport_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="responseimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rows_entered__lte", models.F("rows_done")),
                    ("rows_submitted__lte", models.F("rows_entered")),
                ),
                name="submissions_responseimport_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="responseimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "checking"),
                    models.Q(("asked_at__isnull", False), ("asked_by__isnull", False)),
                    _connector="OR",
                ),
                name="submissions_responseimport_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.UniqueConstraint(
                models.F("call"), models.F("digest"), name="submissions_importedrow_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.UniqueConstraint(
                models.F("source"), models.F("number"), name="submissions_importedrow_number"
            ),
        ),
    ]
