"""An accepted submission always gets its confirmation, whatever dies on the way."""

import signal
import socket
import time
from datetime import timedelta

import pytest

from core import clock_check, heartbeats
from core.broker import broker
from devserver.children import wait_until
from submissions.mail.tasks import nudge_mail, send_due_mail
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import OutboxState
from submissions.responses import drafting
from submissions.responses.models import Submission
from tests.faults.celery_processes import WORKER, running, running_beat
from tests.faults.test_health import ALL_OK, ask
from tests.makers import complete_answers, make_call, press_submit, while_open

pytestmark = pytest.mark.django_db(transaction=True)
LEFT_TO_BEAT = "submissions.send_due_mail is left to beat"
PATIENCE = 40.0  # seconds; two ticks of beat and the start of two processes on a busy machine


@pytest.fixture
def submit_by_browser(client, at):
    """Submit a response as a respondent does; returns the answer and the seconds it took."""

    def submit():
        call = make_call()
        at(while_open(call))
        client.post(f"/calls/{call.slug}/start/")
        draft = Submission.objects.get(call=call)
        answers = complete_answers(call)
        drafting.save_answers(submission=draft, call=call, values=answers, at=while_open(call))
        began = time.monotonic()
        response = press_submit(client, call)
        return response, time.monotonic() - began

    return submit


def sent(number):
    return lambda: OutboxEmail.objects.filter(state=OutboxState.SENT).count() == number


@pytest.mark.usefixtures("role_that_serves")
def test_mail_goes_out_by_beat_and_by_a_nudge_while_the_broker_comes_and_goes(
    client, own_valkey, sink, tmp_path, through_broker, submit_by_browser, caplog
):
    """One worker and one beat, which report themselves and their clocks soon after their start."""
    through_broker(own_valkey.url())
    own_valkey.stop()
    response, seconds = submit_by_browser()
    assert response.status_code == 302
    assert response.url.endswith("/response/submitted/")
    assert seconds < 10
    mail = OutboxEmail.objects.get()
    assert mail.state == OutboxState.WAITING
    assert caplog.messages.count(f"{LEFT_TO_BEAT} (OperationalError)") == 1

    own_valkey.start()
    engines = {"broker_url": own_valkey.url(), "smtp_port": sink.port}
    name = f"celery@{socket.gethostname()}"
    silence = "warning: no sign of life for 45 seconds"
    assert ask(client)[:2] == (200, ALL_OK | {"worker": silence, "beat": silence})
    with broker() as redis:
        heartbeats.worker_lives(redis, name)  # one of that name was killed a moment ago
    with running(*WORKER, folder=tmp_path, **engines):
        with broker() as redis:
            assert wait_until(
                lambda: not heartbeats.is_a_worker_alive(redis), seconds=PATIENCE, pause=0.1
            )
        with running_beat(tmp_path, **engines):
            # The nudge was lost with the broker.
            assert wait_until(sent(1), seconds=PATIENCE, pause=0.1)
            assert [message["Message-ID"] for message in sink.messages] == [mail.message_id]
            assert wait_until(lambda: ask(client)[:2] == (200, ALL_OK), seconds=PATIENCE, pause=0.1)
            both = {"beat", name}
            with broker() as redis:
                assert wait_until(
                    lambda: clock_check.reports(redis).keys() == both, seconds=PATIENCE, pause=0.1
                )
                assert clock_check.reports(redis) == dict.fromkeys(both, timedelta(0))

            # The broker goes and comes back under a worker and a beat that live on.
            own_valkey.stop()
            submit_by_browser()
            own_valkey.start()
            assert wait_until(sent(2), seconds=PATIENCE, pause=0.1)

        # Without beat, by its nudge alone.
        submit_by_browser()
        assert wait_until(sent(3), seconds=PATIENCE, pause=0.1)
    assert len(sink.messages) == 3


def test_one_nudge_is_on_its_way_until_a_worker_takes_it(own_valkey, through_broker):
    through_broker(own_valkey.url())

    def nudges_after(number):
        for _ in range(number):
            nudge_mail()
        with broker() as client:
            return client.llen("celery")

    assert nudges_after(3) == 1
    with broker() as client:
        assert 9_000 < client.pttl(heartbeats.MAIL_NUDGED) <= 10_000
    send_due_mail()  # as the worker that takes it does, and as beat's
    assert nudges_after(3) == 2


def frozen(own_valkey):
    own_valkey.child.send(signal.SIGSTOP)
    return own_valkey.url(), lambda: own_valkey.child.send(signal.SIGCONT)


def black_hole(_own_valkey):
    """A port whose queue of connections is full: on Linux nobody answers, as behind a firewall."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    callers = [socket.socket() for _ in range(4)]
    for caller in callers:
        caller.setblocking(False)
        caller.connect_ex(listener.getsockname())

    def close():
        for one in (*callers, listener):
            one.close()

    return f"redis://127.0.0.1:{listener.getsockname()[1]}/0", close


@pytest.mark.parametrize("trouble", [frozen, black_hole])
def test_broker_that_never_answers_keeps_nobody_waiting(
    trouble, own_valkey, through_broker, submit_by_browser, caplog
):
    url, end = trouble(own_valkey)
    try:
        through_broker(url)
        response, seconds = submit_by_browser()
    finally:
        end()
    assert response.status_code == 302
    assert seconds < 10
    assert OutboxEmail.objects.get().state == OutboxState.WAITING
    assert [line for line in caplog.messages if line.startswith(LEFT_TO_BEAT)] == [
        f"{LEFT_TO_BEAT} (OperationalError)"
    ]
