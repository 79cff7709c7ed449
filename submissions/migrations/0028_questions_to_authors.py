"""What staff ask the author of a response, and what the author answers."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0027_responses_entered_by_staff"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "token_sha256",
                    models.CharField(
                        editable=False,
                        help_text="Of the link that answers it.",
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("text", models.TextField()),
                ("asked_at", models.DateTimeField()),
                (
                    "answer_until",
                    models.DateTimeField(help_text="Answers are taken until just before this."),
                ),
                (
                    "refused_at",
                    models.DateTimeField(
                        help_text="When the author asked on its page to be asked nothing more.",
                        null=True,
                    ),
                ),
                (
                    "ended_at",
                    models.DateTimeField(
                        help_text="When it ended with what was erased.", null=True
                    ),
                ),
            ],
            options={
                "verbose_name": "question to an author",
                "verbose_name_plural": "questions to authors",
                "ordering": ["asked_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("received_at", models.DateTimeField()),
                ("deadline", models.DateTimeField()),
            ],
            options={
                "verbose_name": "answer of an author",
                "verbose_name_plural": "answers of authors",
                "ordering": ["follow_up", "number"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="outboxemail",
            name="submissions_outboxemail_kind",
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
                    ("acknowledgement", "Acknowledgement of a response that staff entered"),
                    ("erasure_asked", "Notice of a request to erase"),
                    ("erasure_stopped", "A request to erase was refused or withdrawn"),
                    ("erasure_done", "Notice that a response was erased"),
                    ("question_asked", "Question to the author of a response"),
                    ("question_answered", "Confirmation of an answer to a question"),
                ],
                max_length=20,
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
                            "acknowledgement",
                            "erasure_asked",
                            "erasure_stopped",
                            "erasure_done",
                            "question_asked",
                            "question_answered",
                        ],
                    )
                ),
                name="submissions_outboxemail_kind",
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="mail",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="follow_up",
                to="submissions.outboxemail",
            ),
        ),
        migrations.AddField(
            model_name="followup",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="follow_ups",
                to="submissions.submission",
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="follow_up",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="replies",
                to="submissions.followup",
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked_at__lt", models.F("answer_until"))),
                name="submissions_followup_asked_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.UniqueConstraint(
                models.F("follow_up"), models.F("number"), name="submissions_reply_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="reply",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_at__lt", models.F("deadline"))),
                name="submissions_reply_before_deadline",
            ),
        ),
    ]
