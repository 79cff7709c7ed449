import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("review", "0012_samples_to_code"),
        ("submissions", "0030_one_import_at_a_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CodingDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("until", models.PositiveIntegerField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "file_text",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="review.filetext",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="submissions.question",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replaced_by",
                        to="review.codingdecision",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="review.codingsample",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="coding_decisions",
                        to="submissions.version",
                    ),
                ),
            ],
            options={
                "ordering": ["version", "question", "start", "pk"],
            },
        ),
        migrations.CreateModel(
            name="DecidedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stands", models.BooleanField()),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="review.code",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="review.codingdecision",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="codingdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("end__gt", models.F("start")), ("until__gte", models.F("end"))),
                name="review_decision_is_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="codingdecision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces", None)),
                fields=("version", "question", "file_text", "start", "end"),
                name="review_decision_first_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="decidedcode",
            constraint=models.UniqueConstraint(
                models.F("decision"), models.F("code"), name="review_decided_code_once"
            ),
        ),
    ]
