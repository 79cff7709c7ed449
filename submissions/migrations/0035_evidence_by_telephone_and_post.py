from django.db import migrations, models

PHONE = "The number under which people give evidence by telephone; empty: that is not offered."
HOURS = "When somebody answers there, such as “Monday to Friday, 10am to 4pm”."
ADDRESS = "Where people send evidence by post, line by line; empty: that is not offered."


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0033_links_that_only_confirm_and_mails_that_go_together")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="evidence_phone",
            field=models.CharField(blank=True, default="", help_text=PHONE, max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="call",
            name="evidence_phone_hours",
            field=models.CharField(blank=True, default="", help_text=HOURS, max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="call",
            name="evidence_address",
            field=models.TextField(blank=True, default="", help_text=ADDRESS),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(evidence_phone="", evidence_phone_hours="")
                | (~models.Q(evidence_phone="") & ~models.Q(evidence_phone_hours="")),
                name="submissions_call_telephone_has_hours",
                violation_error_message="Enter both the telephone number and its hours, or neither.",
            ),
        ),
    ]
