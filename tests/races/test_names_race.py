"""An address is given to one person, whoever else gets it at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection
from django.test import Client

from accounts import invitations
from accounts.admin import people
from accounts.models import User
from core import clock
from tests.forms import form_of
from tests.makers import make_user

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "pat@example.org"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def held(verb, other_may_begin, other_ended):
    """Return `verb`, which goes on only once the other person waits for it, or is done."""

    def slowly(*args, **options):
        found = verb(*args, **options)
        other_may_begin.set()
        with connection.cursor() as cursor:
            for _ in range(1000):
                cursor.execute(WAITING)
                if cursor.fetchone()[0] or other_ended.wait(0.01):
                    break
        return found

    return slowly


@pytest.mark.parametrize(
    ("first", "second"), [("change", "accept"), ("accept", "change"), ("change", "invite")]
)
def test_address_of_an_invitation_that_is_accepted_is_nobody_elses(monkeypatch, first, second):
    boss = make_user(username="boss", is_superuser=True)
    now = clock.wall_now()
    invitation = invitations.invite(
        email=ADDRESS, call=None, role=None, by=boss, at=clock.portal_now(), wall_now=now
    )
    invitations.make_token(invitation)
    client = Client()
    client.force_login(boss)
    page = f"/admin/accounts/user/{boss.pk}/change/"
    form = form_of(client.get(page), "user_form") | {"email": ADDRESS}
    form = {name: value for name, value in form.items() if value != ""}

    def change():
        return client.post(page, form).status_code == 302

    def accept():
        user = invitations.accept(
            invitation, name="Pat", password_hash="!", at=clock.portal_now(), wall_now=now
        )
        return user is not None

    def invite():
        posted = {"email": ADDRESS, "is_administrator": "on"}
        return client.post("/admin/accounts/invitation/add/", posted).status_code == 302

    verbs = [{"change": change, "accept": accept, "invite": invite}[one] for one in (first, second)]
    begin, ended = Event(), Event()
    if first == "change":
        monkeypatch.setattr(people, "whose_address", held(people.whose_address, begin, ended))
    else:
        monkeypatch.setattr(invitations, "record", held(invitations.record, begin, ended))

    def one():
        try:
            return verbs[0]()
        finally:
            connection.close()

    def other():
        try:
            assert begin.wait(20)
            return verbs[1]()
        finally:
            ended.set()
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        results = [threads.submit(run) for run in (one, other)]
    assert [result.result() for result in results] == [True, False]
    assert User.objects.filter(email=ADDRESS).count() == 1
