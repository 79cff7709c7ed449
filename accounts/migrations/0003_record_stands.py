"""The database refuses to change or delete what is on record.

Each refusal carries the SQLSTATE of a check constraint and a constraint's name. A purge at the
end of the retention sets `portal.purging` to `on` for its transaction; nothing else may.
"""

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portal.purging', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of % is refused: what was recorded stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_stands',
            TABLE = TG_TABLE_NAME;
END $$;
"""

STAND = """
CREATE TRIGGER accounts_auditevent_stands BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_record")]
    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION portal_refuse_change()"),
        migrations.RunSQL(STAND, "DROP TRIGGER accounts_auditevent_stands ON accounts_auditevent"),
    ]
