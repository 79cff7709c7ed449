from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0017_publication_policy_of_loaded_calls")]
    operations = [
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(publication__in=["asked", "never", "not asked"]),
                name="submissions_call_publication",
            ),
        ),
    ]
