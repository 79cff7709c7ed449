"""How texts are stored for exports, and the index of their words for the search."""

from django.db import migrations

# Exports read every text: not to compress them takes a third off their time, for disk.
TEXTS_AS_THEY_ARE = "ALTER TABLE submissions_version ALTER COLUMN texts SET STORAGE EXTERNAL"
TEXTS_COMPRESSED = "ALTER TABLE submissions_version ALTER COLUMN texts SET STORAGE EXTENDED"
# What the search reads, kept by the database beside each version; no model has the column, so that
# no page loads it. A tsvector holds a megabyte and refuses more, which must never stand in the way
# of a submission: of texts over 200,000 bytes (forty times a long response) only the beginning is
# indexed. PostgreSQL's parser takes minutes for what looks like an address, a path or a comment
# that never ends (100,000 characters of "a_a_a_"), so such texts lose the marks that begin one.
WORDS = """
CREATE FUNCTION submissions_words(texts jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN octet_length(texts::text) > 200000
        THEN to_tsvector(
            'pg_catalog.english'::regconfig, translate(left(texts::text, 50000), '_~<@/', '     ')
        )
        WHEN texts::text ~ '\\S{255}|<!--'
        THEN to_tsvector(
            'pg_catalog.english'::regconfig, translate(texts::text, '_~<@/', '     ')::jsonb
        )
        ELSE to_tsvector('pg_catalog.english'::regconfig, texts)
    END
$$;
ALTER TABLE submissions_version
    ADD COLUMN word_index tsvector GENERATED ALWAYS AS (submissions_words(texts)) STORED;
"""
# The planner takes reading a tsvector of 20 kB for as cheap as reading a number, and reads all of
# them where a word is common. A price on the expression that is indexed keeps it to the index.
WORDS_INDEXED = """
CREATE FUNCTION submissions_indexed(words tsvector) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$ BEGIN RETURN words; END $$;
CREATE INDEX submissions_version_words ON submissions_version
    USING gin (submissions_indexed(word_index));
"""
# Written out, a query has each lexeme in quotes, with quotes and backslashes in it doubled.
LEXEMES = """
CREATE FUNCTION submissions_lexemes(wanted tsquery) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(replace(replace(m[1], '''''', ''''), E'\\\\\\\\', E'\\\\')), '{}')
    FROM regexp_matches(wanted::text, '''((?:[^'']|'''')*)''', 'g') AS m
$$;
"""
FORGET_WORDS = """
ALTER TABLE submissions_version DROP COLUMN word_index;
DROP FUNCTION submissions_words(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("submissions", "0007_call_revision")]
    operations = [
        migrations.RunSQL(TEXTS_AS_THEY_ARE, TEXTS_COMPRESSED),
        migrations.RunSQL(WORDS, FORGET_WORDS),
        migrations.RunSQL(WORDS_INDEXED, "DROP FUNCTION submissions_indexed(tsvector) CASCADE"),
        migrations.RunSQL(LEXEMES, "DROP FUNCTION submissions_lexemes(tsquery)"),
    ]
