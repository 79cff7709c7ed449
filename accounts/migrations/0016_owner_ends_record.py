"""Only the owner of the tables says that audit events have ended: nobody else may delete one."""

from django.db import migrations

ENDED_BY_OWNER = """
CREATE FUNCTION accounts_refuse_ending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'only the owner of the tables ends the record'
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER accounts_auditevent_ended_by_owner BEFORE INSERT ON accounts_auditevent
    FOR EACH ROW WHEN (NEW.action = 'record_ended') EXECUTE FUNCTION accounts_refuse_ending();
"""
BACK = """
DROP TRIGGER accounts_auditevent_ended_by_owner ON accounts_auditevent;
DROP FUNCTION accounts_refuse_ending();
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0015_rights_of_a_person")]
    operations = [migrations.RunSQL(ENDED_BY_OWNER, BACK)]
