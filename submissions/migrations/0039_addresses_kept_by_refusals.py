"""Let go of addresses that were kept because somebody stopped reminders.

Release 1.0.0 then kept the address among the answers as the one for links, although nobody gave it
for them: it stayed so where its author corrected it. Those that a link was asked for stay, and so
do those that somebody confirmed.
"""

from django.db import migrations

KEPT_BY_REFUSALS = """
UPDATE submissions_returnaddress r SET address = ''
WHERE r.given_at = r.reminders_refused_at AND r.given_by = 'author' AND r.address <> ''
    AND r.confirmed_at IS NULL
    AND NOT EXISTS (
        SELECT FROM submissions_outboxemail m
        WHERE m.submission_id = r.submission_id AND m.kind = 'return_link'
            AND lower(m.to_address) = lower(r.address))
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0038_plainer_help_texts")]
    operations = [migrations.RunSQL(KEPT_BY_REFUSALS, migrations.RunSQL.noop)]
