"""The database keeps evidence as it was written, and its times and receipts true.

Each refusal carries the SQLSTATE of a check constraint and a constraint's name.
"""

from django.db import migrations

STANDING_TABLES = [
    "submissions_version",
    "submissions_version_attachments",
    "submissions_versionidentity",
    "submissions_closingchange",
]

STAND = """
CREATE TRIGGER {table}_stands BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
"""

DEADLINE_APPLIED = """
CREATE FUNCTION submissions_deadline_applied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE the_call submissions_call;
BEGIN
    SELECT c.* INTO the_call FROM submissions_call c
        JOIN submissions_submission s ON s.call_id = c.id WHERE s.id = NEW.submission_id;
    IF NEW.received_at < the_call.opens_at
        OR NEW.timing = 'on_time' AND NEW.deadline IS DISTINCT FROM the_call.closes_at
        OR NEW.timing = 'grace' AND NEW.deadline IS DISTINCT FROM
            the_call.closes_at + make_interval(mins => the_call.grace_minutes)
        OR NEW.timing = 'late_pass' AND NOT EXISTS (
            SELECT FROM submissions_latepass p
            JOIN submissions_submission s ON s.id = NEW.submission_id
            WHERE p.call_id = the_call.id AND p.submission_id = s.id
                AND p.expires_at = NEW.deadline AND p.revoked_at IS NULL
                AND p.given_at <= NEW.received_at)
    THEN
        RAISE EXCEPTION 'the deadline given is not the one that applies'
            USING ERRCODE = 'check_violation',
                CONSTRAINT = 'submissions_version_deadline_applied',
                TABLE = 'submissions_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER submissions_version_deadline_applied BEFORE INSERT ON submissions_version
    FOR EACH ROW EXECUTE FUNCTION submissions_deadline_applied();
"""

VERSIONS_IN_ORDER = """
CREATE FUNCTION submissions_version_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM submissions_version v
        WHERE v.submission_id = NEW.submission_id AND v.received_at > NEW.received_at)
    THEN
        RAISE EXCEPTION 'a version is received no earlier than the one before it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'submissions_version_in_order',
                TABLE = 'submissions_version';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER submissions_version_in_order BEFORE INSERT ON submissions_version
    FOR EACH ROW WHEN (NEW.number > 1) EXECUTE FUNCTION submissions_version_in_order();
"""

RECEIPT_STANDS = """
CREATE FUNCTION submissions_receipt_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a submission keeps its call, its reference and its receipt'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'submissions_submission_receipt_stands',
            TABLE = 'submissions_submission';
END $$;
CREATE TRIGGER submissions_submission_receipt_stands BEFORE UPDATE ON submissions_submission
    FOR EACH ROW
    WHEN (OLD.call_id IS DISTINCT FROM NEW.call_id
        OR OLD.state <> 'draft' AND (
            NEW.state = 'draft'
            OR OLD.reference IS DISTINCT FROM NEW.reference
            OR OLD.submitted_at IS DISTINCT FROM NEW.submitted_at))
    EXECUTE FUNCTION submissions_receipt_stands();
"""

FILE_STANDS = """
CREATE TRIGGER submissions_attachment_stands
    BEFORE UPDATE OF submission_id, question_id, file, name, file_type, size, sha256
    ON submissions_attachment
    FOR EACH ROW
    WHEN (ROW(OLD.submission_id, OLD.question_id, OLD.file, OLD.name, OLD.file_type, OLD.size,
            OLD.sha256)
        IS DISTINCT FROM ROW(NEW.submission_id, NEW.question_id, NEW.file, NEW.name,
            NEW.file_type, NEW.size, NEW.sha256))
    EXECUTE FUNCTION portal_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("submissions", "0005_deadlines"), ("accounts", "0003_record_stands")]
    operations = [
        *(
            migrations.RunSQL(STAND.format(table=table), f"DROP TRIGGER {table}_stands ON {table}")
            for table in STANDING_TABLES
        ),
        migrations.RunSQL(DEADLINE_APPLIED, "DROP FUNCTION submissions_deadline_applied() CASCADE"),
        migrations.RunSQL(
            VERSIONS_IN_ORDER, "DROP FUNCTION submissions_version_in_order() CASCADE"
        ),
        migrations.RunSQL(RECEIPT_STANDS, "DROP FUNCTION submissions_receipt_stands() CASCADE"),
        migrations.RunSQL(
            FILE_STANDS, "DROP TRIGGER submissions_attachment_stands ON submissions_attachment"
        ),
    ]
