"""Take over from the record who set the status of each response last, and when."""

from django.db import migrations

FILL = """
INSERT INTO review_review (submission_id, flagged, reason, decided_by_id, decided_at)
SELECT DISTINCT ON (event.submission_id)
    event.submission_id, false, '', event.actor_id, event.at
FROM accounts_auditevent AS event
JOIN submissions_submission AS submission ON submission.id = event.submission_id
WHERE event.action = 'status_changed' AND submission.state <> 'erased'
ORDER BY event.submission_id, event.at DESC, event.id DESC
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("review", "0002_inbox"),
        ("accounts", "0015_rights_of_a_person"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
