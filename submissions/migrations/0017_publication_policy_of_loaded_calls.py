"""A loaded call that has no question about publication asked nobody, and publishes nothing."""

from typing import Any

from django.db import migrations


def fill(apps: Any, _schema_editor: Any) -> None:
    calls = apps.get_model("submissions", "Call").objects.all()
    asking = apps.get_model("submissions", "Question").objects.filter(key="publication")
    calls.exclude(pk__in=asking.values("call")).update(publication="not asked")


def empty(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("submissions", "Call").objects.update(publication="asked")


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0016_publication_policy")]
    operations = [migrations.RunPython(fill, empty)]
