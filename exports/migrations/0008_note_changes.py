"""The database notes each change of what an export has of a response, and ends tokens.

A change takes the number of the response's row away, in the transaction of the change itself.
Whoever gives numbers skips rows that such a transaction still holds, so that a number is always of
a change that has committed. The row is locked even where it has no number to take away.
"""

from django.db import migrations

CHANGES = """
CREATE SEQUENCE exports_change_number;
CREATE FUNCTION exports_note_change(which bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO exports_change (submission_id, call_id)
    SELECT id, call_id FROM submissions_submission
    WHERE id = which AND reference IS NOT NULL
    ON CONFLICT (submission_id) DO UPDATE SET number = NULL, noted_at = NULL
    WHERE exports_change.number IS NOT NULL;
$$;
CREATE FUNCTION exports_submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM exports_note_change(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION exports_beside_submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM exports_note_change(NEW.submission_id);
    RETURN NULL;
END $$;
CREATE FUNCTION exports_beside_version_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM exports_note_change(submission_id) FROM submissions_version
    WHERE id = coalesce(NEW.version_id, OLD.version_id);
    RETURN NULL;
END $$;
CREATE FUNCTION exports_code_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM exports_note_change(submission_id) FROM (
        SELECT DISTINCT version.submission_id FROM review_coding AS coding
        JOIN submissions_version AS version ON version.id = coding.version_id
        WHERE coding.code_id = NEW.id ORDER BY 1) AS coded;
    RETURN NULL;
END $$;
CREATE TRIGGER exports_submission_arrived AFTER INSERT ON submissions_submission
    FOR EACH ROW WHEN (NEW.reference IS NOT NULL) EXECUTE FUNCTION exports_submission_changed();
CREATE TRIGGER exports_submission_changed AFTER UPDATE ON submissions_submission
    FOR EACH ROW WHEN (
        ROW(OLD.state, OLD.current_version_id, OLD.triage_status, OLD.channel)
        IS DISTINCT FROM ROW(NEW.state, NEW.current_version_id, NEW.triage_status, NEW.channel)
    ) EXECUTE FUNCTION exports_submission_changed();
CREATE TRIGGER exports_erasure_carried_out AFTER UPDATE ON submissions_erasurerequest
    FOR EACH ROW WHEN (NEW.state = 'erased' AND OLD.state <> 'erased')
    EXECUTE FUNCTION exports_beside_submission_changed();
CREATE TRIGGER exports_redaction_changed
    AFTER INSERT OR UPDATE OR DELETE ON review_redactedversion
    FOR EACH ROW EXECUTE FUNCTION exports_beside_version_changed();
CREATE TRIGGER exports_coding_changed AFTER INSERT OR UPDATE OR DELETE ON review_coding
    FOR EACH ROW EXECUTE FUNCTION exports_beside_version_changed();
CREATE TRIGGER exports_code_changed AFTER UPDATE ON review_code
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION exports_code_changed();
INSERT INTO exports_change (submission_id, call_id, number, noted_at)
SELECT id, call_id, nextval('exports_change_number'), at FROM (
    SELECT submission.id, submission.call_id, greatest(
        submission.withdrawn_at, version.received_at,
        (SELECT max(erased_at) FROM submissions_erasurerequest AS erasure
         WHERE erasure.submission_id = submission.id)) AS at
    FROM submissions_submission AS submission
    JOIN submissions_version AS version ON version.id = submission.current_version_id
    ORDER BY 3, 1) AS earlier;
"""
WITHOUT_CHANGES = """
DROP TRIGGER exports_code_changed ON review_code;
DROP TRIGGER exports_coding_changed ON review_coding;
DROP TRIGGER exports_redaction_changed ON review_redactedversion;
DROP TRIGGER exports_erasure_carried_out ON submissions_erasurerequest;
DROP TRIGGER exports_submission_changed ON submissions_submission;
DROP TRIGGER exports_submission_arrived ON submissions_submission;
DROP FUNCTION exports_code_changed();
DROP FUNCTION exports_beside_version_changed();
DROP FUNCTION exports_beside_submission_changed();
DROP FUNCTION exports_submission_changed();
DROP FUNCTION exports_note_change(bigint);
DROP SEQUENCE exports_change_number;
DELETE FROM exports_change;
"""
TOKENS = """
CREATE FUNCTION exports_revoke_tokens_of_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE exports_apitoken SET revoked_at = now()
    WHERE person_id = OLD.person_id AND call_id = OLD.call_id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION exports_revoke_tokens_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE exports_apitoken SET revoked_at = now()
    WHERE person_id = OLD.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER exports_ended_membership_revokes_tokens
    AFTER DELETE ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION exports_revoke_tokens_of_member();
CREATE TRIGGER exports_ended_person_revokes_tokens
    AFTER UPDATE OF is_active, is_superuser ON accounts_user
    FOR EACH ROW WHEN (
        OLD.is_active AND NOT NEW.is_active OR OLD.is_superuser AND NOT NEW.is_superuser
    ) EXECUTE FUNCTION exports_revoke_tokens_of_person();
"""
WITHOUT_TOKENS = """
DROP TRIGGER exports_ended_person_revokes_tokens ON accounts_user;
DROP TRIGGER exports_ended_membership_revokes_tokens ON accounts_membership;
DROP FUNCTION exports_revoke_tokens_of_person();
DROP FUNCTION exports_revoke_tokens_of_member();
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("exports", "0007_tokens_and_changes"),
        ("review", "0020_words_that_come_back"),
        ("accounts", "0018_mails_about_tokens"),
    ]
    operations = [
        migrations.RunSQL(CHANGES, WITHOUT_CHANGES),
        migrations.RunSQL(TOKENS, WITHOUT_TOKENS),
    ]
