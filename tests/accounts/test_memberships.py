"""Who makes, changes and ends memberships, and what stays on record of it."""

import re

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from accounts import memberships, rights
from accounts.errors import MembershipRefused
from accounts.models import AuditEvent, Membership, User
from accounts.states import Action, Role
from tests.forms import form_of
from tests.makers import OPENS_AT, allow, make_call, make_user, withhold, without_key

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/membership/"


@pytest.fixture
def call():
    return make_call(slug="ours")


@pytest.fixture
def manager(client, call):
    person = make_user(username="manager")
    Membership.objects.create(person=person, call=call, role=Role.MANAGER)
    client.force_login(person)
    return person


def recorded():
    events = AuditEvent.objects.filter(action__startswith="membership").order_by("pk")
    return [(event.action, event.actor, event.call, without_key(event.detail)) for event in events]


def page_of(membership):
    return f"{LIST}{membership.pk}/change/"


def posted(client, address, **changes):
    return client.post(address, form_of(client.get(address)) | changes)


def test_nobody_may_anything_without_a_membership(call):
    person = make_user(is_staff=True)
    assert [action for action in Action if rights.may(person, action, call)] == []
    assert list(rights.calls_of(person, Action.SEE_CALL)) == []


def test_administrator_may_everything_in_every_call(call):
    boss = make_user(is_superuser=True)
    assert all(rights.may(boss, action, call) for action in Action)
    assert rights.may(boss, Action.READ_RECORD, None)
    assert list(rights.calls_of(boss, Action.SEE_CALL)) == [call]


def test_person_who_is_not_active_may_nothing(call):
    person = make_user(Role.MANAGER, is_active=False)
    boss = make_user(is_superuser=True, is_active=False)
    assert not rights.may(person, Action.SEE_CALL, call)
    assert not rights.may(boss, Action.SEE_CALL, call)


def test_membership_of_one_call_is_none_of_another(manager, call):
    other = make_call()
    assert rights.may(manager, Action.READ_RESPONSES, call)
    assert not rights.may(manager, Action.READ_RESPONSES, other)
    assert not rights.may(manager, Action.READ_RECORD, None)


def test_rights_are_read_once(manager, call):
    other = make_call()
    person = User.objects.get(pk=manager.pk)
    with CaptureQueriesContext(connection) as queries:
        for action in Action:
            rights.may(person, action, call)
            rights.may(person, action, other)
    assert len(queries) == 1


def test_one_person_may_do_more_or_less_than_the_role(call):
    person = make_user(Role.REVIEWER)
    allow(person, Action.EXPORT_CONFIDENTIAL)
    withhold(person, Action.OPEN_FILES)
    assert rights.may(person, Action.EXPORT_CONFIDENTIAL, call)
    assert not rights.may(person, Action.OPEN_FILES, call)


def test_manager_makes_changes_and_ends_a_membership_on_record(client, manager, call):
    person = make_user(username="ann", email="ann@example.org")
    answer = posted(
        client, f"{LIST}add/", typed_person="Ann@Example.org", call=call.pk, role=Role.CODER
    )
    assert answer.status_code == 302
    membership = Membership.objects.get(person=person)
    assert posted(client, page_of(membership), role=Role.REVIEWER).status_code == 302
    membership.refresh_from_db()
    assert membership.role == Role.REVIEWER
    delete = f"{LIST}{membership.pk}/delete/"
    assert posted(client, delete).status_code == 302
    assert not Membership.objects.filter(person=person).exists()
    assert recorded() == [
        ("membership_given", manager, call, {"person": "ann", "role": "coder"}),
        (
            "membership_changed",
            manager,
            call,
            {"person": "ann", "role": "reviewer", "before": {"role": "coder"}},
        ),
        ("membership_ended", manager, call, {"person": "ann", "role": "reviewer"}),
    ]


def test_person_to_add_is_typed_in_any_case(client, manager, call):
    person = make_user(username="Ann.Lee")
    nobody = posted(client, f"{LIST}add/", typed_person="an.lee", call=call.pk, role=Role.CODER)
    assert "An administrator invites new people." in str(nobody.context["errors"])
    posted(client, f"{LIST}add/", typed_person=" ann.lee", call=call.pk, role=Role.CODER)
    assert Membership.objects.get(person=person).role == Role.CODER


def test_manager_gives_no_membership_of_another_call(client, manager):
    other, person = make_call(), make_user(username="ann")
    answer = posted(client, f"{LIST}add/", typed_person="ann", call=other.pk, role=Role.CODER)
    assert set(answer.context["adminform"].form.errors) == {"call"}
    with pytest.raises(MembershipRefused, match="may not manage"):
        memberships.give(person=person, call=other, role=Role.CODER, by=manager, at=OPENS_AT)
    assert not Membership.objects.filter(person=person).exists()


