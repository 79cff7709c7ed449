"""Two staff export what their list shows at one moment: real threads on real connections.

Each gets a file and a record of their own. Who loses the right meanwhile gets nothing more, and
nothing goes out that is not on record.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import AuditEvent, Membership, User
from accounts.states import Action, Role
from core import clock
from exports import asked_for, worker
from exports.models import ApiToken, ExportRun
from exports.permissions import ExportRefused
from tests.exports.api.pulling import make_token
from tests.exports.test_from_the_list import opened, pressed, references_in
from tests.makers import allow, make_call, make_submitted, make_user, while_open, withhold
from tests.races.test_names_race import WAITING
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
QUERY = "facet_roles=provider"


@pytest.fixture
def call(at):
    call = make_call(slug="the-call")
    at(while_open(call))
    return call


@pytest.fixture
def staff(call):
    return [signed_in(name) for name in ("ann", "ben")]


def signed_in(name):
    client = Client()
    client.user = make_user(Role.REVIEWER, username=name, is_staff=True)
    allow(client.user, Action.EXPORT)
    client.force_login(client.user)
    return client


def make_responses(call):
    make_submitted(call, roles=["commissioner"])
    return {make_submitted(call, roles=["provider"]).reference for _ in range(3)}


def taken(client, call, page, **more):
    """Press Export; return the status, where it leads, and the whole file."""
    answer = pressed(client, call, page, **more)
    data = b"".join(answer.streaming_content) if answer.streaming else b""
    return answer.status_code, answer.headers.get("Location", ""), data


def exported_by(client):
    return list(AuditEvent.objects.filter(action="exported", actor=client.user))


def test_two_who_export_one_filter_at_once_have_a_file_and_a_record_each(call, staff):
    wanted = make_responses(call)
    pages = [opened(one, call, QUERY) for one in staff]
    files = at_once([partial(taken, *each) for each in zip(staff, [call] * 2, pages, strict=True)])
    for client, (status, _, data) in zip(staff, files, strict=True):
        assert (status, references_in(data)) == (200, wanted)
        [event] = exported_by(client)
        assert event.detail["sha256"] == hashlib.sha256(data).hexdigest()
        assert event.detail["rows"] == 3
        started = AuditEvent.objects.get(action="export_started", actor=client.user)
        assert set(started.detail["responses"]) == wanted
        assert started.detail["attempt"] == event.detail["attempt"]
    assert AuditEvent.objects.filter(action__startswith="export").count() == 4


def make_next():
    return worker.make_next(now=clock.portal_now, wall_now=clock.wall_now)


def test_of_two_exports_that_a_worker_makes_one_whose_person_lost_the_right_is_not_made(
    call, staff, monkeypatch
):
    monkeypatch.setitem(asked_for.AT_ONCE, "csv", 0)
    monkeypatch.setattr(asked_for, "nudge_exports", lambda: None)
    wanted = make_responses(call)
    pages = [opened(one, call, QUERY) for one in staff]
    answers = at_once(
        [partial(taken, one, call, page) for one, page in zip(staff, pages, strict=True)]
    )
    runs = [ExportRun.objects.get(by=one.user) for one in staff]
    places = [f"/steering/the-call/exports/{run.public_id}/" for run in runs]
    assert [answer[:2] for answer in answers] == [(302, place) for place in places]
    withhold(staff[1].user, Action.EXPORT)
    at_once([make_next, make_next])  # one waits where the other works
    make_next()
    ann, ben = (ExportRun.objects.get(pk=run.pk) for run in runs)
    assert (ann.state, ann.rows_done, ben.state) == ("done", 3, "failed")
    assert ben.error == "You do not have permission to export responses."
    assert not ben.file
    assert [len(exported_by(one)) for one in staff] == [1, 0]
    staff[1].force_login(staff[1].user)
    for one, place, status in (
        (staff[0], places[0], 200),
        (staff[0], places[1], 404),
        (staff[1], places[0], 403),
        (staff[1], places[1], 403),
    ):
        answer = one.get(f"{place}file/")
        assert answer.status_code == status, place
        if status == 200:
            assert references_in(b"".join(answer.streaming_content)) == wanted
    assert AuditEvent.objects.get(action="export_downloaded").actor == staff[0].user


def test_file_that_was_made_is_not_handed_out_after_the_right_is_lost(call, staff, monkeypatch):
    monkeypatch.setitem(asked_for.AT_ONCE, "csv", 0)
    monkeypatch.setattr(asked_for, "nudge_exports", lambda: None)
    make_responses(call)
    ben = staff[1]
    _, place, _ = taken(ben, call, opened(ben, call, QUERY))
    make_next()
    assert ExportRun.objects.get().state == "done"
    withhold(ben.user, Action.EXPORT)
    ben.force_login(ben.user)
    assert ben.get(f"{place}file/").status_code == 403
    assert not AuditEvent.objects.filter(action="export_downloaded").exists()


def test_export_at_the_moment_at_which_the_right_is_lost_is_whole_and_on_record_or_not_at_all(
    call, staff
):
    wanted = make_responses(call)
    ann, ben = staff
    for _ in range(2):
        before = len(exported_by(ben))
        pages = [opened(one, call, QUERY) for one in staff]
        hers, his, _ = at_once(
            [
                partial(taken, ann, call, pages[0]),
                partial(taken, ben, call, pages[1]),
                partial(withhold, ben.user, Action.EXPORT),
            ]
        )
        assert (hers[0], references_in(hers[2])) == (200, wanted)
        records = exported_by(ben)
        if his[0] == 200:
            assert references_in(his[2]) == wanted
            digest = hashlib.sha256(his[2]).hexdigest()
            assert [event.detail["sha256"] for event in records].count(digest) == before + 1
        else:
            assert (his[0] in {302, 403}, his[2], len(records)) == (True, b"", before)
        # The next round begins with the right.
        ben.user.groups.filter(name__startswith="without").delete()
        allow(ben.user, Action.EXPORT)
        ben.force_login(ben.user)


def ends_membership(person):
    Membership.objects.get(person=person).delete()


def deactivates(person):
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("leaves", [ends_membership, deactivates])
def test_no_token_is_made_while_its_person_leaves(call, leaves):
    """It would count again if they came back."""
    person, ended = make_user(Role.STEERING_MEMBER, username="dan"), Event()

    def make():
        try:
            with suppress(ExportRefused):
                make_token(call, by=person)
        finally:
            ended.set()
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic(), connection.cursor() as cursor:
            leaves(person)
            making = threads.submit(make)
            for _ in range(1000):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or ended.wait(0.01):
                    break
        making.result()
    assert list(ApiToken.objects.in_force()) == []
