"""Authors are told by mail of a file that the virus scanner found harmful."""

from django.db import migrations, models

KINDS = [
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
]


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0019_may_export_confidential")]
    operations = [
        migrations.AlterField(
            model_name="outboxemail",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=20),
        ),
        migrations.RemoveConstraint(model_name="outboxemail", name="submissions_outboxemail_kind"),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _ in KINDS])),
                name="submissions_outboxemail_kind",
            ),
        ),
    ]
