"""Audit events are sealed into a chain of digests, by a function that runs with its owner's rights.

The role that owns the tables opens them for a purge by `portal.purging`; no other role can.
"""

from django.db import migrations, models

# What is digested, `accounts/chain.py` says and computes again: change neither without the other.
SEAL_RECORD = """
CREATE FUNCTION accounts_seal_record(lookback bigint, most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    instant CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS.US';
    event accounts_auditevent;
    before accounts_auditseal;
    link accounts_auditseal;
    sealed integer := 0;
    since bigint;
BEGIN
    -- Two at once make one chain: the second waits, and reads what the first has written.
    PERFORM pg_advisory_xact_lock(5283303);
    SELECT * INTO before FROM accounts_auditseal ORDER BY number DESC LIMIT 1;
    SELECT coalesce(max(event_id), 0) - lookback INTO since FROM accounts_auditseal;
    link.sealed_at := clock_timestamp();
    FOR event IN
        SELECT e.* FROM accounts_auditevent e
        WHERE e.id > since
            AND NOT EXISTS (SELECT FROM accounts_auditseal s WHERE s.event_id = e.id)
        ORDER BY e.id LIMIT most
    LOOP
        link.number := coalesce(before.number, 0) + 1;
        link.event_id := event.id;
        link.event_sha256 := encode(sha256(convert_to(concat_ws(E'\\n',
            event.id, to_char(event.at AT TIME ZONE 'UTC', instant), coalesce(event.actor_id::text, ''),
            event.action, coalesce(event.call_id::text, ''), coalesce(event.submission_id::text, ''),
            event.detail), 'UTF8')), 'hex');
        link.sha256 := encode(sha256(convert_to(concat_ws(E'\\n',
            coalesce(before.sha256, ''), link.number, link.event_id,
            to_char(link.sealed_at AT TIME ZONE 'UTC', instant), link.event_sha256),
            'UTF8')), 'hex');
        INSERT INTO accounts_auditseal (number, event_id, event_sha256, sha256, sealed_at)
            VALUES (link.number, link.event_id, link.event_sha256, link.sha256, link.sealed_at);
        before := link;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END $$;
REVOKE ALL ON FUNCTION accounts_seal_record(bigint, integer) FROM PUBLIC;
"""
SEALS_STAND = """
CREATE TRIGGER accounts_auditseal_stands BEFORE UPDATE OR DELETE ON accounts_auditseal
    FOR EACH ROW EXECUTE FUNCTION portal_refuse_change();
"""
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portal.purging', true) = 'on'{and_owner} THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% of % is refused: what was recorded stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_stands',
            TABLE = TG_TABLE_NAME;
END $$;
"""
AND_OWNER = """
        AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0009_groups_have_no_set_up")]
    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_id", models.BigIntegerField(unique=True)),
                ("event_sha256", models.CharField(max_length=64)),
                ("sha256", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField(help_text="By the database's clock.")),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.RunSQL(SEAL_RECORD, "DROP FUNCTION accounts_seal_record(bigint, integer)"),
        migrations.RunSQL(
            SEALS_STAND, "DROP TRIGGER accounts_auditseal_stands ON accounts_auditseal"
        ),
        migrations.RunSQL(
            REFUSE_CHANGE.format(and_owner=AND_OWNER), REFUSE_CHANGE.format(and_owner="")
        ),
    ]
