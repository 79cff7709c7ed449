"""The database ends every sign-in of a person whose password or rights change, whoever changes them."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION accounts_end_sign_ins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM accounts_signin WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION accounts_end_sign_ins_of_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM accounts_signin WHERE user_id = OLD.person_id;
    RETURN NULL;
END $$;
"""
# A first membership takes nothing away, and a choice about the digest is no right.
TRIGGERS = """
CREATE TRIGGER accounts_user_ends_sign_ins
    AFTER UPDATE OF password, is_active, is_superuser ON accounts_user
    FOR EACH ROW WHEN (
        (OLD.password, OLD.is_active, OLD.is_superuser)
        IS DISTINCT FROM (NEW.password, NEW.is_active, NEW.is_superuser)
    ) EXECUTE FUNCTION accounts_end_sign_ins();
CREATE TRIGGER accounts_changed_membership_ends_sign_ins
    AFTER UPDATE ON accounts_membership
    FOR EACH ROW WHEN (
        (OLD.person_id, OLD.call_id, OLD.role, OLD.also, OLD.without)
        IS DISTINCT FROM (NEW.person_id, NEW.call_id, NEW.role, NEW.also, NEW.without)
    ) EXECUTE FUNCTION accounts_end_sign_ins_of_member();
CREATE TRIGGER accounts_ended_membership_ends_sign_ins
    AFTER DELETE ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION accounts_end_sign_ins_of_member();
"""
WITHOUT_TRIGGERS = """
DROP TRIGGER accounts_user_ends_sign_ins ON accounts_user;
DROP TRIGGER accounts_changed_membership_ends_sign_ins ON accounts_membership;
DROP TRIGGER accounts_ended_membership_ends_sign_ins ON accounts_membership;
"""
WITHOUT_FUNCTIONS = """
DROP FUNCTION accounts_end_sign_ins();
DROP FUNCTION accounts_end_sign_ins_of_member();
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0011_sign_in")]
    operations = [
        migrations.RunSQL(FUNCTIONS, WITHOUT_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, WITHOUT_TRIGGERS),
    ]
