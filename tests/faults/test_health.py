"""/healthz/ and /readyz/ tell the truth, and tell it quickly."""

import errno
import signal
import tempfile
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from celery.signals import heartbeat_sent
from celery.worker.heartbeat import Heart
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection

from core import can_write, clock, clock_check, disk_reserve, heartbeats, tasks
from core.broker import broker
from evidence_portal import health
from tests.makers import OPENS_AT, make_submitted

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("role_that_serves"),
]


def ask(client):
    """The status, each part's line, and the seconds that it took."""
    began = time.monotonic()
    response = client.get("/readyz/")
    word, *lines = response.content.decode().splitlines()
    assert word == ("ready" if response.status_code == 200 else "not ready")
    return (
        response.status_code,
        dict(line.split(": ", 1) for line in lines),
        time.monotonic() - began,
    )


@pytest.fixture
def all_alive(own_valkey, through_broker):
    """A broker with the signs of life of a worker and of beat."""
    through_broker(own_valkey.url())
    with broker() as redis:
        heartbeats.beat_lives(redis)
        heartbeats.worker_lives(redis, "celery@one")
    return own_valkey


ALL_OK = dict.fromkeys(
    ["database", "schema", "clock", "uploads", "broker", "worker", "beat", "mail", "record"], "ok"
) | {"evidence": "not checked yet"}


def test_process_lives_without_any_other_part(client, own_valkey, through_broker, monkeypatch):
    through_broker(own_valkey.url())
    own_valkey.stop()
    monkeypatch.setattr(connection, "cursor", None)
    response = client.get("/healthz/")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_signs_of_life_end_by_themselves(client, all_alive):
    with broker() as client:
        for key in (heartbeats.BEAT, f"{heartbeats.WORKER}celery@one"):
            assert 0 < client.ttl(key) <= heartbeats.ALIVE_FOR


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_part_without_a_sign_of_life_is_named(client, all_alive, part):
    assert ask(client)[:2] == (200, ALL_OK)
    with broker() as redis:
        if part == "worker":
            heartbeats.worker_starts(redis, "celery@one")
        else:
            heartbeats.beat_starts(redis)
    silent = {part: "warning: no sign of life for 45 seconds"}
    assert ask(client)[:2] == (200, ALL_OK | silent)


def test_one_of_two_workers_is_enough(client, all_alive):
    with broker() as redis:
        heartbeats.worker_lives(redis, "celery@two")
        heartbeats.worker_starts(redis, "celery@one")
    assert ask(client)[:2] == (200, ALL_OK)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_dead_broker_is_told_soon(client, all_alive, number):
    all_alive.child.send(number)
    try:
        status, parts, seconds = ask(client)
    finally:
        all_alive.child.send(signal.SIGCONT)
    unknown = {"broker": "warning: does not answer", "worker": "not known", "beat": "not known"}
    assert (status, parts) == (200, ALL_OK | unknown)
    assert seconds < 10


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("CONFIG SET requirepass a-secret", "refuses the user or the password (BROKER_URL)"),
        ("ACL SETUSER default off", "refuses the user or the password (BROKER_URL)"),
        (
            "ACL SETUSER default -@all +ping",
            "does not let its user do what the portal needs (BROKER_URL)",
        ),
    ],
)
def test_broker_that_refuses_the_portal_is_told_as_that(
    client, all_alive, monkeypatch, capsys, order, said
):
    with broker() as redis:
        redis.execute_command(order)
        redis.connection_pool.disconnect()
    status, parts, _ = ask(client)
    unknown = {"broker": f"warning: {said}", "worker": "not known", "beat": "not known"}
    assert (status, parts) == (200, ALL_OK | unknown)
    monkeypatch.setenv("BROKER_URL", all_alive.url())
    assert health.main(["beat"]) == 1
    assert capsys.readouterr().err.startswith(f"beat: the broker (BROKER_URL) {said} (")


def test_database_that_refuses_the_portal_says_why_without_names(client, all_alive, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "USER", "nobody-here")
    connection.close()
    try:
        status, parts, _ = ask(client)
    finally:
        connection.close()
    assert (status, parts["database"]) == (503, 'refuses the portal (role "…" does not exist)')


