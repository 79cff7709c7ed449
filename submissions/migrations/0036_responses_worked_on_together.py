"""Colleagues in a response: who they are, what each saved, and links that let them in."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

FUNCTION = """
CREATE OR REPLACE FUNCTION submissions_link_for_the_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM submissions_outboxemail m
        WHERE m.id = NEW.mail_id AND {condition})
    THEN
        RAISE EXCEPTION 'a link goes only to an address that the author gave'
            USING ERRCODE = 'check_violation',
                CONSTRAINT = 'submissions_returntoken_for_the_author',
                TABLE = 'submissions_returntoken';
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = FUNCTION.format(condition="m.address_given_by = 'author'")
# An invitation goes to a colleague, and opens nothing as the author.
NOW = FUNCTION.format(
    condition="""(m.address_given_by = 'author'
            OR m.address_given_by = 'colleague' AND m.kind = 'colleague_invited'
            AND NOT NEW.opens_response)"""
)
TRIGGER = """
DROP TRIGGER submissions_returntoken_for_the_author ON submissions_returntoken;
CREATE TRIGGER submissions_returntoken_for_the_author
    BEFORE INSERT OR UPDATE OF {columns} ON submissions_returntoken
    FOR EACH ROW EXECUTE FUNCTION submissions_link_for_the_author();
"""


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0035_evidence_by_telephone_and_post"),
    ]

    operations = [
        migrations.CreateModel(
            name="Colleague",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("address", models.EmailField(blank=True, max_length=254)),
                (
                    "name",
                    models.CharField(
                        blank=True,
                        help_text="As the others in the response see it; their own word.",
                        max_length=40,
                    ),
                ),
                ("invited_at", models.DateTimeField()),
                ("link_sent_at", models.DateTimeField()),
                ("links_sent", models.PositiveSmallIntegerField(default=0)),
                ("joined_at", models.DateTimeField(null=True)),
                ("may_submit", models.BooleanField(default=False)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("author", "Its author took it back"),
                            ("left", "They left"),
                            ("submitted", "It was submitted"),
                            ("finished", "Its changes were discarded, or it was withdrawn"),
                            ("help", "An answer led to a page of help"),
                            ("time", "Its period was over"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["submission", "number"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="outboxemail",
            name="submissions_outboxemail_address_given_by",
        ),
        migrations.RemoveConstraint(
            model_name="outboxemail",
            name="submissions_outboxemail_kind",
        ),
        migrations.RemoveConstraint(
            model_name="returnaddress",
            name="submissions_returnaddress_given_by",
        ),
        migrations.AddField(
            model_name="answer",
            name="saved_by",
            field=models.PositiveSmallIntegerField(
                help_text="The number of the colleague who saved it; empty: its author.", null=True
            ),
        ),
        migrations.AddField(
            model_name="identityanswer",
            name="saved_by",
            field=models.PositiveSmallIntegerField(
                help_text="The number of the colleague who saved it; empty: its author.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="outboxemail",
            name="address_given_by",
            field=models.CharField(
                choices=[
                    ("author", "The author of the response"),
                    ("staff", "Staff"),
                    ("colleague", "The author, for a colleague"),
                ],
                default="author",
                help_text="A mail to an address that staff gave has no link to a response.",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="outboxemail",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirmation", "Confirmation of a submission"),
                    ("amended", "Confirmation of a changed submission"),
                    ("withdrawn", "Confirmation of a withdrawal"),
                    ("return_link", "Link back to a response"),
                    ("reminder", "Reminder of an unfinished response"),
                    ("closed_with_draft", "Closed with an unfinished response"),
                    ("late_pass", "Late pass"),
                    ("staff_digest", "Daily digest for staff"),
                    ("receipt_again", "Receipt at an address that staff entered"),
                    ("receipt_elsewhere", "Notice that staff sent a receipt elsewhere"),
                    ("address_changed", "Notice of a changed address"),
                    ("version_notice", "Notice of a changed submission at an earlier address"),
                    ("file_infected", "Notice of a file that the virus scanner found harmful"),
                    ("acknowledgement", "Acknowledgement of a response that staff entered"),
                    ("erasure_asked", "Notice of a request to erase"),
                    ("erasure_stopped", "A request to erase was refused or withdrawn"),
                    ("erasure_done", "Notice that a response was erased"),
                    ("question_asked", "Question to the author of a response"),
                    ("question_answered", "Confirmation of an answer to a question"),
                    ("colleague_invited", "Invitation to work on a response"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="returnaddress",
            name="given_by",
            field=models.CharField(
                choices=[
                    ("author", "The author of the response"),
                    ("staff", "Staff"),
                    ("colleague", "The author, for a colleague"),
                ],
                default="author",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="returntoken",
            name="opens_response",
            field=models.BooleanField(
                default=True,
                help_text="As its author. Others confirm an address, or let a colleague in.",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "confirmation",
                            "amended",
                            "withdrawn",
                            "return_link",
                            "reminder",
                            "closed_with_draft",
                            "late_pass",
                            "staff_digest",
                            "receipt_again",
                            "receipt_elsewhere",
                            "address_changed",
                            "version_notice",
                            "file_infected",
                            "acknowledgement",
                            "erasure_asked",
                            "erasure_stopped",
                            "erasure_done",
                            "question_asked",
                            "question_answered",
                            "colleague_invited",
                        ],
                    )
                ),
                name="submissions_outboxemail_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="outboxemail",
            constraint=models.CheckConstraint(
                condition=models.Q(("address_given_by__in", ["author", "staff", "colleague"])),
                name="submissions_outboxemail_address_given_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="returnaddress",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_by__in", ["author", "staff", "colleague"])),
                name="submissions_returnaddress_given_by",
            ),
        ),
        migrations.AddField(
            model_name="colleague",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="colleagues",
                to="submissions.submission",
            ),
        ),
        migrations.AddConstraint(
            model_name="colleague",
            constraint=models.UniqueConstraint(
                models.F("submission"), models.F("number"), name="submissions_colleague_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="colleague",
            constraint=models.UniqueConstraint(
                models.F("submission"),
                django.db.models.functions.text.Lower("address"),
                condition=models.Q(("address", ""), _negated=True),
                name="submissions_colleague_address_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="colleague",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("ended_by", "")),
                    models.Q(
                        ("address", ""),
                        ("ended_at__isnull", False),
                        (
                            "ended_by__in",
                            ["author", "left", "submitted", "finished", "help", "time"],
                        ),
                        ("may_submit", False),
                        ("name", ""),
                    ),
                    _connector="OR",
                ),
                name="submissions_colleague_ended_is_nobody",
            ),
        ),
        migrations.AddConstraint(
            model_name="colleague",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), ("joined_at__isnull", False), _connector="OR"),
                name="submissions_colleague_name_is_their_own",
            ),
        ),
        migrations.RunSQL(
            NOW + TRIGGER.format(columns="mail_id, token_sha256, opens_response"),
            BEFORE + TRIGGER.format(columns="mail_id, token_sha256"),
        ),
    ]
