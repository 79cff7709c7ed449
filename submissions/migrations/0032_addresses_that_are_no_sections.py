"""No section is called “delete” or “erase”: below a response these are pages of the portal."""

from django.db import migrations, models

RESERVED = (
    "amend",
    "check",
    "conflict",
    "delete",
    "erase",
    "files",
    "forget",
    "help",
    "leave",
    "receipt",
    "save",
    "submitted",
    "text",
    "withdraw",
)


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0031_what_to_have_ready")]

    operations = [
        migrations.RemoveConstraint(
            model_name="section", name="submissions_section_key_not_reserved"
        ),
        migrations.AddConstraint(
            model_name="section",
            constraint=models.CheckConstraint(
                condition=models.Q(("key__in", RESERVED), _negated=True),
                name="submissions_section_key_not_reserved",
            ),
        ),
    ]
