import uuid

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import submissions.responses.models.responses


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=100, unique=True)),
                ("title", models.CharField(max_length=200)),
                (
                    "summary",
                    models.TextField(help_text="One or two sentences, also for search engines."),
                ),
                (
                    "partners",
                    models.JSONField(
                        default=list, help_text="Names of the organisations that ask."
                    ),
                ),
                ("about", models.TextField(help_text="Paragraphs; an empty line between two.")),
                (
                    "what_happens_next",
                    models.TextField(help_text="Paragraphs; an empty line between two."),
                ),
                ("contact_name", models.CharField(max_length=200)),
                ("contact_email", models.EmailField(max_length=254)),
                ("contact_phone", models.CharField(blank=True, max_length=40)),
                (
                    "help_text",
                    models.TextField(
                        blank=True,
                        help_text="How to get help or another format; shown in the same place always.",
                    ),
                ),
                ("opens_at", models.DateTimeField()),
                (
                    "closes_at",
                    models.DateTimeField(
                        help_text="Responses are taken until just before this moment."
                    ),
                ),
                ("timezone", models.CharField(default="Europe/London", max_length=64)),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        help_text="Code of the language it is in; empty: the portal's.",
                        max_length=20,
                    ),
                ),
                ("grace_minutes", models.PositiveSmallIntegerField(default=0)),
                ("reference_prefix", models.CharField(max_length=6)),
                ("accent_colour", models.CharField(blank=True, max_length=7)),
                (
                    "logo",
                    models.CharField(
                        blank=True,
                        help_text="Path of a picture under static/, if any.",
                        max_length=200,
                    ),
                ),
                (
                    "privacy_text",
                    models.TextField(blank=True, help_text="Replaces the portal's own notice."),
                ),
                (
                    "accessibility_text",
                    models.TextField(blank=True, help_text="Added to the portal's own."),
                ),
                (
                    "cookies_text",
                    models.TextField(blank=True, help_text="Added to the portal's own."),
                ),
                (
                    "withdrawal_text",
                    models.TextField(
                        blank=True, help_text="How to ask for withdrawal after closing."
                    ),
                ),
                (
                    "hides_small_counts",
                    models.BooleanField(
                        default=False,
                        help_text="The steering group sees counts under five as fewer than 5.",
                    ),
                ),
                (
                    "shares_confidential_files",
                    models.BooleanField(
                        default=False,
                        help_text="Files of confidential responses are among the exports.",
                    ),
                ),
                (
                    "needs_evidence",
                    models.BooleanField(
                        default=True,
                        help_text="A response has at least one long answer or one file.",
                    ),
                ),
                (
                    "facets",
                    models.JSONField(
                        default=list,
                        editable=False,
                        help_text="Questions to count and filter by.",
                    ),
                ),
                (
                    "derived",
                    models.JSONField(
                        default=list,
                        editable=False,
                        help_text="Bands out of the options of a facet.",
                    ),
                ),
                ("definition_digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("revision", models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                "ordering": ["-closes_at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("closes_at__gt", models.F("opens_at"))),
                        name="submissions_call_closes_after_opening",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference_prefix__regex", "^[A-Z]{2,6}$")),
                        name="submissions_call_reference_prefix",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("accent_colour", ""),
                            ("accent_colour__regex", "^#[0-9a-f]{6}$"),
                            _connector="OR",
                        ),
                        name="submissions_call_accent_colour",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Section",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z0-9_]*\\Z", "Small letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                ("intro", models.TextField(blank=True)),
                ("show_if", models.CharField(blank=True, max_length=300)),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sections",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z0-9_]*\\Z", "Small letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("radio", "One choice"),
                            ("checkboxes", "Several choices"),
                            ("roles", "Respondent roles"),
                            ("short", "Short text"),
                            ("long", "Long text"),
                            ("email", "Email address"),
                            ("matrix", "One choice a row"),
                            ("file", "Files"),
                            ("checkbox", "Single checkbox"),
                        ],
                        max_length=20,
                    ),
                ),
                ("label", models.CharField(max_length=500)),
                ("hint", models.TextField(blank=True)),
                ("required", models.BooleanField(default=False)),
                ("required_if", models.CharField(blank=True, max_length=300)),
                ("show_if", models.CharField(blank=True, max_length=300)),
                (
                    "identity",
                    models.BooleanField(
                        default=False,
                        help_text="Says who answers: stored apart, and withheld from exports.",
                    ),
                ),
                ("options", models.JSONField(blank=True, default=list)),
                ("rows", models.JSONField(blank=True, default=list)),
                (
                    "missing",
                    models.CharField(
                        blank=True,
                        help_text="What is said when a required answer is missing.",
                        max_length=300,
                    ),
                ),
                ("max_chars", models.PositiveIntegerField(blank=True, null=True)),
                ("max_words", models.PositiveIntegerField(blank=True, null=True)),
                ("max_files", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("max_mb", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("file_types", models.JSONField(blank=True, default=list)),
                (
                    "warn_unless",
                    models.CharField(
                        blank=True,
                        help_text="A regular expression; the answer is never refused.",
                        max_length=300,
                    ),
                ),
                ("warning", models.CharField(blank=True, max_length=300)),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="submissions.call",
                    ),
                ),
                (
                    "section",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="questions",
                        to="submissions.section",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
            },
        ),
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
            name="ReturnAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("given_at", models.DateTimeField()),
                ("reminders_refused_at", models.DateTimeField(null=True)),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="return_address",
                        to="submissions.submission",
                    ),
                ),
            ],
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
            name="OutboxEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("confirmation", "Confirmation of a submission"),
                            ("amended", "Confirmation of a changed submission"),
                            ("withdrawn", "Confirmation of a withdrawal"),
                            ("return_link", "Link back to a response"),
                            ("reminder", "Reminder of an unfinished response"),
                            ("closed_with_draft", "Closed with an unfinished response"),
                            ("late_pass", "Late pass"),
                            ("staff_digest", "Daily digest for staff"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "occasion",
                    models.CharField(
                        blank=True,
                        help_text="Which of several mails of one kind this is, where each is sent once.",
                        max_length=40,
                    ),
                ),
                ("to_address", models.EmailField(max_length=254)),
                ("message_id", models.CharField(max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "next_attempt_at",
                    models.DateTimeField(help_text="Real time; at once if empty.", null=True),
                ),
                ("claimed_at", models.DateTimeField(help_text="Real time.", null=True)),
                (
                    "held_up_since",
                    models.DateTimeField(
                        help_text="Real time of the first attempt that failed.", null=True
                    ),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("subject", models.CharField(blank=True, help_text="As sent.", max_length=300)),
                (
                    "body",
                    models.TextField(
                        blank=True, help_text="As sent, without links' tokens and answers."
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="submissions.call",
                    ),
                ),
                (
                    "resend_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="resends",
                        to="submissions.outboxemail",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="submissions.submission",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="submissions.version",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "outbox",
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="LatePass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(blank=True, max_length=254)),
                (
                    "token_sha256",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("reason", models.CharField(max_length=500)),
                ("given_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_passes",
                        to="submissions.call",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_passes",
                        to="submissions.submission",
                    ),
                ),
                (
                    "used_for",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_pass",
                        to="submissions.version",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "late passes",
                "ordering": ["-given_at", "-pk"],
            },
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
        migrations.CreateModel(
            name="ClosingChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("before", models.DateTimeField()),
                ("after", models.DateTimeField()),
                ("reason", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
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
                        related_name="closing_changes",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("before", models.F("after")), _negated=True),
                        name="submissions_closingchange_differs",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RespondentRole",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        max_length=50,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[a-z][a-z0-9_]*\\Z", "Small letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                ("label", models.CharField(max_length=300)),
                (
                    "reveals",
                    models.CharField(
                        blank=True,
                        help_text="Key of the question that this role brings up.",
                        max_length=50,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="roles",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("call"), models.F("key"), name="submissions_respondentrole_key"
                    ),
                    models.UniqueConstraint(
                        models.F("call"),
                        models.F("position"),
                        name="submissions_respondentrole_position",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReturnToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField(help_text="When the mail was written last.")),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "mail",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="link",
                        to="submissions.outboxemail",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["token_sha256"], name="submissions_returntoken_by_sha")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("made_at"))),
                        name="submissions_returntoken_expires_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True),
                            ("used_at__lt", models.F("expires_at")),
                            _connector="OR",
                        ),
                        name="submissions_returntoken_used_before_expiry",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="section",
            constraint=models.UniqueConstraint(
                models.F("call"), models.F("key"), name="submissions_section_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="section",
            constraint=models.UniqueConstraint(
                models.F("call"), models.F("position"), name="submissions_section_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="section",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "key__in",
                        (
                            "amend",
                            "check",
                            "conflict",
                            "files",
                            "forget",
                            "help",
                            "leave",
                            "receipt",
                            "save",
                            "submitted",
                            "text",
                            "withdraw",
                        ),
                    ),
                    _negated=True,
                ),
                name="submissions_section_key_not_reserved",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                models.F("call"), models.F("key"), name="submissions_question_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.UniqueConstraint(
                models.F("section"), models.F("position"), name="submissions_question_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "radio",
                            "checkboxes",
                            "roles",
                            "short",
                            "long",
                            "email",
                            "matrix",
                            "file",
                            "checkbox",
                        ],
                    )
                ),
                name="submissions_question_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="returnaddress",
            index=models.Index(
                django.db.models.functions.text.Lower("address"),
                name="submissions_return_by_address",
            ),
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
        migrations.AddIndex(
            model_name="outboxemail",
            index=models.Index(
                models.OrderBy(models.F("next_attempt_at"), nulls_first=True),
                models.F("id"),
                condition=models.Q(("state", "waiting")),
                name="submissions_outbox_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "claimed", "sent", "failed"])),
                name="submissions_outboxemail_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "confirmation",
                            "amended",
                            "withdrawn",
                            "return_link",
                            "reminder",
                            "closed_with_draft",
                            "late_pass",
                            "staff_digest",
                        ],
                    )
                ),
                name="submissions_outboxemail_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                    models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", True)),
                    _connector="OR",
                ),
                name="submissions_outboxemail_sent_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "claimed"), _negated=True),
                    ("claimed_at__isnull", False),
                    _connector="OR",
                ),
                name="submissions_outboxemail_claimed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.UniqueConstraint(
                models.F("version"),
                models.F("kind"),
                condition=models.Q(("resend_of__isnull", True), ("version__isnull", False)),
                name="submissions_outboxemail_once_a_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.UniqueConstraint(
                models.F("submission"),
                models.F("kind"),
                models.F("occasion"),
                condition=models.Q(
                    ("resend_of__isnull", True), models.Q(("occasion", ""), _negated=True)
                ),
                name="submissions_outboxemail_once_an_occasion",
            ),
        ),
        migrations.AddConstraint(
            model_name="latepass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("submission__isnull", False),
                    models.Q(("address", ""), _negated=True),
                    _connector="OR",
                ),
                name="submissions_latepass_is_somebodys",
            ),
        ),
        migrations.AddConstraint(
            model_name="latepass",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("given_at"))),
                name="submissions_latepass_expires_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="latepass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("used_at__isnull", True), ("used_for__isnull", True)),
                    models.Q(
                        ("revoked_at__isnull", True),
                        ("used_at__lt", models.F("expires_at")),
                        ("used_for__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="submissions_latepass_used_in_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="latepass",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="submissions_latepass_has_reason",
            ),
        ),
    ]
