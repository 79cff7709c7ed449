"""A mail about an account that nobody can be sent stays with the reason; a new kind needs no migration."""

from django.db import migrations, models

import accounts.states

KIND, STATE = "accounts_accountmail_kind", "accounts_accountmail_state"


class Migration(migrations.Migration):
    # The table is in no release before.
    portal_may_run = True
    dependencies = [("accounts", "0020_plainer_help_texts")]

    operations = [
        migrations.RemoveConstraint(model_name="accountmail", name=KIND),
        migrations.RemoveConstraint(model_name="accountmail", name=STATE),
        migrations.AlterField(
            model_name="accountmail",
            name="kind",
            field=models.CharField(choices=accounts.states.account_mail_kinds, max_length=20),
        ),
        migrations.AlterField(
            model_name="accountmail",
            name="state",
            field=models.CharField(
                choices=[("waiting", "Waiting"), ("claimed", "Being sent"), ("failed", "Failed")],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="accountmail",
            name="last_error",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="A sentence for staff.",
                max_length=200,
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__regex", "^[a-z_]+$")), name=KIND
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmail",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "claimed", "failed"])), name=STATE
            ),
        ),
    ]
