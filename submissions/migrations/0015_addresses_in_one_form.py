"""Addresses of earlier releases in the one form in which they are kept now.

What was submitted stays as it was, and so does an address that no mail can be sent to.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import QuerySet

from core.addresses import same_or_cleaned

KEPT_IN = (
    ("ReturnAddress", "address"),
    ("LatePass", "address"),
    ("OutboxEmail", "to_address"),
)


def bring_into_one_form(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    for name, field in KEPT_IN:
        _bring(apps.get_model("submissions", name).objects.exclude(**{field: ""}), field)
    for name in ("Answer", "IdentityAnswer"):
        answers = apps.get_model("submissions", name).objects
        _bring(answers.filter(question__kind="email"), "value")


def _bring(rows: QuerySet[Any], field: str) -> None:
    for pk, address in rows.values_list("pk", field).iterator():
        kept = same_or_cleaned(address) if isinstance(address, str) else address
        if kept != address and len(kept) <= 254:
            rows.filter(pk=pk).update(**{field: kept})


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("submissions", "0014_file_scan")]
    operations = [migrations.RunPython(bring_into_one_form, migrations.RunPython.noop)]
