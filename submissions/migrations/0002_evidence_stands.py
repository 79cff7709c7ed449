"""Triggers that keep evidence and records as they were written, and the revision of a call.

Each refusal carries the SQLSTATE of a check constraint and a constraint's name. A purge at the
end of the retention sets `portal.purging` to `on` for its transaction; nothing else may.

A call's `revision` is the database's own: a copy of the call that is written back, read before
its questions changed, must not bring an old revision back.

What every page of a respondent reads is in functions of PL/pgSQL, whose plans are made once a
connection: planning took longer than reading.
"""

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION submissions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portal.purging', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of % is refused: what was recorded stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_stands',
            TABLE = TG_TABLE_NAME;
END $$;
"""

STANDING_TABLES = [
    "submissions_version",
    "submissions_version_attachments",
    "submissions_versionidentity",
    "submissions_auditevent",
    "submissions_closingchange",
]

STAND = """
CREATE TRIGGER {table}_stands BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION submissions_refuse_change();
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
    EXECUTE FUNCTION submissions_refuse_change();
"""

REVISION = """
CREATE FUNCTION submissions_asked_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE submissions_call SET revision = gen_random_uuid()
        WHERE id IN (OLD.call_id, NEW.call_id);
    RETURN NULL;
END $$;
CREATE TRIGGER submissions_respondentrole_asked_anew AFTER INSERT OR UPDATE OR DELETE
    ON submissions_respondentrole FOR EACH ROW EXECUTE FUNCTION submissions_asked_anew();
CREATE TRIGGER submissions_section_asked_anew AFTER INSERT OR UPDATE OR DELETE
    ON submissions_section FOR EACH ROW EXECUTE FUNCTION submissions_asked_anew();
CREATE TRIGGER submissions_question_asked_anew AFTER INSERT OR UPDATE OR DELETE
    ON submissions_question FOR EACH ROW EXECUTE FUNCTION submissions_asked_anew();
CREATE FUNCTION submissions_call_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := gen_random_uuid();
    RETURN NEW;
END $$;
CREATE TRIGGER submissions_call_anew BEFORE UPDATE ON submissions_call
    FOR EACH ROW EXECUTE FUNCTION submissions_call_anew();
"""
FORGET_REVISION = """
DROP FUNCTION submissions_asked_anew() CASCADE;
DROP FUNCTION submissions_call_anew() CASCADE;
"""

WORKING_COPY = """
CREATE FUNCTION submissions_given(the_submission bigint) RETURNS json STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT json_object_agg(given.question_id, given.value) FROM (
        SELECT question_id, value FROM submissions_answer WHERE submission_id = the_submission
        UNION ALL
        SELECT question_id, value FROM submissions_identityanswer
            WHERE submission_id = the_submission
    ) given);
END $$;
CREATE FUNCTION submissions_has_files(the_submission bigint) RETURNS boolean
    STABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN EXISTS (SELECT FROM submissions_attachment
        WHERE submission_id = the_submission AND removed_at IS NULL);
END $$;
CREATE FUNCTION submissions_working_copy(of_public_id uuid, of_slug text)
    RETURNS TABLE (
        id bigint, call_id bigint, public_id uuid, state varchar, channel varchar,
        reference varchar, rehearsal boolean, triage_status varchar, started_at timestamptz,
        saved_at timestamptz, submitted_at timestamptz, amending_since timestamptz,
        withdrawn_at timestamptz, current_version_id bigint,
        revision uuid, given json, has_files boolean, mark text
    )
    STABLE LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT
        s.id, s.call_id, s.public_id, s.state, s.channel,
        s.reference, s.rehearsal, s.triage_status, s.started_at,
        s.saved_at, s.submitted_at, s.amending_since,
        s.withdrawn_at, s.current_version_id,
        c.revision, submissions_given(s.id), submissions_has_files(s.id),
        concat(s.xmin, s.ctid)
    FROM submissions_submission s JOIN submissions_call c ON c.id = s.call_id
    WHERE s.public_id = of_public_id AND c.slug = of_slug;
END $$;
"""
FORGET_WORKING_COPY = """
DROP FUNCTION submissions_working_copy(uuid, text);
DROP FUNCTION submissions_given(bigint);
DROP FUNCTION submissions_has_files(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("submissions", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION submissions_refuse_change()"),
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
        migrations.RunSQL(REVISION, FORGET_REVISION),
        migrations.RunSQL(WORKING_COPY, FORGET_WORKING_COPY),
    ]
