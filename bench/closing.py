"""python -m bench.closing: the last minute of a call, against script/server's two web workers.

Runs the portal on a folder of its own, with a mail server that takes everything. People with
ready drafts press Submit: half of them within the last ten seconds, some after the closing.
Ends with 0 if none was accepted late, none refused before the closing, none lost, and each who
was received has one mail. What counts is the moment at which the portal took a request: those who
pressed in time and were overtaken by the closing while they waited in the web server's queue are
counted apart. Prints the answer times, and the ratio of accepted submissions
a second to the bare insert floor: one psycopg2 commit a row on the same database, by as many at
once as the web server has threads.
"""

import argparse
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import quantiles

import psycopg2

from bench.crowd import Answer, Person, Site, people_with_drafts
from bench.mail import mail_server
from bench.own_portal import environment_of, own_portal
from evidence_portal.local.children import wait_until
from evidence_portal.local.portal import Portal
from evidence_portal.moved_clock import NAME, write_move

SLUG = "rebalancing-the-relationship"
CLOSES_AT = datetime(2019, 7, 24, 11, tzinfo=UTC)
LAST_MINUTE, LAST_SECONDS, AFTERWARDS = 60.0, 10.0, 5.0  # seconds
LATE = 0.05  # the share of people who press after the closing
IN_THE_LAST_SECONDS = 0.5
AT_ONCE = 8  # two web workers of four threads
MAIL_WITHIN = 120.0  # seconds after the last answer
FLOOR_LASTS = 3.0  # seconds


@dataclass
class Minute:
    """What came of the last minute; `closed` is the real moment of the closing (time.time())."""

    closed: float
    answers: dict[Person, Answer]

    @property
    def received(self) -> list[Person]:
        return [person for person, answer in self.answers.items() if answer.received]

    @property
    def accepted_late(self) -> int:
        return sum(self.answers[person].pressed_at >= self.closed for person in self.received)

    @property
    def refused_in_time(self) -> int:
        return sum(
            answer.status == 403 and answer.pressed_at + answer.seconds < self.closed
            for answer in self.answers.values()
        )

    @property
    def overtaken(self) -> list[float]:
        """Return how many seconds before the closing each of the overtaken had pressed."""
        return [
            self.closed - answer.pressed_at
            for answer in self.answers.values()
            if answer.status == 403
            and answer.pressed_at < self.closed <= answer.pressed_at + answer.seconds
        ]

    def a_second_at_the_end(self) -> float:
        """Return the accepted submissions a second, of those pressed in the last seconds."""
        last = [
            answer
            for answer in self.answers.values()
            if answer.received and answer.pressed_at >= self.closed - LAST_SECONDS
        ]
        began = min(answer.pressed_at for answer in last)
        ended = max(answer.pressed_at + answer.seconds for answer in last)
        return len(last) / (ended - began)


def moments(count: int) -> list[float]:
    """Return when each of `count` people presses, in seconds after the closing, in order."""
    random = Random(1)
    late, last = int(count * LATE), int(count * IN_THE_LAST_SECONDS)
    return sorted(
        [random.uniform(0.05, AFTERWARDS) for _ in range(late)]
        # Denser towards the end.
        + [-LAST_SECONDS * random.random() ** 1.3 for _ in range(last)]
        + [random.uniform(-LAST_MINUTE, -LAST_SECONDS) for _ in range(count - late - last)]
    )


def live_through(portal: Portal, data: Path, site: Site, people: list[Person]) -> Minute:
    """Move the rehearsal's clock to the last minute and have everybody press."""
    real = datetime.now(UTC)
    lead = timedelta(seconds=LAST_MINUTE + 2)
    write_move(data / NAME, CLOSES_AT - lead - portal.clock.at(real))
    minute = Minute((real + lead).timestamp(), {})

    def press(person: Person, moment: float) -> None:
        time.sleep(max(0.0, minute.closed + moment - time.time()))
        minute.answers[person] = site.press_submit(person)

    # A thread for each of the people who may wait at the same time.
    with ThreadPoolExecutor(500) as threads:
        ends = [
            threads.submit(press, person, moment)
            for person, moment in zip(people, moments(len(people)), strict=True)
        ]
        while not all(end.done() for end in ends):
            portal.look_after()
            time.sleep(0.2)
    for end in ends:
        end.result()
    return minute


