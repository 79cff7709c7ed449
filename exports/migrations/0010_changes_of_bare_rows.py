"""The database notes apart what changes of a response for those from whom it is withheld.

That is that it came, ended or is confidential from then on, and another timing. That staff read or
code it, or that its author changed it and it stays confidential, is none.
"""

from django.db import migrations, models
from django.db.models import F, Q

CHANGES = """
UPDATE exports_change SET bare_number = number, bare_noted_at = noted_at;
CREATE OR REPLACE FUNCTION exports_submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes_bare_row boolean := true;
BEGIN
    PERFORM exports_note_change(NEW.id);
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN
        SELECT count(DISTINCT timing) > 1 OR coalesce(bool_or(
            choices->>'publication' IN ('named', 'organisation', 'anonymous')), false)
        INTO changes_bare_row FROM submissions_version
        WHERE id IN (OLD.current_version_id, NEW.current_version_id)
            AND OLD.current_version_id IS DISTINCT FROM NEW.current_version_id;
    END IF;
    IF changes_bare_row THEN
        UPDATE exports_change SET number = NULL, noted_at = NULL,
            bare_number = NULL, bare_noted_at = NULL
        WHERE submission_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION exports_submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM exports_note_change(NEW.id);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("exports", "0009_plainer_help_texts"),
    ]
    operations = [
        migrations.AddField("change", "bare_number", models.BigIntegerField(null=True)),
        migrations.AddField("change", "bare_noted_at", models.DateTimeField(null=True)),
        migrations.RunSQL(CHANGES, AS_BEFORE),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                name="exports_change_bare_number_is_not_later",
                condition=Q(number=None)
                | Q(
                    bare_number__isnull=False,
                    bare_noted_at__isnull=False,
                    bare_number__lte=F("number"),
                ),
            ),
        ),
    ]
