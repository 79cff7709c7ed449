"""What every page of a respondent reads, in functions whose plans are made once a connection."""

from django.db import migrations

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
    dependencies = [("submissions", "0004_word_search")]
    operations = [migrations.RunSQL(WORKING_COPY, FORGET_WORKING_COPY)]
