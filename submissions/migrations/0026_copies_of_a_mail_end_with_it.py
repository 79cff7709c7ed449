"""A copy of a mail is deleted with the mail: both are about one response, which was erased."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [("submissions", "0025_retention")]
    operations = [
        migrations.AlterField(
            model_name="outboxemail",
            name="resend_of",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="resends",
                to="submissions.outboxemail",
            ),
        ),
    ]
