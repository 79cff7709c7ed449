"""A new action or right needs no migration: the code lists them, and the table takes any name."""

import django.contrib.postgres.fields
from django.db import migrations, models

import accounts.states

NAME = "accounts_auditevent_action"


def some_actions() -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(choices=accounts.states.actions, max_length=30),
        blank=True,
        default=list,
        size=None,
    )


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0014_opened_mails_on_record")]

    operations = [
        # On the way back the table goes on taking any action: what was recorded stays.
        migrations.RunSQL(
            sql=[
                f"ALTER TABLE accounts_auditevent DROP CONSTRAINT {NAME}",
                f"ALTER TABLE accounts_auditevent ADD CONSTRAINT {NAME} CHECK (action ~ '^[a-z_]+$')",
            ],
            reverse_sql=migrations.RunSQL.noop,
            state_operations=[
                migrations.RemoveConstraint("auditevent", NAME),
                migrations.AlterField(
                    "auditevent",
                    "action",
                    models.CharField(choices=accounts.states.audit_actions, max_length=30),
                ),
                migrations.AddConstraint(
                    "auditevent",
                    models.CheckConstraint(
                        condition=models.Q(("action__regex", "^[a-z_]+$")), name=NAME
                    ),
                ),
            ],
        ),
        migrations.AlterField("membership", "also", some_actions()),
        migrations.AlterField("membership", "without", some_actions()),
    ]
