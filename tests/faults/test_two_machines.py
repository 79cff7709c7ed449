"""Two web servers and two workers before one database, the second through PgBouncer if installed.

People meet either web server, from one request to the next. One machine dies, and no promise
breaks. What both have in common: database, broker, and files in a bucket of S3. No folder.
"""

import io
import re
from contextlib import closing
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.utils import ConnectionHandler

from bench.crowd import Site
from core.time_outs import TIME_OUTS
from devserver.children import wait_until
from devserver.folders import RunFolder
from devserver.portal import DATABASE, SERVING_ROLE
from devserver.postgres import SUPERUSER
from evidence_portal.service_urls import read_database
from tests.faults import pooler
from tests.faults.conftest import STARTS_AN_HOUR
from tests.faults.own_portal import PATIENCE
from tests.faults.test_whatever_dies import SENT_AGAIN, hold_promises
from tests.faults.two_machines import SLUG, InTurns, Visitor, second_machine
from tests.programs import skip_for_want_of
from tests.submissions.mail.mail_sink import free_port

CROWD = 16
CALL = f"/calls/{SLUG}/"
RECOMMENDATIONS = f"{CALL}response/recommendations/2/"


@pytest.fixture(scope="module")
def pooled(portal):
    """How the second machine reaches the database: through the pooler, if there is one."""
    if pooler.FOUND is None:
        yield {}
        return
    owner, port, run = portal.environment["MIGRATION_DATABASE_URL"], free_port(), RunFolder()
    try:
        with pooler.pooling(owner, port=port, roles=(SUPERUSER, SERVING_ROLE), run=run):
            url = f"postgresql://{SERVING_ROLE}@127.0.0.1:{port}/{DATABASE}"
            yield {"DATABASE_URL": url, "DATABASE_POOL_MODE": "transaction"}
    finally:
        run.remove()


@pytest.fixture(scope="module")
def both(portal, pooled, tmp_path_factory):
    """The portal, which people meet at either machine, and the second machine."""
    folder = tmp_path_factory.mktemp("second")
    own = pooled | {"PORTAL_MEDIA": str(folder), "WEB_CONCURRENCY": "1"}
    first = portal.site
    with second_machine(portal.environment | own, logs=folder) as second:
        portal.site = InTurns(first, Site(second.port, SLUG))
        yield portal, second
    portal.site = first


def test_two_machines_serve_as_one_until_one_dies(both):
    portal, second = both
    people_submit_at_both_and_each_gets_one_mail(portal)
    visitor = begin_a_response(portal.port)
    response_goes_on_at_the_other_with_its_file(visitor, portal, second)
    limits_count_what_came_to_both(portal, second, begun=1)
    export_is_asked_for_at_one_and_fetched_at_the_other(portal, second)
    one_dies_and_no_promise_breaks(portal, second)


def people_submit_at_both_and_each_gets_one_mail(portal):
    answers = portal.crowd(CROWD)
    assert all(answer.received for answer in answers.values())
    hold_promises(portal, answers)


def begin_a_response(port):
    """Return who began it, which counts as a start."""
    visitor = Visitor()
    assert visitor.post(port, f"{CALL}start/", {}, page=CALL)[0] == 302
    return visitor


def one_dies_and_no_promise_breaks(portal, second):
    def kill_it():
        second.kill()
        portal.note_death_of_another_machines_worker()
        del portal.site.sites[1]

    answers = portal.crowd(CROWD, break_it=kill_it, after=CROWD // 3)
    lost = [answer for answer in answers.values() if not answer.received]
    assert {answer.status for answer in lost} <= {0}
    hold_promises(portal, answers, repeats=SENT_AGAIN)


def response_goes_on_at_the_other_with_its_file(visitor, portal, second):
    words = {"anything_else": "Ask those who were turned down.", "action": "continue"}
    assert visitor.post(second.port, RECOMMENDATIONS, words)[0] == 302
    text = SimpleUploadedFile("notes.txt", b"Minutes of the third meeting.")
    words = {"anything_else": words["anything_else"], "action": "upload"}
    assert visitor.post(portal.port, RECOMMENDATIONS, words, files={"files": text})[0] == 302
    _, page = visitor.get(second.port, RECOMMENDATIONS)
    assert "Ask those who were turned down." in page.decode()
    [file] = re.findall(rf'href="({CALL}response/files/[^"]+)"', page.decode())
    assert visitor.get(second.port, file) == (200, b"Minutes of the third meeting.")


def limits_count_what_came_to_both(portal, second, *, begun):
    ports = [portal.port, second.port] * STARTS_AN_HOUR
    told = [Visitor().post(port, f"{CALL}start/", {}, page=CALL)[0] for port in ports]
    starts_left = STARTS_AN_HOUR - begun
    assert told == [302] * starts_left + [429] * (len(ports) - starts_left)


def export_is_asked_for_at_one_and_fetched_at_the_other(portal, second):
    ((_, answer),) = portal.crowd(1).items()
    assert answer.received
    member = Visitor()
    sign_in = {"username": "steering", "password": portal.portal.password}
    assert member.post(portal.port, "/steering/sign-in/", sign_in)[0] == 302
    choose = f"/steering/{SLUG}/exports/"
    status, run = member.post(second.port, choose, {"format": "docx-each"})
    assert status == 302
    made = wait_until(
        lambda: member.get(portal.port, f"{run}file/")[0] == 200, seconds=PATIENCE, pause=0.25
    )
    assert made
    first, other = (member.get(port, f"{run}file/")[1] for port in (portal.port, second.port))
    assert first == other
    assert len(ZipFile(io.BytesIO(first)).namelist()) >= 1


def test_time_outs_hold_through_the_pooler(pooled, monkeypatch, django_db_blocker):
    if pooler.FOUND is None:
        skip_for_want_of("pgbouncer", remedy=pooler.REMEDY)
    for name, value in pooled.items():
        monkeypatch.setenv(name, value)
    shown = {}
    with (
        django_db_blocker.unblock(),
        closing(ConnectionHandler({"default": read_database()})["default"]) as database,
        database.cursor() as cursor,
    ):
        for name in (*TIME_OUTS, "TimeZone"):
            cursor.execute(f"SHOW {name}")
            (shown[name],) = cursor.fetchone()
    assert shown == {**TIME_OUTS, "TimeZone": "UTC"}