def test_manager_leaves_administrators_and_the_own_membership_alone(client, manager, call):
    boss = make_user(username="boss", is_superuser=True)
    answer = posted(client, f"{LIST}add/", typed_person="boss", call=call.pk, role=Role.CODER)
    assert set(answer.context["adminform"].form.errors) == {"typed_person"}
    of_boss = Membership.objects.create(person=boss, call=call, role=Role.REVIEWER)
    own = Membership.objects.get(person=manager)
    assert posted(client, page_of(own), role=Role.STEERING_MEMBER).status_code == 302
    assert client.post(page_of(of_boss), {"role": Role.CODER}).status_code == 403
    assert client.post(f"{LIST}{of_boss.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{own.pk}/delete/", {"post": "yes"}).status_code == 403
    roles = Membership.objects.order_by("pk").values_list("role", flat=True)
    assert list(roles) == [Role.MANAGER, Role.REVIEWER]
    assert recorded() == []


def test_manager_gives_no_more_and_no_less_than_a_role(client, manager, call):
    person = make_user(username="ann")
    membership = Membership.objects.create(person=person, call=call, role=Role.CODER)
    posted(client, page_of(membership), also=[Action.EXPORT_NAMED], role=Role.REVIEWER)
    membership.refresh_from_db()
    assert (membership.role, membership.also) == (Role.REVIEWER, [])
    given = {"call": call, "role": Role.CODER, "by": manager, "at": OPENS_AT}
    for extras in ({"also": [Action.EXPORT_NAMED]}, {"without": [Action.CODE]}):
        with pytest.raises(MembershipRefused, match="Only administrators"):
            memberships.change(membership, by=manager, at=OPENS_AT, **extras)
        with pytest.raises(MembershipRefused, match="Only administrators"):
            memberships.give(person=make_user(), **given, **extras)


def test_manager_cannot_end_a_membership_that_an_administrator_narrowed(client, manager, call):
    person = make_user(username="ann")
    extras = {"also": [Action.SEE_STEERING, Action.EXPORT], "without": [Action.SEE_IDENTITY]}
    narrowed = Membership.objects.create(person=person, call=call, role=Role.MANAGER, **extras)
    sentence = "only an administrator ends the membership"
    page = client.get(page_of(narrowed)).content.decode()
    assert sentence in page
    said = re.findall(r"<label>(May \w+):</label>\s*<div class=\"readonly\">(.*?)</div>", page)
    assert said == [
        ("May also", "See the charts<br>Export responses without who answered"),
        ("May not", "See who answered"),
    ]
    assert client.post(f"{LIST}{narrowed.pk}/delete/", {"post": "yes"}).status_code == 403
    with pytest.raises(MembershipRefused, match="may not end"):
        memberships.end(narrowed, by=manager, at=OPENS_AT)
    assert recorded() == []
    client.force_login(make_user(is_superuser=True))
    assert sentence not in client.get(page_of(narrowed)).content.decode()
    assert posted(client, f"{LIST}{narrowed.pk}/delete/", post="yes").status_code == 302
    assert not Membership.objects.filter(person=person).exists()


def test_administrator_gives_one_person_more_and_less(client, call):
    boss = make_user(is_superuser=True)
    client.force_login(boss)
    person = make_user(username="ann")
    membership = Membership.objects.create(person=person, call=call, role=Role.MANAGER)
    extras = {"also": [Action.EXPORT_CONFIDENTIAL], "without": [Action.SEE_IDENTITY]}
    both = posted(client, page_of(membership), **extras | {"without": extras["also"]})
    assert both.context["errors"] == [["Tick each right in one of the two lists only."]]
    assert posted(client, page_of(membership), **extras).status_code == 302
    membership.refresh_from_db()
    assert (membership.also, membership.without) == (["export_confidential"], ["see_identity"])
    [(_, by, _, detail)] = recorded()
    assert (by, detail["also"], detail["before"]) == (
        boss,
        ["export_confidential"],
        {"also": [], "without": []},
    )


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.CODER])
def test_member_sees_the_own_membership_and_chooses_the_digest(client, call, role):
    person = make_user(role, username="ann")
    other = make_user(Role.MANAGER, username="other")
    client.force_login(person)
    shown = client.get(LIST).context["cl"].result_list
    assert [row.person for row in shown] == [person]
    own = Membership.objects.get(person=person)
    assert "until two weeks after its closing" in client.get(page_of(own)).content.decode()
    assert posted(client, page_of(own), wants_digest="on", role=Role.MANAGER).status_code == 302
    own.refresh_from_db()
    assert (own.wants_digest, own.role) == (True, role)
    theirs = Membership.objects.get(person=other)
    with pytest.raises(MembershipRefused, match="may not manage"):
        memberships.change(theirs, wants_digest=True, by=person, at=OPENS_AT)
    [(action, by, _, detail)] = recorded()
    assert (action, by, detail["wants_digest"]) == ("membership_changed", person, True)


def test_person_is_a_member_of_a_call_once(call):
    person = make_user(Role.CODER)
    with pytest.raises(MembershipRefused, match="already"):
        memberships.give(person=person, call=call, role=Role.MANAGER, by=None, at=OPENS_AT)
    with pytest.raises(IntegrityError):
        Membership.objects.create(person=person, call=call, role=Role.MANAGER)


def test_list_asks_as_much_for_three_members_as_for_one(client, manager, call):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            Membership.objects.create(person=make_user(), call=call, role=Role.CODER)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]
