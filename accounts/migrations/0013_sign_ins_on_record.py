"""Sign-ins, second factors, invitations and changes of people go on record."""

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
    "person_invited",
    "invitation_revoked",
    "invitation_accepted",
    "person_changed",
    "signed_in",
    "sign_in_failed",
    "signed_out",
    "sign_in_ended",
    "password_changed",
    "second_factor_set_up",
    "second_factor_removed",
]


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0012_sign_ins_end")]

    operations = [
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
                            ("person_invited", "Invited somebody"),
                            ("invitation_revoked", "Took an invitation back"),
                            ("invitation_accepted", "Made an account by an invitation"),
                            ("person_changed", "Changed a person's user"),
                            ("signed_in", "Signed in"),
                            ("sign_in_failed", "Failed to sign in"),
                            ("signed_out", "Signed out"),
                            ("sign_in_ended", "Ended a sign-in"),
                            ("password_changed", "Changed a password"),
                            ("second_factor_set_up", "Set up a second factor"),
                            ("second_factor_removed", "Took a second factor away"),
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