def test_dead_database_is_told_without_its_address(client, all_alive, monkeypatch):
    def refuse():
        raise OperationalError("connection to server at secret-host failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    status, parts, _ = ask(client)
    unknown = dict.fromkeys(("schema", "clock", "mail", "evidence", "record"), "not known")
    assert (status, parts) == (503, ALL_OK | {"database": "does not answer"} | unknown)


@pytest.mark.parametrize(
    ("seconds", "status", "said"),
    [
        (-2.5, 200, "warning: the clock of this server is 2 seconds behind the database’s"),
        (30.5, 503, "the clock of this server is 30 seconds ahead of the database’s"),
        (-7200.5, 503, "the clock of this server is 2 hours behind the database’s"),
    ],
)
def test_clock_of_the_web_server_is_compared_with_the_databases(
    client, all_alive, monkeypatch, seconds, status, said
):
    monkeypatch.setattr(clock, "wall_now", lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    assert ask(client)[:2] == (status, ALL_OK | {"clock": said})


def test_clock_of_a_worker_is_named(client, all_alive, monkeypatch):
    wrong = datetime.now(UTC) + timedelta(minutes=3.5)
    with broker() as redis, monkeypatch.context() as meanwhile:
        meanwhile.setattr(clock, "wall_now", lambda: wrong)
        clock_check.report(redis, "celery@two")
        assert 0 < redis.ttl("portal:clock:celery@two") <= clock_check.REPORT_LASTS
    said = "warning: the clock of celery@two is 3 minutes ahead of the database’s"
    assert ask(client)[:2] == (200, ALL_OK | {"clock": said})


def test_worker_whose_clock_is_ahead_reports_it_though_it_runs_no_task(
    own_valkey, through_broker, monkeypatch
):
    """By its clock every task has expired: only its own heartbeat is left to tell."""
    through_broker(own_valkey.url())
    wrong = datetime.now(UTC) + timedelta(hours=2.5)
    eventer = SimpleNamespace(hostname="celery@two", on_enabled=set(), on_disabled=set())
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(clock, "wall_now", lambda: wrong)
        meanwhile.setattr(tasks, "_clock_due", 0.0)
        heartbeat_sent.send(sender=Heart(None, eventer))
    with broker() as redis:
        ((name, deviation),) = clock_check.reports(redis).items()
    assert name == "celery@two"
    assert timedelta(hours=2) < deviation < timedelta(hours=3)


def test_stale_mail_is_a_warning(client, all_alive, at, settings):
    make_submitted(at=OPENS_AT)
    at(OPENS_AT + timedelta(minutes=settings.MAIL_STALE_MINUTES))
    assert ask(client)[:2] == (200, ALL_OK)
    at(OPENS_AT + timedelta(minutes=settings.MAIL_STALE_MINUTES, microseconds=1))
    warning = {"mail": "warning: 1 mail has waited for more than 15 minutes"}
    assert ask(client)[:2] == (200, ALL_OK | warning)
    make_submitted(at=OPENS_AT)
    assert ask(client)[1]["mail"] == "warning: 2 mails have waited for more than 15 minutes"


def test_database_that_only_reads_is_not_ready(client, all_alive):
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        status, parts, _ = ask(client)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET default_transaction_read_only")
    assert (status, parts) == (503, ALL_OK | {"database": "takes no writes"})


def test_trial_leaves_nothing_in_the_database(client, all_alive):
    assert ask(client)[0] == 200
    assert not Session.objects.filter(session_key__startswith="try-").exists()


def test_disk_without_the_reserve_is_not_ready(client, all_alive, settings):
    settings.DISK_RESERVE_MB = 10**9
    status, parts, _ = ask(client)
    said = {"uploads": "less than 1,000,000,000 MB are free"}
    assert (status, parts) == (503, ALL_OK | said)


def test_folder_that_takes_no_uploads_is_not_ready(client, all_alive, monkeypatch):
    def refuse(**_options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    said = {"uploads": "cannot be written (Read-only file system)"}
    assert ask(client)[:2] == (503, ALL_OK | said)
    can_write.forget()
    monkeypatch.setattr(disk_reserve, "folder", refuse)
    assert ask(client)[:2] == (503, ALL_OK | said)


def test_disk_is_tried_once_in_some_seconds(client, all_alive, settings):
    assert ask(client)[0] == 200
    settings.DISK_RESERVE_MB = 10**9
    assert ask(client)[0] == 200
    can_write.forget()
    assert ask(client)[0] == 503


def test_stranger_gets_the_word_alone(client, all_alive, settings):
    settings.MONITORING_TOKEN = "a" * 32
    strangers = [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=192.0.2.7"},
        {"HTTP_AUTHORIZATION": "Bearer something-else"},
        {"HTTP_AUTHORIZATION": "Bearer "},
        {"HTTP_AUTHORIZATION": "Bearer ungültig"},
    ]
    told = [client.get("/readyz/", **sent).content for sent in strangers]
    assert told == [b"ready\n"] * len(strangers)
    all_alive.stop()
    answers = [client.get("/readyz/", **sent) for sent in strangers]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"ready\n")}


def test_parts_are_for_who_has_the_token(client, all_alive, settings):
    settings.MONITORING_TOKEN = "a" * 32
    far = {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "192.0.2.8"}
    response = client.get("/readyz/", HTTP_AUTHORIZATION="Bearer " + "a" * 32, **far)
    assert "\nworker: ok\n" in response.content.decode()


def test_no_token_is_nobodys(client, all_alive, settings):
    settings.MONITORING_TOKEN = ""
    far = {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "}
    assert client.get("/readyz/", **far).content == b"ready\n"
