"""The whole portal as script/server runs it, with a crowd before it, for tests that break it."""

import os
import signal
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from itertools import islice

import psutil
import psycopg2
from celery import Celery
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import ConnectionError as BrokerAway

from bench.crowd import Site, people_with_drafts
from bench.own_portal import environment_of
from core import heartbeats
from devserver.children import wait_until

SLUG = "rebalancing-the-relationship"
AT_ONCE = 10  # people who press Submit in the same moment; the web server answers eight
SOON = timedelta(seconds=90)
SENDERS = {"worker", "PostgreSQL"}  # without one of them what was claimed is never marked
SENDING = "submissions.send_due_mail"
PATIENCE = 120.0  # seconds; beat ticks every ten, and the machine may be busy

OUTCOMES = """
SELECT ia.value #>> '{}' AS address,
       s.state,
       count(DISTINCT v.id) AS versions,
       count(DISTINCT m.id) AS mails,
       min(m.state) AS mail_state,
       min(m.message_id) AS message_id
FROM submissions_submission s
JOIN submissions_identityanswer ia ON ia.submission_id = s.id
LEFT JOIN submissions_version v ON v.submission_id = s.id
LEFT JOIN submissions_outboxemail m ON m.submission_id = s.id
WHERE ia.value #>> '{}' = ANY(%s)
GROUP BY ia.value, s.id
"""

CLAIMS_AGE = """
UPDATE submissions_outboxemail SET claimed_at = claimed_at - %s
WHERE state = 'claimed' AND claimed_at < %s
"""
CLAIMED_BY_THE_DEAD = """
SELECT count(*) FROM submissions_outboxemail WHERE state = 'claimed' AND claimed_at < %s
"""
PAUSES_PASS = """
UPDATE submissions_outboxemail SET next_attempt_at = next_attempt_at - %s WHERE state = 'waiting'
"""


