from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("accounts", "0019_request_on_record"),
    ]

    operations = [
        migrations.AlterField(
            model_name="membership",
            name="wants_digest",
            field=models.BooleanField(
                default=False,
                help_text="A mail each morning with the call's numbers while the call is open. The person needs the right to get the digest, and an email address.",
                verbose_name="daily digest",
            ),
        ),
    ]
