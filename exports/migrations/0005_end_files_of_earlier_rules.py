"""Files that release 1.0.0 made hold what respondents have not agreed to by the rules of today."""

from django.db import migrations


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("exports", "0004_confidential_has_reason")]
    operations = [
        # The next purge deletes them; until then nobody can download them.
        migrations.RunSQL(
            "UPDATE exports_exportrun SET expires_at = finished_at WHERE state = 'done'",
            migrations.RunSQL.noop,
        ),
    ]
