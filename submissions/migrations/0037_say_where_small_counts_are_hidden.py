from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0036_responses_worked_on_together")]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="hides_small_counts",
            field=models.BooleanField(
                default=False,
                help_text="Counts under five are shown as fewer than 5: to the steering group, in "
                "the matrix and its files, and in reports for readers outside.",
            ),
        ),
    ]
