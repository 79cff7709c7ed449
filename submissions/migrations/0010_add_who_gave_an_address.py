"""Who gave each address, the author or staff; and the mails that tell of a changed address."""

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
]
SOURCES = [("author", "The author of the response"), ("staff", "Staff")]


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0009_loaded_wording")]
    operations = [
        migrations.AddField(
            model_name="outboxemail",
            name="address_given_by",
            field=models.CharField(
                choices=SOURCES,
                default="author",
                help_text="A mail to an address that staff gave has no link to a response.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="returnaddress",
            name="given_by",
            field=models.CharField(choices=SOURCES, default="author", max_length=10),
        ),
        migrations.AddField(
            model_name="returnaddress",
            name="confirmed_at",
            field=models.DateTimeField(
                help_text="When a link that was sent there was first used.", null=True
            ),
        ),
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
