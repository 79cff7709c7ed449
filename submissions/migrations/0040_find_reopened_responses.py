from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0039_addresses_kept_by_refusals")]
    operations = [
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("amending_since__isnull", False)),
                fields=["call"],
                name="submissions_reopened",
            ),
        ),
    ]
