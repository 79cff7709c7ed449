"""The words of the answers, indexed for the search of project staff.

A tsvector holds a megabyte and refuses more, which must never stand in the way of a submission:
of texts over 200,000 bytes (forty times a long response) only the beginning is indexed.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations
from django.db.models import F, Func

WORDS = """
CREATE FUNCTION submissions_words(texts jsonb) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(texts::text) <= 200000
        THEN to_tsvector('pg_catalog.english'::regconfig, texts)
        ELSE to_tsvector('pg_catalog.english'::regconfig, left(texts::text, 50000))
    END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("submissions", "0002_evidence_stands")]
    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION submissions_words(jsonb)"),
        migrations.AddIndex(
            model_name="version",
            index=GinIndex(
                Func(F("texts"), function="submissions_words", output_field=SearchVectorField()),
                name="submissions_version_words",
            ),
        ),
    ]
