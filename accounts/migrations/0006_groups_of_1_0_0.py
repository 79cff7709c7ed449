"""Note for groups of release 1.0.0 what it gave them: its set-up gave exactly that each time."""

from typing import Any

from django.db import migrations

GIVEN = {
    "Project staff": [
        "accounts.view_auditevent",
        "submissions.view_answer",
        "submissions.view_attachment",
        "submissions.view_call",
        "submissions.change_call",
        "submissions.view_closingchange",
        "submissions.view_identityanswer",
        "submissions.view_latepass",
        "submissions.add_latepass",
        "submissions.change_latepass",
        "submissions.view_outboxemail",
        "submissions.change_outboxemail",
        "submissions.view_question",
        "submissions.view_respondentrole",
        "submissions.view_section",
        "submissions.view_submission",
        "submissions.change_submission",
        "submissions.view_version",
        "submissions.view_versionidentity",
        "submissions.see_identity",
    ],
    "Steering group": ["submissions.see_steering", "submissions.export_pseudonymised"],
}


def note(apps: Any, _schema_editor: Any) -> None:
    group_set_up = apps.get_model("accounts", "GroupSetUp")
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GIVEN):
        group_set_up.objects.create(group=group, permissions=GIVEN[group.name])


def forget(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("accounts", "GroupSetUp").objects.all().delete()


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [("accounts", "0005_group_set_up")]

    operations = [migrations.RunPython(note, forget)]
