"""“History” of what staff change in the admin, out of the record."""

import pytest

from accounts import invitations, memberships
from accounts.models import Membership, User
from accounts.record import record
from accounts.states import AuditAction, Role
from tests.makers import OPENS_AT, make_call, make_user

pytestmark = pytest.mark.django_db


def said(client, address):
    page = client.get(address)
    if page.status_code != 200:
        return page.status_code
    assert ("(UK time)" in page.content.decode()) is bool(page.context["action_list"])
    return [(change.who, change.what) for change in page.context["action_list"]]


def test_history_says_who_changed_what(client):
    call, boss, ann = make_call(), make_user(is_superuser=True), make_user(username="ann")
    membership = memberships.give(person=ann, call=call, role=Role.CODER, by=boss, at=OPENS_AT)
    memberships.change(membership, by=boss, at=OPENS_AT, role=Role.REVIEWER)
    record(by=boss, at=OPENS_AT, action=AuditAction.CALL_CHANGED, call=call, fields=["summary"])
    invited = invitations.invite(
        email="bea@example.org",
        call=call,
        role=Role.CODER,
        by=boss,
        at=OPENS_AT,
        wall_now=OPENS_AT,
    )
    client.force_login(boss)
    given = (boss.username, "Made somebody a member of a call. role: coder, person: ann")
    changed = (
        boss.username,
        'Changed somebody\'s membership. role: reviewer, before: {"role": "coder"}, person: ann',
    )
    about_ann = f"/admin/accounts/membership/{membership.pk}/history/"
    assert said(client, about_ann) == [changed, given]
    assert said(client, f"/admin/accounts/user/{ann.pk}/history/") == [changed, given]
    assert said(client, f"/admin/submissions/call/{call.pk}/history/") == [
        (boss.username, 'Changed a call. fields: ["summary"]')
    ]
    assert said(client, f"/admin/accounts/invitation/{invited.pk}/history/") == [
        (boss.username, f"Invited somebody. role: coder, invitation: {invited.pk}")
    ]


def test_history_shows_no_more_than_the_record_does(client):
    call, boss = make_call(), make_user(is_superuser=True)
    coder = make_user(username="cora")
    own = memberships.give(person=coder, call=call, role=Role.CODER, by=boss, at=OPENS_AT)
    client.force_login(coder)
    address = f"/admin/accounts/membership/{own.pk}/history/"
    assert said(client, address) == []
    assert (
        "Nothing about it is on record that you may read." in client.get(address).content.decode()
    )
    other = Membership.objects.create(person=make_user(), call=make_call(), role=Role.CODER)
    assert said(client, f"/admin/accounts/membership/{other.pk}/history/") == 302


def test_history_goes_with_the_person_and_not_with_the_username(client):
    call, boss = make_call(), make_user(is_superuser=True)
    ann = make_user(username="ann")
    own = memberships.give(person=ann, call=call, role=Role.CODER, by=boss, at=OPENS_AT)
    record(by=None, at=OPENS_AT, action=AuditAction.PERSON_CHANGED, person="ann")
    User.objects.filter(pk=ann.pk).update(username="anna")
    other = make_user(username="ann")
    theirs = memberships.give(person=other, call=call, role=Role.CODER, by=boss, at=OPENS_AT)
    client.force_login(boss)
    given = (boss.username, "Made somebody a member of a call. role: coder, person: ann")
    of_before = ("", "Changed a person's user. person: ann")
    for row, expected in ((own, [given]), (theirs, [given])):
        assert said(client, f"/admin/accounts/membership/{row.pk}/history/") == expected
    assert said(client, f"/admin/accounts/user/{ann.pk}/history/") == [given]
    assert said(client, f"/admin/accounts/user/{other.pk}/history/") == [given, of_before]
