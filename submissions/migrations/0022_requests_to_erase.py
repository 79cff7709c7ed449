"""Requests to erase a response or who gave it, and the mails about them."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0021_rights_are_memberships"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("author", "Its author’s request"),
                            ("retention", "The end of its retention"),
                        ],
                        default="author",
                        max_length=10,
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("identity", "Who answered"),
                            ("files", "The files"),
                            ("response", "The whole response"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked for"),
                            ("approved", "Approved"),
                            ("erased", "Being erased"),
                            ("done", "Erased"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="What was promised: a month after it was asked for."
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        help_text="How its author asked, or which rule. No names.",
                        max_length=500,
                    ),
                ),
                (
                    "token_sha256",
                    models.CharField(
                        blank=True,
                        editable=False,
                        help_text="Of the link that confirms it.",
                        max_length=64,
                    ),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "refusal",
                    models.CharField(
                        blank=True, help_text="Its author gets these words.", max_length=500
                    ),
                ),
                ("erased_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "files_left",
                    models.JSONField(
                        default=list,
                        editable=False,
                        help_text="Generated names of files still to be deleted.",
                    ),
                ),
            ],
            options={
                "verbose_name": "request to erase",
                "verbose_name_plural": "requests to erase",
                "ordering": ["-asked_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="outboxemail",
            name="submissions_outboxemail_kind",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submissions_submission_state",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submissions_submission_withdrawn_has_time",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submissions_submission_draft_has_no_receipt",
        ),
        migrations.AlterField(
            model_name="outboxemail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirmation", "Confirmation of a submission"),
                    ("amended", "Confirmation of a changed submission"),
                    ("withdrawn", "Confirmation of a withdrawal"),
                    ("return_link", "Link back to a response"),
                    ("reminder", "Reminder of an unfinished response"),
                    ("closed_with_draft", "Closed with an unfinished response"),
                    ("late_pass", "Late pass"),
                    ("staff_digest", "Daily digest for staff"),
                    ("receipt_again", "Receipt at an address that staff entered"),
                    ("receipt_elsewhere", "Notice that staff sent a receipt elsewhere"),
                    ("address_changed", "Notice of a changed address"),
                    ("version_notice", "Notice of a changed submission at an earlier address"),
                    ("file_infected", "Notice of a file that the virus scanner found harmful"),
                    ("erasure_asked", "Notice of a request to erase"),
                    ("erasure_stopped", "A request to erase was refused or withdrawn"),
                    ("erasure_done", "Notice that a response was erased"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("submitted", "Submitted"),
                    ("withdrawn", "Withdrawn"),
                    ("erased", "Erased"),
                ],
                default="draft",
                max_length=10,
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
                            "receipt_again",
                            "receipt_elsewhere",
                            "address_changed",
                            "version_notice",
                            "file_infected",
                            "erasure_asked",
                            "erasure_stopped",
                            "erasure_done",
                        ],
                    )
                ),
                name="submissions_outboxemail_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "submitted", "withdrawn", "erased"])),
                name="submissions_submission_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "erased"),
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
                    models.Q(
                        ("current_version__isnull", True),
                        ("reference__isnull", True),
                        ("state__in", ["draft", "erased"]),
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
        migrations.AddField(
            model_name="erasurerequest",
            name="call",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasures",
                to="submissions.call",
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="entered_by",
            field=models.ForeignKey(
                help_text="Empty if its author asked on the website, or a rule of retention did.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="erasurerequest",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasures",
                to="submissions.submission",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground__in", ["author", "retention"])),
                name="submissions_erasurerequest_ground",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ["identity", "files", "response"])),
                name="submissions_erasurerequest_scope",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "approved", "erased", "done", "refused", "withdrawn"])
                ),
                name="submissions_erasurerequest_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entered_by__isnull", True), ("ground", "author")),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="submissions_erasurerequest_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("entered_by__isnull", True),
                    ("decided_by__isnull", True),
                    models.Q(("entered_by", models.F("decided_by")), _negated=True),
                    _connector="OR",
                ),
                name="submissions_erasurerequest_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("approved", "erased", "done")), _negated=True),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("decided_at__isnull", False),
                        models.Q(
                            ("decided_by__isnull", False), ("ground", "retention"), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="submissions_erasurerequest_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("erased_at__isnull", False), ("state__in", ["erased", "done"])),
                    models.Q(
                        models.Q(("state__in", ["erased", "done"]), _negated=True),
                        ("erased_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="submissions_erasurerequest_erased_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurerequest",
            constraint=models.UniqueConstraint(
                models.F("submission"),
                condition=models.Q(("state__in", ("asked", "approved", "erased"))),
                name="submissions_erasurerequest_one_open",
            ),
        ),
    ]
