"""Responses that came another way: their channel, when they came, who entered them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("submissions", "0026_copies_of_a_mail_end_with_it"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="entry",
                        serialize=False,
                        to="submissions.submission",
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField()),
                (
                    "acknowledgement",
                    models.CharField(
                        choices=[
                            ("mail", "By email, to the address among the answers"),
                            ("letter", "By a letter to print"),
                            (
                                "none",
                                "Not at all: its author does not want it, or cannot be reached",
                            ),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "verbose_name": "entered response",
                "verbose_name_plural": "entered responses",
                "ordering": ["-begun_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="outboxemail",
            name="submissions_outboxemail_kind",
        ),
        migrations.RemoveConstraint(
            model_name="submission",
            name="submissions_submission_channel",
        ),
        migrations.AddField(
            model_name="version",
            name="entered_by",
            field=models.ForeignKey(
                help_text="Who entered it, where its author did not submit it here.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="question",
            field=models.ForeignKey(
                help_text="None for the original of an entered response, which says who answered.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="submissions.question",
            ),
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
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="submission",
            name="channel",
            field=models.CharField(
                choices=[
                    ("web", "This website"),
                    ("email", "Email"),
                    ("post", "Post"),
                    ("phone", "Telephone"),
                    ("in_person", "In person"),
                ],
                default="web",
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
                            "acknowledgement",
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
                condition=models.Q(("channel__in", ["web", "email", "post", "phone", "in_person"])),
                name="submissions_submission_channel",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="begun_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("acknowledgement__in", ["mail", "letter", "none"])),
                name="submissions_entry_acknowledgement",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_at__lte", models.F("begun_at"))),
                name="submissions_entry_received_first",
            ),
        ),
    ]
