"""A link opens a response only from an address that its author gave: the database holds it."""

from django.db import migrations, models

LINK_FOR_THE_AUTHOR = """
CREATE FUNCTION submissions_link_for_the_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM submissions_outboxemail m
        WHERE m.id = NEW.mail_id AND m.address_given_by = 'author')
    THEN
        RAISE EXCEPTION 'a link goes only to an address that the author gave'
            USING ERRCODE = 'check_violation',
                CONSTRAINT = 'submissions_returntoken_for_the_author',
                TABLE = 'submissions_returntoken';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER submissions_returntoken_for_the_author
    BEFORE INSERT OR UPDATE OF mail_id, token_sha256 ON submissions_returntoken
    FOR EACH ROW EXECUTE FUNCTION submissions_link_for_the_author();
"""
GIVER_STANDS = """
CREATE TRIGGER submissions_outboxemail_giver_stands
    BEFORE UPDATE OF address_given_by ON submissions_outboxemail
    FOR EACH ROW WHEN (OLD.address_given_by <> NEW.address_given_by)
    EXECUTE FUNCTION portal_refuse_change();
"""


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0011_fill_who_gave_an_address")]
    operations = [
        migrations.RemoveConstraint(
            model_name="outboxemail", name="submissions_outboxemail_once_a_version"
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.UniqueConstraint(
                models.F("version"),
                models.F("kind"),
                models.F("to_address"),
                condition=models.Q(
                    ("resend_of__isnull", True),
                    ("version__isnull", False),
                    models.Q(("kind__in", ["confirmation", "amended"]), _negated=True),
                    models.Q(("to_address", ""), _negated=True),
                ),
                name="submissions_outboxemail_once_an_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.UniqueConstraint(
                models.F("version"),
                models.F("kind"),
                condition=models.Q(
                    ("kind__in", ["confirmation", "amended"]),
                    ("resend_of__isnull", True),
                    ("version__isnull", False),
                ),
                name="submissions_outboxemail_once_a_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("address_given_by__in", ["author", "staff"])),
                name="submissions_outboxemail_address_given_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_by__in", ["author", "staff"])),
                name="submissions_returnaddress_given_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_at__isnull", True), ("given_by", "author"), _connector="OR"
                ),
                name="submissions_returnaddress_confirmed_by_author",
            ),
        ),
        migrations.AddConstraint(
            model_name="latepass",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("token_sha256__isnull", True),
                    models.Q(("address", ""), _negated=True),
                    _connector="OR",
                ),
                name="submissions_latepass_token_for_an_address",
            ),
        ),
        migrations.RunSQL(
            LINK_FOR_THE_AUTHOR, "DROP FUNCTION submissions_link_for_the_author() CASCADE"
        ),
        migrations.RunSQL(
            GIVER_STANDS,
            "DROP TRIGGER submissions_outboxemail_giver_stands ON submissions_outboxemail",
        ),
    ]
