"""Say of the addresses that are there who gave them, and end the links that staff led elsewhere.

Release 1.0.0 let staff correct an address, which then got links. The record tells which those are.
A receipt on its way to one goes out without its link; other mails with a link to one do not go out.
"""

from django.db import migrations

RETURN_ADDRESSES = """
UPDATE submissions_returnaddress r SET given_by = 'staff'
FROM accounts_auditevent e
WHERE e.action = 'address_corrected' AND e.submission_id = r.submission_id AND e.at = r.given_at
"""
MAILS = """
UPDATE submissions_outboxemail m SET address_given_by = 'staff'
WHERE m.kind IN ('staff_digest', 'late_pass')
    OR EXISTS (
        SELECT FROM submissions_outboxemail c JOIN accounts_auditevent e
            ON e.action = 'address_corrected' AND (e.detail ->> 'again')::bigint = c.id
        WHERE c.id = m.id
            OR c.submission_id = m.submission_id AND lower(c.to_address) = lower(m.to_address))
    OR EXISTS (
        SELECT FROM submissions_returnaddress r
        WHERE r.submission_id = m.submission_id AND r.given_by = 'staff'
            AND lower(r.address) = lower(m.to_address))
"""
CONFIRMED = """
UPDATE submissions_returnaddress r SET confirmed_at = (
    SELECT min(t.used_at) FROM submissions_returntoken t
    JOIN submissions_outboxemail m ON m.id = t.mail_id
    WHERE m.submission_id = r.submission_id AND lower(m.to_address) = lower(r.address)
        AND t.used_at >= r.given_at)
WHERE r.given_by = 'author'
"""
LINKS = """
DELETE FROM submissions_returntoken t USING submissions_outboxemail m
WHERE m.id = t.mail_id AND m.address_given_by = 'staff'
"""
RECEIPTS_ON_THEIR_WAY = """
UPDATE submissions_outboxemail SET kind = 'receipt_again'
WHERE address_given_by = 'staff' AND state IN ('waiting', 'claimed')
    AND kind IN ('confirmation', 'amended')
"""
LINKS_ON_THEIR_WAY = """
UPDATE submissions_outboxemail SET state = 'failed',
    last_error = 'Not sent: a link goes only to an address that the author gave.'
WHERE address_given_by = 'staff' AND state IN ('waiting', 'claimed')
    AND kind IN ('return_link', 'reminder', 'closed_with_draft')
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("submissions", "0010_add_who_gave_an_address"),
        ("accounts", "0003_record_stands"),
    ]
    operations = [
        migrations.RunSQL(
            [RETURN_ADDRESSES, MAILS, CONFIRMED, LINKS, RECEIPTS_ON_THEIR_WAY, LINKS_ON_THEIR_WAY],
            # Going back drops the columns; a link that ended stays ended.
            migrations.RunSQL.noop,
        )
    ]