class OwnPortal:
    """`mail` is the mail server; `people` how many drafts are made ready at the start.

    `more` is what its environment has beside what every portal's has. They press Submit at `site`.
    """

    def __init__(self, portal, mail, *, port, data, people, more):
        self.portal = portal
        self.mail = mail
        self.port = port
        self.site = Site(port, SLUG)
        self.environment = environment_of(data) | more
        everybody = people_with_drafts(self.environment, SLUG, people, short=True)
        self._waiting = iter(everybody)
        self._died = None
        self._other_worker_died_at = None

    def part(self, name):
        """The supervised service of that name."""
        supervised = (*self.portal._engines, *self.portal._programs)
        return next(one for one in supervised if one.name == name)

    def counted(self, sample):
        """The value of a sample of /metrics/, which any of the web processes answers."""
        address = f"http://127.0.0.1:{self.port}/metrics/"
        with urllib.request.urlopen(address) as answer:
            lines = answer.read().decode().splitlines()
        return float(next((one for one in lines if one.startswith(sample)), "0").split()[-1])

    def kill(self, name):
        child = self.part(name).process.child
        os.kill(child.pid, signal.SIGKILL)
        self._note_death(name, child)

    def kill_one_web_worker(self):
        master = psutil.Process(self.part("web").process.child.pid)
        master.children()[0].kill()

    def kill_all_of(self, name):
        child = self.part(name).process.child
        os.killpg(child.pid, signal.SIGKILL)
        self._note_death(name, child)

    def _note_death(self, name, child):
        # A signal needs a moment, in which whoever asks would find everything whole.
        child.process.wait()
        if name in SENDERS:
            self._died = name

    def note_death_of_another_machines_worker(self):
        """It is dead, and what this machine's worker claimed since is in good hands."""
        self._other_worker_died_at = datetime.now(UTC)

    def crowd(self, number, *, break_it=None, after=0):
        """Have people press Submit; `break_it` once `after` of them have an answer."""
        people = list(islice(self._waiting, number))
        answers = {}
        broken = threading.Event()

        def press(person):
            if break_it and person is people[-1]:
                broken.wait(60)  # a fast machine would be through with all of them before
            answers[person] = self.site.press_submit(person)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            ends = [threads.submit(press, person) for person in people]
            # Services are started again from this thread, which outlives them.
            while not all(end.done() for end in ends):
                if break_it and not broken.is_set() and len(answers) >= after:
                    broken.set()
                    break_it()
                self.portal.restart_what_ended()
                time.sleep(0.02)
        assert broken.is_set() == (break_it is not None)
        for end in ends:
            end.result()
        return answers

    def whole_again(self):
        """Wait, as the supervisor does, until every part answers."""

        def runs():
            self.portal.restart_what_ended()
            supervised = (*self.portal._engines, *self.portal._programs)
            # A killed part leaves a sign of life that lasts for a while.
            started = all(one.process.running() for one in supervised)
            return started and self.portal._ask_if_ready()[0] == 200

        assert wait_until(runs, seconds=PATIENCE, pause=0.3), self.portal._ask_if_ready()

    def soon(self):
        """Have SOON pass for mails that wait or whose worker is dead; the broker forgets too.

        Claims go by real time, so it is their rows that move. What the dead claimed is released
        now, as it would be at beat's next tick.
        """
        connection = psycopg2.connect(self.environment["DATABASE_URL"])
        connection.autocommit = True
        broker_url = self.environment["BROKER_URL"]
        with (
            closing(connection),
            connection.cursor() as cursor,
            # Left to itself it would stand in for the portal's own in every later test.
            Celery(broker=broker_url, set_as_current=False) as tasks,
        ):
            if self._died is not None:
                runs_for = time.monotonic() - self.part(self._died)._started_at
                started_again_at = datetime.now(UTC) - timedelta(seconds=runs_for)
                _release_what_was_claimed_before(started_again_at, cursor, tasks)
            # A worker may still be at a batch, whose claims are its own. It may give up on it, too,
            # and would then have it wait from now on.
            assert wait_until(lambda: _sends_nothing(tasks), seconds=PATIENCE, pause=0.1)
            if self._other_worker_died_at is not None:
                _release_what_was_claimed_before(self._other_worker_died_at, cursor, tasks)
            self._died = self._other_worker_died_at = None
            cursor.execute(PAUSES_PASS, [SOON])
        self.try_mail_server_again()

    def try_mail_server_again(self):
        """Forget that it was found away, as the broker does after half a minute."""
        with Redis(unix_socket_path=self.environment["BROKER_URL"].partition("://")[2]) as broker:
            broker.delete(heartbeats.MAIL_SERVER_AWAY)

    def press_submit(self, person):
        return self.site.press_submit(person)

    def own_text(self, person):
        return self.site.own_text(person)

    def outcomes(self, people):
        connection = psycopg2.connect(self.environment["DATABASE_URL"])
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(OUTCOMES, [[person.address for person in people]])
            return {row[0]: row[1:] for row in cursor.fetchall()}

    def mails_sent(self, people):
        return [outcome[3] for outcome in self.outcomes(people).values()].count("sent")

    def arrived(self, people):
        """How many mails came, by the person's address and their Message-ID."""
        wanted = {person.address for person in people}
        envelopes = [one for one in self.mail.sink.envelopes if one.rcpt_tos[0] in wanted]
        return Counter(
            (one.rcpt_tos[0], BytesHeaderParser().parsebytes(one.content)["Message-ID"])
            for one in envelopes
        )


def _sends_nothing(tasks):
    """Whether the one living worker says that none of its processes is sending mail."""
    try:
        told = tasks.control.inspect(timeout=2, limit=1).active()
    except (BrokerAway, OperationalError):
        return False  # a connection that was kept leads to a broker that was killed
    active = [task["name"] for running in (told or {}).values() for task in running]
    return told is not None and SENDING not in active


def _release_what_was_claimed_before(moment, cursor, tasks):
    cursor.execute(CLAIMS_AGE, [SOON, moment])

    def released():
        cursor.execute(CLAIMED_BY_THE_DEAD, [moment - SOON])
        if cursor.fetchone() == (0,):
            return True
        tasks.send_task("submissions.release_stuck_mail")
        return False

    assert wait_until(released, seconds=PATIENCE, pause=0.5)
