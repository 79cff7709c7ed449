"""Who decides what a call publishes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0015_addresses_in_one_form")]
    operations = [
        migrations.AddField(
            model_name="call",
            name="publication",
            field=models.CharField(
                choices=[
                    ("asked", "Each respondent chooses"),
                    ("never", "Never: every response is confidential"),
                    ("not asked", "Not asked: used inside, never published"),
                ],
                default="asked",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="shares_confidential_files",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "Exports of confidential responses, which project staff make, have their files."
                ),
            ),
        ),
    ]
