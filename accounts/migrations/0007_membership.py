"""What somebody is in a call, and the changes of that on record."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ACTIONS = [
    "export_started",
    "exported",
    "export_broken",
    "response_opened",
    "file_opened",
    "status_changed",
    "call_changed",
    "mail_resent",
    "call_loaded",
    "late_pass_given",
    "late_pass_revoked",
    "response_withdrawn",
    "address_corrected",
    "export_downloaded",
    "export_cancelled",
    "rehearsal_reset",
    "identity_searched",
    "membership_given",
    "membership_changed",
    "membership_ended",
]


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("accounts", "0006_groups_of_1_0_0"),
        ("submissions", "0001_calls"),
    ]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("manager", "Manager"),
                            ("reviewer", "Reviewer"),
                            ("coder", "Coder"),
                            ("steering_member", "Steering member"),
                            ("data_protection", "Data protection"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "also",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("see_call", "See the call and its closing report"),
                                ("change_call", "Change the call's words and its closing time"),
                                ("read_responses", "Read responses"),
                                ("open_files", "Open files of responses"),
                                ("see_identity", "See who answered"),
                                ("change_status", "Change the status of a response"),
                                ("code", "Put passages under codes"),
                                ("withdraw", "Withdraw a response at its author's request"),
                                ("see_mails", "See the outbox"),
                                ("send_mails", "Send a mail again"),
                                ("see_late_passes", "See late passes"),
                                ("give_late_passes", "Give a late pass and take it back"),
                                ("read_record", "Read the audit events"),
                                ("see_people", "See who is a member"),
                                ("manage_people", "Make, change and end memberships"),
                                ("get_digest", "Get the daily digest"),
                                ("see_steering", "See the charts"),
                                ("export", "Export responses without who answered"),
                                ("export_named", "Export who answered"),
                                ("export_confidential", "Export confidential responses"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "without",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("see_call", "See the call and its closing report"),
                                ("change_call", "Change the call's words and its closing time"),
                                ("read_responses", "Read responses"),
                                ("open_files", "Open files of responses"),
                                ("see_identity", "See who answered"),
                                ("change_status", "Change the status of a response"),
                                ("code", "Put passages under codes"),
                                ("withdraw", "Withdraw a response at its author's request"),
                                ("see_mails", "See the outbox"),
                                ("send_mails", "Send a mail again"),
                                ("see_late_passes", "See late passes"),
                                ("give_late_passes", "Give a late pass and take it back"),
                                ("read_record", "Read the audit events"),
                                ("see_people", "See who is a member"),
                                ("manage_people", "Make, change and end memberships"),
                                ("get_digest", "Get the daily digest"),
                                ("see_steering", "See the charts"),
                                ("export", "Export responses without who answered"),
                                ("export_named", "Export who answered"),
                                ("export_confidential", "Export confidential responses"),
                            ],
                            max_length=30,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "wants_digest",
                    models.BooleanField(
                        default=False,
                        help_text="Mail about the call's numbers each morning while it is open. "
                        "It needs the right to get the digest, and an email address.",
                        verbose_name="daily digest",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="submissions.call",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["call", "person__username"],
                "constraints": [
                    models.UniqueConstraint(
                        "person", "call", name="accounts_membership_one_a_call"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "manager",
                                    "reviewer",
                                    "coder",
                                    "steering_member",
                                    "data_protection",
                                ],
                            )
                        ),
                        name="accounts_membership_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("also__overlap", models.F("without")), _negated=True),
                        name="accounts_membership_also_or_without",
                    ),
                ],
            },
        ),
        # On the way back the table goes on taking the new actions: what was recorded stays.
        migrations.RunSQL(
            sql=[
                "ALTER TABLE accounts_auditevent DROP CONSTRAINT accounts_auditevent_action",
                f"ALTER TABLE accounts_auditevent ADD CONSTRAINT accounts_auditevent_action "
                f"CHECK (action IN ({', '.join(repr(action) for action in ACTIONS)}))",
            ],
            reverse_sql=migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveConstraint(
                    model_name="auditevent", name="accounts_auditevent_action"
                ),
                migrations.AlterField(
                    model_name="auditevent",
                    name="action",
                    field=models.CharField(
                        choices=[
                            ("export_started", "Started an export"),
                            ("exported", "Exported responses"),
                            ("export_broken", "Export broken off"),
                            ("response_opened", "Opened a response"),
                            ("file_opened", "Opened a file"),
                            ("status_changed", "Changed a response's status"),
                            ("call_changed", "Changed a call"),
                            ("mail_resent", "Sent a mail again"),
                            ("call_loaded", "Loaded a call definition"),
                            ("late_pass_given", "Gave a late pass"),
                            ("late_pass_revoked", "Took a late pass back"),
                            ("response_withdrawn", "Withdrew a response"),
                            ("address_corrected", "Corrected the address of a mail"),
                            ("export_downloaded", "Downloaded an export"),
                            ("export_cancelled", "Cancelled an export"),
                            ("rehearsal_reset", "Reset a rehearsal"),
                            ("identity_searched", "Searched who answered"),
                            ("membership_given", "Made somebody a member of a call"),
                            ("membership_changed", "Changed somebody's membership"),
                            ("membership_ended", "Ended somebody's membership"),
                        ],
                        max_length=30,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="auditevent",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "action__in",
                                ACTIONS,
                            )
                        ),
                        name="accounts_auditevent_action",
                    ),
                ),
            ],
        ),
    ]
