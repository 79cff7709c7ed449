"""A search for who answered is among the actions that go on record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("accounts", "0003_record_stands"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="auditevent",
            name="accounts_auditevent_action",
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
                        [
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
                        ],
                    )
                ),
                name="accounts_auditevent_action",
            ),
        ),
    ]
