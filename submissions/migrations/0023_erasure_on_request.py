"""The database lets evidence be emptied for an approved request to erase, and for nothing else.

Everything else about evidence stands as before. There is no setting that opens this way: a
trigger looks for the approved request of that very response, and lets through only what empties
it. `submissions_erase` runs as its owner, so that a role without rights on evidence can use it.
"""

from django.db import migrations

IS_ERASURE = """
CREATE FUNCTION submissions_being_erased(response bigint, scopes text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM submissions_erasurerequest r
        WHERE r.submission_id = response AND r.state = 'approved' AND r.scope = ANY(scopes))
$$;
CREATE FUNCTION submissions_response_of(version bigint) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT v.submission_id FROM submissions_version v WHERE v.id = version
$$;
CREATE FUNCTION submissions_is_erasure(a_table text, before jsonb, after jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    emptied CONSTANT text[] := '{choices,texts,canonical_text,words,text_keys,word_index}';
BEGIN
    IF a_table = 'submissions_version' AND after IS NOT NULL THEN
        RETURN after @> '{"choices": {}, "texts": {}, "canonical_text": "", "words": 0}'
            AND after -> 'choices' = '{}' AND after -> 'texts' = '{}'
            AND before - emptied = after - emptied
            AND submissions_being_erased((before ->> 'submission_id')::bigint, '{response}');
    ELSIF a_table = 'submissions_versionidentity' AND after IS NOT NULL THEN
        RETURN after -> 'answers' = '{}' AND before - 'answers' = after - 'answers'
            AND submissions_being_erased(
                submissions_response_of((before ->> 'version_id')::bigint), '{identity,response}');
    ELSIF a_table = 'submissions_version_attachments' AND after IS NULL THEN
        RETURN submissions_being_erased(
            submissions_response_of((before ->> 'version_id')::bigint), '{files,response}');
    ELSIF a_table = 'submissions_attachment' AND after IS NOT NULL THEN
        RETURN after ->> 'name' = 'file.' || (before ->> 'file_type')
            AND before - 'name' = after - 'name'
            AND submissions_being_erased(
                (before ->> 'submission_id')::bigint, '{identity,response}');
    END IF;
    RETURN false;
END $$;
"""
IS_ERASURE_BACK = """
DROP FUNCTION submissions_is_erasure(text, jsonb, jsonb);
DROP FUNCTION submissions_response_of(bigint);
DROP FUNCTION submissions_being_erased(bigint, text[]);
"""

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portal.purging', true) = 'on'
        AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN OLD;
    END IF;{or_erasure}
    RAISE EXCEPTION '% of % is refused: what was recorded stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_stands',
            TABLE = TG_TABLE_NAME;
END $$;
"""
OR_ERASURE = """
    IF TG_TABLE_NAME IN ('submissions_version', 'submissions_versionidentity',
            'submissions_version_attachments', 'submissions_attachment')
        AND submissions_is_erasure(TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW))
    THEN
        RETURN coalesce(NEW, OLD);
    END IF;"""

# Nobody makes a request that is approved from the start, but a rule of retention; and what was
# asked for, by whom and who decided stays as it was written.
REQUEST = """
CREATE TRIGGER submissions_erasurerequest_stands BEFORE DELETE ON submissions_erasurerequest
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER submissions_erasurerequest_begins_asked
    BEFORE INSERT ON submissions_erasurerequest FOR EACH ROW
    WHEN (NEW.state <> 'asked' AND NOT (NEW.ground = 'retention' AND NEW.state = 'approved'))
    EXECUTE FUNCTION portal_refuse_change();
