"""A changed call, role, section or question gives the call another revision.

It is the database's own: a copy of the call that is written back, read before its questions
changed, must not bring an old revision back.
"""

from django.db import migrations

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


class Migration(migrations.Migration):
    dependencies = [("submissions", "0006_evidence_stands")]
    operations = [migrations.RunSQL(REVISION, FORGET_REVISION)]