def in_database(database: str, people: list[Person]) -> dict[str, tuple[int, int, int]]:
    """Return by address the versions, the late ones among them, and the mails that were sent."""
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT ia.value #>> '{}', count(DISTINCT v.id),
                   count(DISTINCT v.id) FILTER (WHERE v.received_at >= %s),
                   count(DISTINCT m.id) FILTER (WHERE m.state = 'sent')
            FROM submissions_identityanswer ia
            LEFT JOIN submissions_version v ON v.submission_id = ia.submission_id
            LEFT JOIN submissions_outboxemail m ON m.version_id = v.id
            WHERE ia.value #>> '{}' = ANY(%s)
            GROUP BY 1
            """,
            [CLOSES_AT, [person.address for person in people]],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def floor(database: str) -> float:
    """Return the rows a second, each of a response's size and in a commit of its own."""
    with closing(psycopg2.connect(database)) as connection, connection, connection.cursor() as own:
        own.execute("SELECT avg(length(canonical_text))::int FROM submissions_version")
        body = "x" * own.fetchone()[0]
        own.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body text NOT NULL)")
    together = threading.Barrier(AT_ONCE)

    def insert(_number: int) -> float:
        rows = 0
        with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
            together.wait(30)
            began = time.perf_counter()
            while time.perf_counter() - began < FLOOR_LASTS:
                cursor.execute("INSERT INTO bench_floor (body) VALUES (%s)", [body])
                connection.commit()
                rows += 1
            return rows / (time.perf_counter() - began)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(insert, range(AT_ONCE)))


def report(minute: Minute, stored: dict[str, tuple[int, int, int]], bare: float) -> bool:
    """Print what came of it; True if every promise was kept."""
    received = {person.address for person in minute.received}
    lost = sum(stored[address][0] != 1 for address in received)
    faults = Counter(
        answer.status
        for answer in minute.answers.values()
        if not answer.received and answer.status != 403
    )
    wrong = {
        "accepted late": minute.accepted_late + sum(late for _, late, _ in stored.values()),
        "refused before the closing": minute.refused_in_time,
        "told received and not there once": lost,
        "there and not told": sum(
            versions > 0 for address, (versions, _, _) in stored.items() if address not in received
        ),
        "without one mail": sum(stored[address][2] != 1 for address in received),
        "answered by a fault, or not at all": faults.total(),
    }
    took = [minute.answers[person].seconds for person in minute.received]
    cuts = quantiles(took, n=100)
    accepted = minute.a_second_at_the_end()
    print(f"{len(minute.answers)} people pressed, {len(received)} were received")
    for words, number in wrong.items():
        print(f"{words}: {number}")
    early = max(minute.overtaken, default=0.0)
    print(
        f"overtaken by the closing in the queue: {len(minute.overtaken)}, "
        f"who pressed up to {early:.2f} s before it"
    )
    print(f"answers: p50 {cuts[49]:.2f} s, p95 {cuts[94]:.2f} s, p99 {cuts[98]:.2f} s")
    print(f"accepted in the last ten seconds: {accepted:7.0f} a second")
    print(f"floor, one commit a row:          {bare:7.0f} a second")
    print(f"ratio: {accepted / bare:.3f}")
    return not any(wrong.values())


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=2000, help="people; default 2000")
    count = parser.parse_args().count
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
        mail_server() as mail_port,
    ):
        data = Path(folder) / "data"
        # PostgreSQL may run as another account, which has to pass through.
        Path(folder).chmod(0o711)
        mail = f"smtp://127.0.0.1:{mail_port}"
        with own_portal(data, port=port, email_url=mail, say=print) as portal:
            environment = environment_of(data)
            database = environment["DATABASE_URL"]
            people = people_with_drafts(environment, SLUG, count)
            minute = live_through(portal, data, Site(port, SLUG), people)

            def each_has_a_mail() -> bool:
                portal.look_after()
                stored = in_database(database, minute.received)
                return all(mails == 1 for _, _, mails in stored.values())

            wait_until(each_has_a_mail, seconds=MAIL_WITHIN, pause=1)
            stored = in_database(database, people)
            return 0 if report(minute, stored, floor(database)) else 1


if __name__ == "__main__":
    sys.exit(main())
