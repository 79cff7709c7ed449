"""The two groups of people who sign in, and what each may do."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from accounts.models import GroupSetUp
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


def ensure_groups(*, reset: bool = False) -> dict[str, list[str]]:
    """Make both groups, and give each what this release gives and the last set-up did not.

    What superusers have given or taken away since stays. With `reset`, each group gets exactly
    its permissions. Return by group what differs from these, as `+name` and `-name`.
    Raises KeyError for a permission that no migration has made.
    """
    with transaction.atomic():
        made = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.select_related("content_type")
        }
        names = {permission.pk: name for name, permission in made.items()}
        differences = {}
        for group_name, given_now in PERMISSIONS.items():
            group, _ = Group.objects.get_or_create(name=group_name)
            set_up, is_first = GroupSetUp.objects.select_for_update().get_or_create(group=group)
            if reset or is_first:
                group.permissions.set([made[name] for name in given_now])
            else:
                given_then = set(set_up.permissions)
                group.permissions.add(*(made[n] for n in given_now if n not in given_then))
                gone = given_then - set(given_now)
                group.permissions.remove(*(made[n] for n in gone if n in made))
            if set_up.permissions != list(given_now):
                set_up.permissions = list(given_now)
                set_up.save(update_fields=["permissions"])
            has = {names[pk] for pk in group.permissions.values_list("pk", flat=True)}
            others = [f"+{name}" for name in sorted(has - set(given_now))]
            others += [f"-{name}" for name in sorted(set(given_now) - has)]
            if others:
                differences[group_name] = others
    return differences
