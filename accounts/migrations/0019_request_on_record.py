"""The record has the number of the request in which something was done, and the chain has it too.

An event without a number is digested as before: `concat_ws` leaves out what is NULL. Going back takes
the numbers away, so that `verify_audit` then finds the events that had one changed.
"""

from django.db import migrations, models

# What is digested, `accounts/chain.py` says and computes again: change neither without the other.
SEAL_RECORD = """
CREATE OR REPLACE FUNCTION accounts_seal_record(lookback bigint, most integer) RETURNS integer
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
            event.detail{number}), 'UTF8')), 'hex');
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
"""
NUMBER = ", nullif(event.request_number, '')"


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0018_mails_about_tokens")]
    operations = [
        migrations.AddField(
            model_name="auditevent",
            name="request_number",
            field=models.CharField(blank=True, db_default="", default="", max_length=8),
        ),
        migrations.RunSQL(
            SEAL_RECORD.replace("{number}", NUMBER), SEAL_RECORD.replace("{number}", "")
        ),
    ]
