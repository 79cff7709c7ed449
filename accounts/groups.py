"""The two groups of people who sign in, and what each may do."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.states import PROJECT_STAFF, STEERING_GROUP

STAFF_SEES = (
    "answer",
    "attachment",
    "auditevent",
    "call",
    "closingchange",
    "identityanswer",
    "latepass",
    "outboxemail",
    "question",
    "respondentrole",
    "section",
    "submission",
    "version",
    "versionidentity",
)
APPS = ("accounts", "submissions")
PERMISSIONS = {
    PROJECT_STAFF: (
        *(f"view_{model}" for model in STAFF_SEES),
        "change_call",
        "change_submission",
        "change_outboxemail",
        "add_latepass",
        "change_latepass",
        "see_identity",
    ),
    STEERING_GROUP: ("see_steering", "export_pseudonymised"),
}


def ensure_groups() -> None:
    """Make both groups, each with exactly the permissions named here; repeating changes nothing."""
    with transaction.atomic():
        for name, codenames in PERMISSIONS.items():
            group, _ = Group.objects.get_or_create(name=name)
            group.permissions.set(
                Permission.objects.filter(content_type__app_label__in=APPS, codename__in=codenames)
            )
