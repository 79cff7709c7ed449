"""Responses: the working copy, and the versions that were submitted."""

import uuid

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import submissions.responses.models.responses


class Migration(migrations.Migration):
    dependencies = [("submissions", "0001_calls")]
    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Submitted"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "This website"),
                            ("email", "Email"),
                            ("post", "Post"),
                            ("phone", "Telephone"),
                        ],
                        default="web",
                        max_length=10,
                    ),
                ),
                (
                    "reference",
                    models.CharField(editable=False, max_length=16, null=True, unique=True),
                ),
                (
                    "rehearsal",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Begun while a rehearsal clock ran.",
                    ),
                ),
                (
                    "triage_status",
                    models.CharField(
                        choices=[
                            ("unread", "Unread"),
                            ("in_review", "In review"),
                            ("considered", "Considered"),
                            ("set_aside", "Set aside"),
                        ],
                        default="unread",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("saved_at", models.DateTimeField()),
                (
                    "lock_version",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Counts the changes of the working copy.",
                    ),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(
                        editable=False, help_text="When the first version was received.", null=True
                    ),
                ),
                (
                    "amending_since",
                    models.DateTimeField(
                        editable=False,
                        help_text="The author opened the submitted response again to change it.",
                        null=True,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "verbose_name": "response",
                "ordering": ["-submitted_at", "-pk"],
                "permissions": [
                    ("see_steering", "Can see the steering group's pages"),
                    ("export_pseudonymised", "Can export responses without who answered"),
                    ("see_identity", "Can see who answered"),
                    ("export_named", "Can export responses with who answered"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IdentityAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.JSONField()),
                ("saved_at", models.DateTimeField()),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.question",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_answers",
                        to="submissions.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=150)),
                (
                    "file",
                    models.FileField(
                        storage=submissions.responses.models.responses.private_storage,
                        upload_to=submissions.responses.models.responses.attachment_path,
                    ),
                ),
                ("file_type", models.CharField(max_length=10)),
                ("size", models.PositiveBigIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
                ("uploaded_at", models.DateTimeField()),
                (
                    "removed_at",
                    models.DateTimeField(
                        help_text="Taken out of the working copy; earlier versions keep it.",
                        null=True,
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.question",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="submissions.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["uploaded_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.JSONField()),
                ("saved_at", models.DateTimeField()),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.question",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="submissions.submission",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("received_at", models.DateTimeField()),
                ("deadline", models.DateTimeField()),
                (
                    "timing",
                    models.CharField(
                        choices=[
                            ("on_time", "On time"),
                            ("grace", "In the grace period"),
                            ("late_pass", "With a late pass"),
                        ],
                        max_length=10,
                    ),
                ),
                ("choices", models.JSONField()),
                ("texts", models.JSONField()),
                (
                    "text_keys",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("texts"),
                            function="jsonb_path_query_array",
                            template="%(function)s(%(expressions)s, '$.keyvalue().key')",
                        ),
                        output_field=models.JSONField(),
                    ),
                ),
                ("canonical_text", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("words", models.PositiveIntegerField()),
                (
                    "attachments",
                    models.ManyToManyField(related_name="versions", to="submissions.attachment"),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="submissions.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["submission", "number"],
            },
        ),
        migrations.AddField(
            model_name="submission",
            name="current_version",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="submissions.version",
            ),
        ),
        migrations.CreateModel(
            name="VersionIdentity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("answers", models.JSONField()),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity",
                        to="submissions.version",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="identityanswer",
            index=django.contrib.postgres.indexes.HashIndex(
                django.db.models.functions.text.Lower(
                    django.db.models.functions.comparison.Cast("value", models.TextField())
                ),
                name="submissions_identity_by_value",
            ),
        ),
        migrations.AddConstraint(
            model_name="identityanswer",
            constraint=models.UniqueConstraint(
                models.F("submission"), models.F("question"), name="submissions_identityanswer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gt", 0)), name="submissions_attachment_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                name="submissions_attachment_sha256",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(
                models.F("submission"), models.F("question"), name="submissions_answer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.UniqueConstraint(
                models.F("submission"), models.F("number"), name="submissions_version_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_at__lt", models.F("deadline"))),
                name="submissions_version_before_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(("timing__in", ["on_time", "grace", "late_pass"])),
                name="submissions_version_timing",
            ),
        ),
        migrations.AddConstraint(
            model_name="version",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                name="submissions_version_sha256",
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                fields=["call", "state", "-submitted_at"], name="submissions_by_submitted_at"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "submitted", "withdrawn"])),
                name="submissions_submission_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["web", "email", "post", "phone"])),
                name="submissions_submission_channel",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("triage_status__in", ["unread", "in_review", "considered", "set_aside"])
                ),
                name="submissions_submission_triage_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), ("withdrawn_at__isnull", False)),
                    models.Q(
                        models.Q(("state", "withdrawn"), _negated=True),
                        ("withdrawn_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="submissions_submission_withdrawn_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amending_since__isnull", True), ("state", "submitted"), _connector="OR"
                ),
                name="submissions_submission_only_submitted_is_amended",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("current_version__isnull", True),
                        ("reference__isnull", True),
                        ("state", "draft"),
                        ("submitted_at__isnull", True),
                    ),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        ("current_version__isnull", False),
                        ("reference__isnull", False),
                        ("submitted_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="submissions_submission_draft_has_no_receipt",
            ),
        ),
    ]
