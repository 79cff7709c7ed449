import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    portal_may_run = True
    dependencies = [
        ("review", "0013_decisions_about_codings"),
        ("submissions", "0030_one_import_at_a_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MatrixSummary",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("across", models.CharField(blank=True, max_length=210)),
                ("option", models.CharField(blank=True, max_length=100)),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
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
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matrix_summaries",
                        to="submissions.call",
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="summaries",
                        to="review.code",
                    ),
                ),
            ],
            options={
                "verbose_name": "summary in the matrix",
                "verbose_name_plural": "matrix",
                "ordering": ["code", "across", "option", "-number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "across", "option", "number"),
                        name="review_matrixsummary_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)),
                        name="review_matrixsummary_numbered",
                    ),
                ],
            },
        ),
    ]
