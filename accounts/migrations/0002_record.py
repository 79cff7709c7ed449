import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_users"),
        ("submissions", "0002_responses"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="call",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="submissions.call",
            ),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="submission",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit_events",
                to="submissions.submission",
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["-at"], name="accounts_audit_by_time"),
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
                        ],
                    )
                ),
                name="accounts_auditevent_action",
            ),
        ),
    ]
