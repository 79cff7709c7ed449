"""Parts of the portal are killed while a crowd of people press Submit, and no promise breaks.

Whoever was told "received" is received, once, and gets the one confirmation soon after; whoever
was not still has their text and may press again; nothing half-written counts. One portal serves
all the tests, and those of `test_two_machines.py`: each leaves it whole.
"""

import threading
from collections import Counter

import pytest

from devserver.children import wait_until
from tests.faults.own_portal import PATIENCE
from tests.submissions.mail.mail_sink import HANG_UP

CROWD = 18
BROKEN_AFTER = 4  # people have their answer
# The worker has two processes, each with one mail on its way or not marked yet.
SENT_AGAIN = 2


@pytest.fixture(autouse=True)
def mail_is_taken(portal):
    yield
    portal.mail.sink.replies.clear()


def hold_promises(portal, answers, *, repeats=0):
    """Check every promise about a crowd once every part runs again.

    At most `repeats` confirmations may have come a second time, under the same Message-ID.
    """
    people = list(answers)
    untold = [person for person, answer in answers.items() if not answer.received]
    told = [person for person in people if answers[person].received]
    outcomes = portal.outcomes(people)
    assert {outcomes[person.address][:3] for person in told} == {("submitted", 1, 1)}
    for person in untold:
        assert person.own in portal.own_text(person)
        assert outcomes[person.address][:3] in {("draft", 0, 0), ("submitted", 1, 1)}
    again = [portal.press_submit(person) for person in untold]
    assert [answer for answer in again if not answer.received] == []

    portal.soon()
    # Somebody else's response wakes the worker before beat does.
    (other,) = portal.crowd(1)
    assert wait_until(
        lambda: portal.mails_sent([*people, other]) == len(people) + 1,
        seconds=PATIENCE,
        pause=0.5,
    ), Counter(outcome[:4] for outcome in portal.outcomes(people).values())

    outcomes = portal.outcomes(people)
    assert {outcome[:4] for outcome in outcomes.values()} == {("submitted", 1, 1, "sent")}
    arrived = portal.arrived(people)
    assert set(arrived) == {(address, outcome[4]) for address, outcome in outcomes.items()}
    assert arrived.total() - len(people) <= repeats


def test_counts_are_of_all_web_processes(portal):
    told = [portal.counted('portal_answers_total{method="GET",page="metrics",status="200"}')]
    told += [portal.counted('portal_answers_total{method="GET",page="metrics",status="200"}')]
    for _ in range(10):
        before = told[-1]
        told.append(
            portal.counted('portal_answers_total{method="GET",page="metrics",status="200"}')
        )
        assert told[-1] == before + 1


def test_web_worker_killed(portal):
    answers = portal.crowd(CROWD, break_it=portal.kill_one_web_worker, after=BROKEN_AFTER)
    portal.whole_again()
    lost = [answer for answer in answers.values() if not answer.received]
    assert {answer.status for answer in lost} <= {0}
    hold_promises(portal, answers)


def test_celery_worker_killed(portal):
    answers = portal.crowd(CROWD, break_it=lambda: portal.kill("worker"), after=BROKEN_AFTER)
    assert all(answer.received for answer in answers.values())
    portal.whole_again()
    hold_promises(portal, answers, repeats=SENT_AGAIN)
    assert max(portal.arrived(list(answers)).values()) <= 2


def test_celery_worker_killed_between_sending_and_marking(portal):
    killed = threading.Event()

    def take_the_mail_and_kill_the_worker():
        portal.mail.sink.replies.clear()
        portal.kill_all_of("worker")
        killed.set()

    def wait_for_the_next_mail():
        portal.mail.sink.replies["DATA", None] = take_the_mail_and_kill_the_worker

    answers = portal.crowd(CROWD, break_it=wait_for_the_next_mail, after=BROKEN_AFTER)
    assert all(answer.received for answer in answers.values())
    assert killed.wait(PATIENCE)
    portal.whole_again()
    hold_promises(portal, answers, repeats=SENT_AGAIN)
    assert portal.arrived(list(answers)).total() - CROWD >= 1
    assert max(portal.arrived(list(answers)).values()) == 2


def test_valkey_and_beat_killed_while_the_mail_server_is_slow(portal):
    def be_slow_and_kill_them():
        portal.mail.sink.replies["DATA", None] = 0.5
        portal.kill("Valkey")
        portal.kill("beat")

    answers = portal.crowd(CROWD, break_it=be_slow_and_kill_them, after=BROKEN_AFTER)
    assert all(answer.received for answer in answers.values())
    portal.whole_again()
    portal.mail.sink.replies.clear()
    hold_promises(portal, answers)


def test_postgresql_killed_and_restarted(portal):
    answers = portal.crowd(CROWD, break_it=lambda: portal.kill("PostgreSQL"), after=BROKEN_AFTER)
    portal.whole_again()
    lost = [answer for answer in answers.values() if not answer.received]
    assert {answer.status for answer in lost} <= {0, 503}
    hold_promises(portal, answers, repeats=SENT_AGAIN)


def test_mail_server_down(portal):
    answers = portal.crowd(CROWD, break_it=portal.mail.kill, after=BROKEN_AFTER)
    assert all(answer.received for answer in answers.values())
    portal.mail.start()
    hold_promises(portal, answers, repeats=SENT_AGAIN)


def test_mail_server_turns_mail_away(portal):
    """It refuses the sender, then a few addresses, then hangs up on mails that it took."""
    times = {"MAIL": 1, "RCPT": 5, "DATA": 2}
    replies = {
        "MAIL": "550 5.7.1 relay access denied",
        "RCPT": "451 4.3.0 not now",
        "DATA": HANG_UP,
    }
    turned_away = Counter()

    def refuse_some(command):
        def reply():
            turned_away[command] += 1
            # Not for ever: a mail that is refused again and again waits longer each time.
            return replies[command] if turned_away[command] <= times[command] else None

        return reply

    def turn_away():
        for command in replies:
            portal.mail.sink.replies[command, None] = refuse_some(command)

    def met_each_refusal():
        portal.soon()
        return all(turned_away[command] >= times[command] for command in times)

    answers = portal.crowd(CROWD, break_it=turn_away, after=BROKEN_AFTER)
    assert all(answer.received for answer in answers.values())
    assert wait_until(met_each_refusal, seconds=PATIENCE, pause=1)
    portal.mail.sink.replies.clear()
    hold_promises(portal, answers, repeats=times["DATA"])
