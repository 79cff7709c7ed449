"""The database hides the words of redactions, and carries these over to later versions.

`review_redactedversion` and `review_redactedfiletext` follow every change of a redaction, whoever
makes it. A version that comes in is without the hidden words in the same transaction.
"""

from django.db import migrations

# Each character but line ends, one for one, so that the places of codings and quotes stay true.
HIDDEN = r"""
CREATE FUNCTION review_hidden(words text, first integer, past integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(words, first)
        || regexp_replace(substr(words, first + 1, past - first), '[^\r\n]', '█', 'g')
        || substr(words, past + 1)
$$;
"""
# Where the words at [first, past) of a text stand in a later one, NULL if nobody can tell. Words
# that stand several times are told apart by which of them it is, so there must be as many.
PLACE = """
CREATE FUNCTION review_place(earlier text, later text, first integer, past integer)
RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text := substr(earlier, first + 1, past - first);
    parts text[] := string_to_array(earlier, words);
    parts_later text[] := string_to_array(later, words);
    nth integer := greatest(1, cardinality(string_to_array(left(earlier, first), words)));
BEGIN
    IF earlier = later THEN
        RETURN first;
    END IF;
    IF cardinality(parts) <> cardinality(parts_later)
        OR length(array_to_string(parts[1:nth], words)) <> first
    THEN
        RETURN NULL;
    END IF;
    RETURN length(array_to_string(parts_later[1:nth], words));
END $$;
"""
WRITE = """
CREATE FUNCTION review_write_redacted(of_version bigint, of_file bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    document jsonb;
    words text;
    one record;
BEGIN
    DELETE FROM review_redactedversion WHERE version_id = of_version;
    FOR one IN
        SELECT question.key, redaction.start AS first, redaction."end" AS past
        FROM review_redaction AS redaction
        JOIN submissions_question AS question ON question.id = redaction.question_id
        WHERE redaction.version_id = of_version AND redaction.file_text_id IS NULL
            AND redaction.state IN ('approved', 'lost')
    LOOP
        document := coalesce(
            document, (SELECT version.texts FROM submissions_version AS version WHERE id = of_version)
        );
        IF document ? one.key THEN
            document := jsonb_set(
                document, ARRAY[one.key],
                to_jsonb(review_hidden(document->>one.key, one.first, one.past))
            );
        END IF;
    END LOOP;
    IF document IS NOT NULL THEN
        INSERT INTO review_redactedversion (version_id, texts) VALUES (of_version, document);
    END IF;
    IF of_file IS NOT NULL THEN
        DELETE FROM review_redactedfiletext WHERE file_text_id = of_file;
        FOR one IN
            SELECT redaction.start AS first, redaction."end" AS past
            FROM review_redaction AS redaction
            WHERE redaction.file_text_id = of_file AND redaction.state = 'approved'
        LOOP
            words := coalesce(
                words, (SELECT text FROM review_filetext WHERE attachment_id = of_file)
            );
            words := review_hidden(words, one.first, one.past);
        END LOOP;
        IF words IS NOT NULL THEN
            INSERT INTO review_redactedfiletext (file_text_id, text) VALUES (of_file, words);
        END IF;
    END IF;
    -- Readers who may not see the words find nothing until the entry is written without them.
    UPDATE review_searchentry
        SET is_stale = true, is_redacted = true, words_outside = NULL, files_outside = NULL
        WHERE submission_id = (SELECT submission_id FROM submissions_version WHERE id = of_version);
END $$;
"""
# The same words stay hidden. Where they are not there any more, or stand in another answer as well
# now, that answer is hidden whole until two people decide. In a version before, too, which has the
# words: “earlier” is the redaction's own version, “later” the one that it is carried to.
CARRY = """
CREATE FUNCTION review_carry_redaction(redaction bigint, to_version bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO review_redaction (
        call_id, version_id, question_id, start, "end", reason, words, state, proposed_by_id, proposed_at,
        decided_by_id, decided_at, refusal, back_words, carried_from_id
    )
    SELECT one.call_id, later.id, question.id, coalesce(found.place, 0),
        coalesce(found.place + one."end" - one.start, length(answer.value)),
        one.reason, one.words, CASE WHEN found.place IS NULL THEN 'lost' ELSE 'approved' END,
        one.proposed_by_id, one.proposed_at, one.decided_by_id, one.decided_at, '', '', one.id
    FROM review_redaction AS one
    JOIN submissions_version AS earlier ON earlier.id = one.version_id
    JOIN submissions_version AS later ON later.id = to_version
    JOIN submissions_question AS asked ON asked.id = one.question_id
    CROSS JOIN LATERAL (
        SELECT substr(earlier.texts->>asked.key, one.start + 1, one."end" - one.start) AS words
    ) AS hidden
    CROSS JOIN LATERAL jsonb_each_text(later.texts) AS answer
    JOIN submissions_question AS question
        ON question.call_id = asked.call_id AND question.key = answer.key
    CROSS JOIN LATERAL (SELECT CASE WHEN question.id = asked.id AND one.state = 'approved'
        THEN review_place(earlier.texts->>asked.key, answer.value, one.start, one."end") END AS place
    ) AS found
    WHERE one.id = redaction AND one.file_text_id IS NULL AND answer.value <> '' AND (
        question.id = asked.id AND later.number > earlier.number
        OR one.state = 'approved' AND strpos(answer.value, hidden.words) > 0
        AND (question.id = asked.id OR answer.value IS DISTINCT FROM earlier.texts->>answer.key)
    )
    UNION ALL
    SELECT one.call_id, to_version, one.question_id, 0, 1, one.reason, one.words, 'lost',
        one.proposed_by_id, one.proposed_at, one.decided_by_id, one.decided_at, '', '', one.id
    FROM review_redaction AS one
    JOIN submissions_version AS earlier ON earlier.id = one.version_id
    JOIN submissions_version AS later
        ON later.id = to_version AND later.number > earlier.number
    JOIN submissions_question AS asked ON asked.id = one.question_id AND asked.kind = 'file'
    WHERE one.id = redaction AND one.file_text_id IS NULL
$$;
"""
# A file that is given in the place of one with hidden words may have the same words.
CHECK_FILES = """
CREATE FUNCTION review_check_files(redaction bigint) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO review_redaction (
        call_id, version_id, question_id, start, "end", reason, words, state, proposed_by_id, proposed_at,
        decided_by_id, decided_at, refusal, back_words, carried_from_id
    )
    SELECT one.call_id, later.id, one.question_id, 0, 1, one.reason, one.words, 'lost',
        one.proposed_by_id, one.proposed_at, one.decided_by_id, one.decided_at, '', '', one.id
    FROM review_redaction AS one
    JOIN submissions_version AS its ON its.id = one.version_id
    JOIN submissions_version AS later
        ON later.submission_id = its.submission_id AND later.number > its.number
    WHERE one.id = redaction AND one.file_text_id IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM submissions_version_attachments AS has
            WHERE has.version_id = later.id AND has.attachment_id = one.file_text_id
        )
        AND EXISTS (
            SELECT FROM submissions_version_attachments AS has
            JOIN submissions_attachment AS file ON file.id = has.attachment_id
            WHERE has.version_id = later.id AND file.question_id = one.question_id
                AND NOT EXISTS (
                    SELECT FROM submissions_version_attachments AS had
                    JOIN submissions_version AS before ON before.id = had.version_id
                    WHERE had.attachment_id = file.id AND before.number < later.number
                )
        )
        AND NOT EXISTS (
            SELECT FROM review_redaction AS known
            WHERE known.version_id = later.id AND known.carried_from_id = one.id
        )
$$;
"""
FOLLOW = """
CREATE FUNCTION review_redaction_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
        PERFORM review_carry_redaction(NEW.id, other.id)
        FROM submissions_version AS its JOIN submissions_version AS other
            ON other.submission_id = its.submission_id
        LEFT JOIN review_redaction AS origin ON origin.id = NEW.carried_from_id
        LEFT JOIN submissions_version AS from_version ON from_version.id = origin.version_id
        -- To each version before, from where it was made; to the one after, from each in turn.
        WHERE its.id = NEW.version_id AND (
            origin.id IS NULL AND other.number < its.number
            OR other.number = its.number + 1
            AND (origin.id IS NULL OR from_version.number < its.number)
        );
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER review_redaction_changed AFTER INSERT OR UPDATE OR DELETE ON review_redaction
    FOR EACH ROW EXECUTE FUNCTION review_redaction_changed();
"""
ARRIVE = """
CREATE FUNCTION review_version_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM review_carry_redaction(one.id, NEW.id)
    FROM review_redaction AS one JOIN submissions_version AS before ON before.id = one.version_id
    WHERE before.submission_id = NEW.submission_id AND before.number = NEW.number - 1
        AND one.file_text_id IS NULL AND one.state IN ('approved', 'lost');
    RETURN NULL;
END $$;
CREATE TRIGGER review_version_arrived AFTER INSERT ON submissions_version
    FOR EACH ROW WHEN (NEW.number > 1) EXECUTE FUNCTION review_version_arrived();
CREATE FUNCTION review_file_arrived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM review_check_files(one.id)
    FROM submissions_version AS its
    JOIN submissions_version AS before
        ON before.submission_id = its.submission_id AND before.number < its.number
    JOIN review_redaction AS one ON one.version_id = before.id
    JOIN submissions_attachment AS file
        ON file.id = NEW.attachment_id AND file.question_id = one.question_id
    WHERE its.id = NEW.version_id AND one.file_text_id IS NOT NULL AND one.state = 'approved';
    RETURN NULL;
END $$;
CREATE TRIGGER review_file_arrived AFTER INSERT ON submissions_version_attachments
    FOR EACH ROW EXECUTE FUNCTION review_file_arrived();
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("review", "0015_redaction")]
    operations = [
        migrations.RunSQL(HIDDEN, "DROP FUNCTION review_hidden(text, integer, integer)"),
        migrations.RunSQL(PLACE, "DROP FUNCTION review_place(text, text, integer, integer)"),
        migrations.RunSQL(WRITE, "DROP FUNCTION review_write_redacted(bigint, bigint)"),
        migrations.RunSQL(CARRY, "DROP FUNCTION review_carry_redaction(bigint, bigint)"),
        migrations.RunSQL(CHECK_FILES, "DROP FUNCTION review_check_files(bigint)"),
        migrations.RunSQL(FOLLOW, "DROP FUNCTION review_redaction_changed() CASCADE"),
        migrations.RunSQL(
            ARRIVE,
            "DROP FUNCTION review_version_arrived() CASCADE;"
            " DROP FUNCTION review_file_arrived() CASCADE",
        ),
    ]
