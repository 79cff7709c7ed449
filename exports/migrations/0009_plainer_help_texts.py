from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("exports", "0008_note_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apitoken",
            name="includes_unnamed",
            field=models.BooleanField(
                default=False,
                help_text="A named export also names those who did not choose to be named.",
            ),
        ),
        migrations.AlterField(
            model_name="exportrun",
            name="includes_unnamed",
            field=models.BooleanField(
                default=False,
                help_text="A named export also names those who did not choose to be named.",
            ),
        ),
    ]
