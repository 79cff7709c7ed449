"""The outbox."""

import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("submissions", "0002_responses")]
    operations = [
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
                    "deferred_since",
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
    ]
