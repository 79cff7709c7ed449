"""Workers share the news of a mail server that is away, so that they do not all wait for it."""

from datetime import timedelta

import pytest

from core import clock, heartbeats
from core.broker import broker
from submissions.mail import tasks
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from tests.makers import make_submitted, while_open
from tests.submissions.mail.mail_sink import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_is_due(own_valkey, through_broker, settings, sink, at):
    through_broker(own_valkey.url())
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    submission = make_submitted()
    at(while_open(submission.call))


def test_due_mail_is_sent_and_nothing_is_marked(mail_is_due, sink):
    tasks.send_due_mail()
    assert sink.reached == ["someone@example.org"]
    with broker() as client:
        assert heartbeats.is_mail_server_away(client) is False


def test_two_processes_of_a_worker_send_and_the_third_does_all_else(mail_is_due, sink):
    turns = f"{heartbeats.SENDING_MAIL}{tasks.send_due_mail.request.hostname}"
    with (
        broker() as client,
        heartbeats.turn(client, turns, of=2, lasts=9) as one,
        heartbeats.turn(client, turns, of=2, lasts=9) as two,
    ):
        assert (one, two) == (True, True)
        tasks.send_due_mail()
        assert sink.connections == 0
    for _ in range(2):
        tasks.send_due_mail()
    assert sink.reached == ["someone@example.org"]
    with broker() as client, heartbeats.turn(client, turns, of=2, lasts=9):
        heartbeats.worker_starts(client, str(tasks.send_due_mail.request.hostname))
        assert not client.keys(f"{heartbeats.SENDING_MAIL}*")


def test_worker_that_finds_the_server_away_spares_the_others(mail_is_due, sink, settings):
    settings.EMAIL_PORT = free_port()
    tasks.send_due_mail()
    with broker() as client:
        assert 23 < client.ttl(heartbeats.MAIL_SERVER_AWAY) <= 36

    settings.EMAIL_PORT = sink.port
    tasks.send_due_mail()
    assert sink.connections == 0
    assert OutboxEmail.objects.get().state == OutboxState.WAITING

    with broker() as client:
        client.delete(heartbeats.MAIL_SERVER_AWAY)
    tasks.send_due_mail()
    assert OutboxEmail.objects.get().state == OutboxState.SENT


@pytest.mark.parametrize(
    ("minutes", "expected"), [(0, 30), (4, 30), (10, 75), (60, 450), (24 * 60, 600)]
)
def test_server_is_left_alone_for_longer_the_longer_it_is_away(mail_is_due, minutes, expected):
    """So one that is back after ten minutes has the mail within two, beat's tick included."""
    began = clock.wall_now()
    with broker() as client:
        heartbeats.mail_server_is_away(client, wall_now=began)
        heartbeats.mail_server_is_away(client, wall_now=began + timedelta(minutes=minutes))
        pause = client.pttl(heartbeats.MAIL_SERVER_AWAY) / 1000
    assert 0.8 * expected - 1 <= pause <= 1.2 * expected


def test_server_that_took_a_mail_is_back_and_its_next_absence_is_short(mail_is_due):
    long_ago = clock.wall_now() - timedelta(days=1)
    with broker() as client:
        heartbeats.mail_server_is_away(client, wall_now=long_ago)
        client.delete(heartbeats.MAIL_SERVER_AWAY)
    tasks.send_due_mail()
    with broker() as client:
        heartbeats.mail_server_is_away(client, wall_now=clock.wall_now())
        assert client.ttl(heartbeats.MAIL_SERVER_AWAY) <= 36


def test_stuck_mail_is_released_by_its_task_and_by_real_time(mail_is_due, at):
    def claimed(seconds_ago):
        OutboxEmail.objects.update(
            state=OutboxState.CLAIMED,
            attempts=1,
            claimed_at=clock.wall_now() - timedelta(seconds=seconds_ago),
        )
        tasks.release_stuck_mail()
        return OutboxEmail.objects.get().state

    at(while_open(OutboxEmail.objects.get().call) + timedelta(days=9))
    assert claimed(30) == OutboxState.CLAIMED
    assert claimed(90) == OutboxState.WAITING
