"""Who was in the group of project staff or of the steering group is a member of each call.

Nobody may do more than before: what somebody's groups and permissions gave beyond the role goes
into `also`, what they lacked of it into `without`. Nobody managed people before but superusers.
On the way back, people get in general what they may do in every call. Django's “staff status”
stays as it is.
"""

from typing import Any

from django.db import migrations

from core import clock

STAFF, STEERING = "Project staff", "Steering group"
# Each action, and the permission that gave it.
GAVE = {
    "see_call": "submissions.view_call",
    "change_call": "submissions.change_call",
    "read_responses": "submissions.view_submission",
    "open_files": "submissions.view_attachment",
    "see_identity": "submissions.see_identity",
    "change_status": "submissions.change_submission",
    "withdraw": "submissions.change_submission",
    "see_mails": "submissions.view_outboxemail",
    "send_mails": "submissions.change_outboxemail",
    "see_late_passes": "submissions.view_latepass",
    "give_late_passes": "submissions.add_latepass",
    "read_record": "accounts.view_auditevent",
    "see_steering": "submissions.see_steering",
    "export": "submissions.export_pseudonymised",
    "export_named": "submissions.export_named",
    "export_confidential": "submissions.export_confidential",
}
AT_STEERING = {"see_steering", "export", "export_named", "export_confidential"}
ROLES = {
    "manager": [name for name in GAVE if name not in AT_STEERING],
    "steering_member": ["see_steering", "export"],
}
# What a manager may do, and nobody did before on a page of the portal.
NEW_FOR_MANAGERS = ["manage_people"]


def make_members(apps: Any, _schema_editor: Any) -> None:
    calls = list(apps.get_model("submissions", "Call").objects.order_by("pk"))
    membership = apps.get_model("accounts", "Membership")
    members = {}
    for person in apps.get_model("accounts", "User").objects.order_by("pk"):
        fields = _fields_of(_actions_of(apps, person))
        if fields and not person.is_superuser:
            members[person.username] = fields
            for call in calls:
                membership.objects.create(person=person, call=call, **fields)
        person.groups.remove(*person.groups.filter(name__in=[STAFF, STEERING]))
        person.user_permissions.remove(*_rows(apps, set(GAVE)))
    if not members:
        return
    for call in calls:
        apps.get_model("accounts", "AuditEvent").objects.create(
            at=clock.portal_now(),
            actor=None,
            action="call_changed",  # the way back to an earlier release stays open
            call=call,
            detail={"fields": ["members"], "members": members, "through": "upgrade"},
        )


def _fields_of(actions: set[str]) -> dict[str, Any]:
    """Return the role that comes nearest, and what is more or less; {} for no right at all."""
    if actions - AT_STEERING - {"see_identity"}:
        role, new = "manager", NEW_FOR_MANAGERS
    elif actions & AT_STEERING:
        role, new = "steering_member", []
    else:
        return {}
    return {
        "role": role,
        "also": sorted(actions - set(ROLES[role])),
        "without": sorted(set(ROLES[role]) - actions) + new,
    }


def back_to_groups(apps: Any, _schema_editor: Any) -> None:
    number = apps.get_model("submissions", "Call").objects.count()
    membership = apps.get_model("accounts", "Membership")
    for person in apps.get_model("accounts", "User").objects.order_by("pk"):
        members = list(membership.objects.filter(person=person))
        if not members or len(members) < number:
            continue
        may = set.intersection(*(_may(one) for one in members))
        for group in apps.get_model("auth", "Group").objects.filter(name__in=[STAFF, STEERING]):
            gives = _actions_among(group.permissions)
            if gives and gives <= may:
                person.groups.add(group)
                may -= gives
        person.user_permissions.add(*_rows(apps, may))
    membership.objects.all().delete()


def _actions_of(apps: Any, person: Any) -> set[str]:
    actions = _actions_among(person.user_permissions)
    for group in person.groups.all():
        actions |= _actions_among(group.permissions)
    if not person.is_staff:  # nobody else came to /admin/
        actions &= AT_STEERING | {"see_identity"}
    return actions


def _actions_among(permissions: Any) -> set[str]:
    names = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in permissions.select_related("content_type")
    }
    return {action for action, permission in GAVE.items() if permission in names}


def _may(member: Any) -> set[str]:
    return (set(ROLES.get(member.role, ())) | set(member.also)) - set(member.without)


def _rows(apps: Any, actions: set[str]) -> list[Any]:
    names = {GAVE[action] for action in actions if action in GAVE}
    permissions = apps.get_model("auth", "Permission").objects.select_related("content_type")
    return [one for one in permissions if f"{one.content_type.app_label}.{one.codename}" in names]


class Migration(migrations.Migration):
    portal_may_run = False
    dependencies = [
        ("accounts", "0007_membership"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_members, back_to_groups)]
