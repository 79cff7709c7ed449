from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("submissions", "0037_say_where_small_counts_are_hidden"),
    ]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="about",
            field=models.TextField(help_text="Leave an empty line between paragraphs."),
        ),
        migrations.AlterField(
            model_name="call",
            name="derived",
            field=models.JSONField(
                default=list, editable=False, help_text="Bands that group the options of a facet."
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="evidence_address",
            field=models.TextField(
                blank=True,
                help_text="People send evidence by post to this address, line by line. Leave it empty if you do not offer that.",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="evidence_phone",
            field=models.CharField(
                blank=True,
                help_text="People call this number to give evidence by telephone. Leave it empty if you do not offer that.",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="evidence_phone_hours",
            field=models.CharField(
                blank=True,
                help_text="When somebody answers this number, such as “Monday to Friday, 10am to 4pm”.",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="facets",
            field=models.JSONField(
                default=list,
                editable=False,
                help_text="Questions to count and filter responses by.",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="help_text",
            field=models.TextField(blank=True, help_text="How people get help or another format."),
        ),
        migrations.AlterField(
            model_name="call",
            name="language",
            field=models.CharField(
                blank=True,
                help_text="Code of the call's language. If empty, it is the portal's.",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="needs_evidence",
            field=models.BooleanField(
                default=True,
                help_text="Each response must have at least one long answer or one file.",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="set_aside_reasons",
            field=models.JSONField(
                default=list,
                editable=False,
                help_text="Why staff may set a response aside. If empty, for the portal's usual reasons.",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="shares_confidential_files",
            field=models.BooleanField(
                default=False,
                help_text="Exports of confidential responses by project staff include files.",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="summary",
            field=models.TextField(help_text="One or two sentences. Search engines show them too."),
        ),
        migrations.AlterField(
            model_name="call",
            name="what_happens_next",
            field=models.TextField(help_text="Leave an empty line between paragraphs."),
        ),
        migrations.AlterField(
            model_name="question",
            name="missing",
            field=models.CharField(
                blank=True,
                help_text="The message when a required answer is missing.",
                max_length=300,
            ),
        ),
        migrations.AlterField(
            model_name="question",
            name="warn_unless",
            field=models.CharField(
                blank=True,
                help_text="A regular expression. Other answers get the warning; they are still taken.",
                max_length=300,
            ),
        ),
    ]
