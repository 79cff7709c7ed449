from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("exports", "0003_confidential_and_unnamed")]
    operations = [
        migrations.AddConstraint(
            model_name="exportrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confidential", False),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="exports_exportrun_confidential_has_reason",
            ),
        ),
    ]
