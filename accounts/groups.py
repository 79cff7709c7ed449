"""The two groups of people who sign in, and what each may do."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.states import PROJECT_STAFF, STEERING_GROUP

PERMISSIONS = {
    PROJECT_STAFF: (
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
    ),
    STEERING_GROUP: ("submissions.see_steering", "submissions.export_pseudonymised"),
}


def ensure_groups() -> None:
    """Make both groups, each with exactly its permissions. Repeating it changes nothing.

    Raises KeyError for a permission that no migration has made.
    """
    with transaction.atomic():
        made = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.select_related("content_type")
        }
        for name, permissions in PERMISSIONS.items():
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set([made[permission] for permission in permissions])
