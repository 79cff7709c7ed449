"""Workers share the news of a mail server that is away, so that they do not all wait for it."""

import pytest

from submissions import tasks
from submissions.domain import passing_marks
from submissions.models import OutboxEmail
from submissions.vocabulary import OutboxState
from tests.delivery.mail_sink import free_port
from tests.makers import make_submitted, while_open

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
    with tasks.broker() as broker:
        assert passing_marks.is_mail_server_away(broker) is False


def test_worker_that_finds_the_server_away_spares_the_others(mail_is_due, sink, settings):
    settings.EMAIL_PORT = free_port()
    tasks.send_due_mail()
    with tasks.broker() as broker:
        assert 0 < broker.ttl(passing_marks.MAIL_SERVER_AWAY) <= 30

    settings.EMAIL_PORT = sink.port
    tasks.send_due_mail()
    assert sink.connections == 0
    assert OutboxEmail.objects.get().state == OutboxState.WAITING

    with tasks.broker() as broker:
        broker.delete(passing_marks.MAIL_SERVER_AWAY)
    tasks.send_due_mail()
    assert OutboxEmail.objects.get().state == OutboxState.SENT


def test_stuck_mail_is_released_by_its_task(mail_is_due, at):
    OutboxEmail.objects.update(
        state=OutboxState.CLAIMED, attempts=1, claimed_at=while_open(OutboxEmail.objects.get().call)
    )
    at(while_open(OutboxEmail.objects.get().call) + tasks.outbox.CLAIM_LASTS)
    tasks.release_stuck_mail()
    assert OutboxEmail.objects.get().state == OutboxState.WAITING