CREATE TRIGGER submissions_erasurerequest_goes_on
    BEFORE UPDATE ON submissions_erasurerequest FOR EACH ROW
    WHEN (
        ROW(OLD.id, OLD.public_id, OLD.call_id, OLD.submission_id, OLD.ground, OLD.scope,
            OLD.asked_at, OLD.due_at, OLD.entered_by_id, OLD.reason)
        IS DISTINCT FROM ROW(NEW.id, NEW.public_id, NEW.call_id, NEW.submission_id, NEW.ground,
            NEW.scope, NEW.asked_at, NEW.due_at, NEW.entered_by_id, NEW.reason)
        OR OLD.state <> 'asked' AND ROW(OLD.decided_by_id, OLD.decided_at)
            IS DISTINCT FROM ROW(NEW.decided_by_id, NEW.decided_at)
        OR NOT (
            OLD.state = NEW.state
            OR OLD.state = 'asked' AND NEW.state IN ('approved', 'refused', 'withdrawn')
            OR OLD.state = 'approved' AND NEW.state IN ('erased', 'withdrawn')
            OR OLD.state = 'erased' AND NEW.state = 'done'))
    EXECUTE FUNCTION portal_refuse_change();
"""
REQUEST_BACK = """
DROP TRIGGER submissions_erasurerequest_goes_on ON submissions_erasurerequest;
DROP TRIGGER submissions_erasurerequest_begins_asked ON submissions_erasurerequest;
DROP TRIGGER submissions_erasurerequest_stands ON submissions_erasurerequest;
"""

ERASE = """
CREATE FUNCTION submissions_erase(request bigint, moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found submissions_erasurerequest;
    versions bigint[];
BEGIN
    SELECT r.* INTO found FROM submissions_erasurerequest r WHERE r.id = request FOR UPDATE;
    IF found.state IS DISTINCT FROM 'approved' THEN
        RAISE EXCEPTION 'only what an approved request names is erased'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'submissions_erase_approved',
                TABLE = 'submissions_erasurerequest';
    END IF;
    SELECT coalesce(array_agg(v.id), '{}') INTO versions
        FROM submissions_version v WHERE v.submission_id = found.submission_id;
    IF found.scope IN ('identity', 'response') THEN
        UPDATE submissions_versionidentity SET answers = '{}' WHERE version_id = ANY(versions);
    END IF;
    IF found.scope IN ('files', 'response') THEN
        DELETE FROM submissions_version_attachments WHERE version_id = ANY(versions);
        DELETE FROM submissions_filescan WHERE attachment_id IN (
            SELECT id FROM submissions_attachment WHERE submission_id = found.submission_id);
        DELETE FROM submissions_attachment WHERE submission_id = found.submission_id;
    ELSE
        UPDATE submissions_attachment SET name = 'file.' || file_type
            WHERE submission_id = found.submission_id;
    END IF;
    IF found.scope = 'response' THEN
        UPDATE submissions_version SET choices = '{}', texts = '{}', canonical_text = '', words = 0
            WHERE submission_id = found.submission_id;
        UPDATE submissions_submission
            SET state = 'erased', amending_since = NULL, lock_version = lock_version + 1
            WHERE id = found.submission_id;
    ELSE
        UPDATE submissions_submission SET lock_version = lock_version + 1
            WHERE id = found.submission_id;
    END IF;
    UPDATE submissions_erasurerequest SET state = 'erased', erased_at = moment WHERE id = request;
END $$;
REVOKE ALL ON FUNCTION submissions_erase(bigint, timestamptz) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    portal_may_run = False
    # That the owner alone purges, `0010_chain` says; the function here says it, too.
    dependencies = [("submissions", "0022_requests_to_erase"), ("accounts", "0010_chain")]
    operations = [
        migrations.RunSQL(IS_ERASURE, IS_ERASURE_BACK),
        migrations.RunSQL(
            REFUSE_CHANGE.format(or_erasure=OR_ERASURE), REFUSE_CHANGE.format(or_erasure="")
        ),
        migrations.RunSQL(REQUEST, REQUEST_BACK),
        migrations.RunSQL(ERASE, "DROP FUNCTION submissions_erase(bigint, timestamptz)"),
    ]
