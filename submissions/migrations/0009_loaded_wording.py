"""Keep what the definition of a call last said of the words that staff can change."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0008_word_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoadedWording",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.JSONField(help_text="Path, such as call.summary, and text.")),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="loaded_wording",
                        to="submissions.call",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
    ]
