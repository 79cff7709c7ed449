"""Calls and what they ask."""

import uuid

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
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
    ]
