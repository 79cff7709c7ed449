from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0030_one_import_at_a_time")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="have_ready",
            field=models.TextField(
                blank=True,
                default="",
                help_text="What to have at hand before starting, in a few words.",
            ),
            preserve_default=False,
        ),
    ]
