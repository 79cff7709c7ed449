from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0018_publication_policy_is_known")]
    operations = [
        migrations.AlterModelOptions(
            name="submission",
            options={
                "ordering": ["-submitted_at", "-pk"],
                "permissions": [
                    ("see_steering", "Can see the steering group's pages"),
                    ("export_pseudonymised", "Can export responses without who answered"),
                    ("see_identity", "Can see who answered"),
                    ("export_named", "Can export responses with who answered"),
                    ("export_confidential", "Can export confidential responses"),
                ],
                "verbose_name": "response",
            },
        ),
    ]
