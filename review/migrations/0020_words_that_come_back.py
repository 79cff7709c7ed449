"""Hidden words that an author takes out and puts back later are hidden again.

Migration 0016 carried redactions from each version to the next alone: a version without the answer,
or without the words, ended them.
"""

from importlib import import_module

from django.db import migrations

EARLIER = import_module("review.migrations.0016_hidden_words")

HAS = """
CREATE FUNCTION review_has_words(texts jsonb, words text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(bool_or(strpos(answer.value, words) > 0), false)
    FROM jsonb_each_text(texts) AS answer
$$;
"""
# Later versions that a redaction is carried to: the first with something to hide, which carries it
# on; and one in which the words come back, where no later one that it was carried to has had them.
# Where two people showed the words again in a later version, they stay shown.
CARRY_ON = """
CREATE FUNCTION review_carry_on(redaction bigint, to_version bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    hidden text;
    one record;
BEGIN
    SELECT CASE WHEN r.state = 'approved'
        THEN substr(its.texts->>question.key, r.start + 1, r."end" - r.start) END
    INTO hidden
    FROM review_redaction AS r
    JOIN submissions_version AS its ON its.id = r.version_id
    JOIN submissions_question AS question ON question.id = r.question_id
    WHERE r.id = redaction;
    FOR one IN
        SELECT later.id
        FROM review_redaction AS r
        JOIN submissions_version AS its ON its.id = r.version_id
        JOIN submissions_version AS later
            ON later.submission_id = its.submission_id AND later.number > its.number
        WHERE r.id = redaction AND (to_version IS NULL OR later.id = to_version)
        ORDER BY later.number
    LOOP
        IF NOT EXISTS (
            SELECT FROM review_redaction AS carried
            JOIN review_redaction AS origin ON origin.id = carried.carried_from_id
            JOIN submissions_version AS at_version ON at_version.id = carried.version_id
            JOIN submissions_version AS its ON its.id = origin.version_id
            WHERE origin.id = redaction AND at_version.number > its.number
        ) OR EXISTS (
            SELECT FROM submissions_version AS later
            JOIN submissions_version AS before
                ON before.submission_id = later.submission_id AND before.number = later.number - 1
            WHERE later.id = one.id AND hidden IS NOT NULL
                AND review_has_words(later.texts, hidden)
                AND NOT review_has_words(before.texts, hidden)
                AND NOT EXISTS (
                    SELECT FROM review_redaction AS carried
                    JOIN submissions_version AS at_version ON at_version.id = carried.version_id
                    JOIN submissions_question AS question ON question.id = carried.question_id
                    WHERE carried.carried_from_id = redaction
                        AND at_version.number > (
                            SELECT its.number FROM review_redaction AS r
                            JOIN submissions_version AS its ON its.id = r.version_id
                            WHERE r.id = redaction
                        )
                        AND substr(
                            at_version.texts->>question.key,
                            carried.start + 1, carried."end" - carried.start
                        ) = hidden
                )
        ) THEN
            PERFORM review_carry_redaction(redaction, one.id);
        END IF;
    END LOOP;
END $$;
"""
FOLLOW = """
CREATE OR REPLACE FUNCTION review_redaction_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hid boolean := TG_OP <> 'INSERT' AND OLD.state IN ('approved', 'lost');
    hides boolean := TG_OP <> 'DELETE' AND NEW.state IN ('approved', 'lost');
BEGIN
    IF hid OR hides THEN
        PERFORM review_write_redacted(
            coalesce(NEW.version_id, OLD.version_id), coalesce(NEW.file_text_id, OLD.file_text_id)
        );
    END IF;
    IF hides AND NOT hid AND NEW.file_text_id IS NOT NULL THEN
        PERFORM review_check_files(NEW.id);
    ELSIF hides AND NOT hid THEN
        -- To each version before, from where it was made; to those after, from each in turn.
        PERFORM review_carry_redaction(NEW.id, other.id)
        FROM submissions_version AS its JOIN submissions_version AS other
            ON other.submission_id = its.submission_id AND other.number < its.number
        WHERE its.id = NEW.version_id AND NEW.carried_from_id IS NULL;
        IF NOT EXISTS (
            SELECT FROM review_redaction AS origin
            JOIN submissions_version AS from_version ON from_version.id = origin.version_id
            JOIN submissions_version AS its ON its.id = NEW.version_id
            WHERE origin.id = NEW.carried_from_id AND from_version.number > its.number
        ) THEN
            PERFORM review_carry_on(NEW.id, NULL);
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""
ARRIVE = """
CREATE OR REPLACE FUNCTION review_version_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM review_carry_on(one.id, NEW.id)
    FROM review_redaction AS one JOIN submissions_version AS before ON before.id = one.version_id
    LEFT JOIN review_redaction AS origin ON origin.id = one.carried_from_id
    LEFT JOIN submissions_version AS from_version ON from_version.id = origin.version_id
    WHERE before.submission_id = NEW.submission_id AND before.number < NEW.number
        AND one.file_text_id IS NULL AND one.state IN ('approved', 'lost')
        AND (origin.id IS NULL OR from_version.number < before.number);
    RETURN NULL;
END $$;
"""


def of_0016(statements: str, name: str) -> str:
    """Return the statement by which migration 0016 made the function, to put it back."""
    begin = statements.index(f"CREATE FUNCTION {name}(")
    end = statements.index("END $$;", begin) + len("END $$;")
    return statements[begin:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("review", "0019_findings")]
    operations = [
        migrations.RunSQL(HAS, "DROP FUNCTION review_has_words(jsonb, text)"),
        migrations.RunSQL(CARRY_ON, "DROP FUNCTION review_carry_on(bigint, bigint)"),
        migrations.RunSQL(FOLLOW, of_0016(EARLIER.FOLLOW, "review_redaction_changed")),
        migrations.RunSQL(ARRIVE, of_0016(EARLIER.ARRIVE, "review_version_arrived")),
    ]
