"""One import is carried out at a time, so that mail never waits for imports."""

from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0029_imports_of_responses")]

    operations = [
        migrations.AddConstraint(
            model_name="responseimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("state",),
                name="submissions_responseimport_one_running",
            ),
        ),
    ]
