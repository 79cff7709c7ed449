"""What set_up_groups gave to a group last, so that it does not undo what superusers changed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("accounts", "0004_identity_search_on_record"),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupSetUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "permissions",
                    models.JSONField(default=list, help_text="Such as “submissions.see_identity”."),
                ),
                (
                    "group",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="set_up",
                        to="auth.group",
                    ),
                ),
            ],
        ),
    ]
