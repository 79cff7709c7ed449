"""Departures from a call's closing time."""

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("submissions", "0004_return_links"),
    ]
    operations = [
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
