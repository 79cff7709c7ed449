"""Who may do what: the one place that decides, for pages, the admin, commands and mail.

An administrator of the portal is a superuser, and may do everything in every call. Anybody else
has a membership for each call that is theirs, and no right anywhere without one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from accounts.models import Membership, User
from accounts.states import Action, Role

Person = User | AnonymousUser
Rows = TypeVar("Rows", bound=QuerySet)

ACTIONS_OF: Mapping[Role, Sequence[Action]] = {
    Role.MANAGER: (
        Action.SEE_CALL,
        Action.CHANGE_CALL,
        Action.READ_RESPONSES,
        Action.OPEN_FILES,
        Action.SEE_IDENTITY,
        Action.CHANGE_STATUS,
        Action.ENTER_RESPONSES,
        Action.DECIDE_DUPLICATES,
        Action.CODE,
        Action.CHANGE_CODEBOOK,
        Action.DRAW_SAMPLES,
        Action.DECIDE_CODINGS,
        Action.SEE_REDACTED,
        Action.REDACT,
        Action.APPROVE_REDACTION,
        Action.WRITE_NOTES,
        Action.WRITE_FINDINGS,
        Action.AGREE_FINDINGS,
        Action.ASK_AUTHOR,
        Action.WITHDRAW,
        Action.FIND_PERSON,
        Action.ENTER_ERASURE,
        Action.DECIDE_ERASURE,
        Action.SEE_MAILS,
        Action.SEND_MAILS,
        Action.SEE_LATE_PASSES,
        Action.GIVE_LATE_PASSES,
        Action.READ_RECORD,
        Action.SEE_PEOPLE,
        Action.MANAGE_PEOPLE,
        Action.CONFIRM_RETENTION,
        Action.GET_DIGEST,
    ),
    Role.REVIEWER: (
        Action.SEE_CALL,
        Action.READ_RESPONSES,
        Action.OPEN_FILES,
        Action.CHANGE_STATUS,
        Action.ENTER_RESPONSES,
        Action.DECIDE_DUPLICATES,
        Action.CODE,
        Action.CHANGE_CODEBOOK,
        Action.DRAW_SAMPLES,
        Action.DECIDE_CODINGS,
        Action.SEE_REDACTED,
        Action.REDACT,
        Action.APPROVE_REDACTION,
        Action.WRITE_NOTES,
        Action.WRITE_FINDINGS,
        Action.AGREE_FINDINGS,
        Action.ASK_AUTHOR,
        Action.GET_DIGEST,
    ),
    Role.CODER: (
        Action.SEE_CALL,
        Action.READ_RESPONSES,
        Action.SEE_REDACTED,
        Action.CODE,
        Action.WRITE_NOTES,
    ),
    Role.STEERING_MEMBER: (Action.SEE_STEERING, Action.EXPORT),
    Role.DATA_PROTECTION: (
        Action.SEE_CALL,
        Action.READ_RESPONSES,
        Action.SEE_REDACTED,
        Action.OPEN_FILES,
        Action.SEE_IDENTITY,
        Action.WITHDRAW,
        Action.FIND_PERSON,
        Action.ENTER_ERASURE,
        Action.DECIDE_ERASURE,
        Action.SEE_MAILS,
        Action.SEE_LATE_PASSES,
        Action.READ_RECORD,
        Action.SEE_PEOPLE,
    ),
}
# What brings somebody to /steering/; anything else brings them to /admin/.
AT_STEERING = frozenset(
    {Action.SEE_STEERING, Action.EXPORT, Action.EXPORT_NAMED, Action.EXPORT_CONFIDENTIAL}
)
# Rights that open no page by themselves: each adds to a page that another right opens.
BY_THE_WAY = frozenset(
    {
        Action.SEE_IDENTITY,
        Action.GET_DIGEST,
        Action.CODE,
        Action.CHANGE_CODEBOOK,
        Action.DRAW_SAMPLES,
        Action.DECIDE_CODINGS,
        Action.SEE_REDACTED,
        Action.REDACT,
        Action.APPROVE_REDACTION,
        Action.WRITE_FINDINGS,
        Action.AGREE_FINDINGS,
    }
)


def may(person: Person, action: Action, call: Model | int | None) -> bool:
    """Return whether the person may do this in the call, a row or its key.

    None is no call: what belongs to the whole portal is for administrators.
    """
    if is_administrator(person):
        return True
    key = call.pk if isinstance(call, Model) else call
    return action in _rights_of(person).get(key, ())


def may_all(person: Person, actions: Sequence[Action], call: Model | int) -> bool:
    return all(may(person, action, call) for action in actions)


def may_somewhere(person: Person, action: Action) -> bool:
    """Return whether there may be a call in which the person may do this."""
    return is_administrator(person) or any(
        action in actions for actions in _rights_of(person).values()
    )


def may_enter_admin(person: Person) -> bool:
    """Return whether the person has anything to do at /admin/."""
    elsewhere = AT_STEERING | BY_THE_WAY
    return is_administrator(person) or any(
        actions - elsewhere for actions in _rights_of(person).values()
    )


def is_administrator(person: Person) -> bool:
    return person.is_active and person.is_superuser


def is_member(person: Person, call: Model) -> bool:
    """Return whether the call is one of the person's, whatever they may do there."""
    return is_administrator(person) or call.pk in _rights_of(person)


def calls_of(person: Person, action: Action) -> QuerySet[Any]:
    """Return the calls in which the person may do this."""
    field: Any = Membership._meta.get_field("call")
    return narrowed(field.related_model._default_manager.all(), person, action, path="pk")


def narrowed(rows: Rows, person: Person, action: Action, *, path: str = "call") -> Rows:
    """Return those rows that are of calls in which the person may do this.

    `path` leads from a row to its call, as in a filter.
    """
    return rows if is_administrator(person) else rows.filter(of_calls(person, action, path=path))


def of_calls(person: Person, action: Action, *, path: str = "call") -> Q:
    """Return the condition of `narrowed`, for somebody who is no administrator."""
    keys = [call for call, actions in _rights_of(person).items() if action in actions]
    return Q(**{f"{path}__in": keys})


def actions_of(membership: Membership) -> frozenset[Action]:
    """Return what the role allows, with what was added for this person and without what was not.

    An action of another release, which this one does not know, allows nothing.
    """
    known = set(Action.values)
    also = {Action(name) for name in membership.also if name in known}
    given = {*ACTIONS_OF[Role(membership.role)], *also}
    return frozenset(action for action in given if action.value not in membership.without)


def allowing(action: Action) -> Q:
    """Return the condition of memberships with the action, as `actions_of` says of each."""
    roles = [role for role, actions in ACTIONS_OF.items() if action in actions]
    given = Q(role__in=roles) | Q(also__contains=[action])
    return given & ~Q(without__contains=[action])


def _rights_of(person: Person) -> Mapping[int | None, frozenset[Action]]:
    if not isinstance(person, User) or not person.is_active:
        return {}
    if person.rights_by_call is None:
        person.rights_by_call = {
            membership.call_id: actions_of(membership)
            for membership in Membership.objects.filter(person_id=person.pk)
        }
    return person.rights_by_call  # type: ignore[return-value]  # no call has the key None
