"""python -m bench.closing: the last minute of a call, against script/server's two web workers.

Runs the portal on a folder of its own, with a mail server that takes everything. People with
ready drafts press Submit: half of them within the last ten seconds, some after the closing.
Ends with 0 if none was accepted late, none refused who was in time, none lost, and each who was
received has one mail. What counts is when the last byte of a request went into the kernel, by the
clock of whoever pressed, however long it then waited; the portal may be TOLERANCE behind, since
the kernel counts in ticks. No receipt may bear a moment before that. Prints the answer times, and
the ratio of accepted submissions a second to the bare insert floor: one psycopg2 commit a row on
the same database, by as many at once as the web server has threads.
"""

import argparse
import os
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
from core.moved_clock import NAME, write_move
from devserver.children import wait_until
from devserver.portal import Portal

SLUG = "rebalancing-the-relationship"
CLOSES_AT = datetime(2019, 7, 24, 11, tzinfo=UTC)
LAST_MINUTE, LAST_SECONDS, AFTERWARDS = 60.0, 10.0, 5.0  # seconds
LATE = 0.05  # the share of people who press after the closing
IN_THE_LAST_SECONDS = 0.5
AT_ONCE = 8  # two web workers of four threads
MAIL_WITHIN = 120.0  # seconds after the last answer
FLOOR_LASTS = 3.0  # seconds
TOLERANCE = 0.02  # seconds: two ticks of the slowest kernel


@dataclass(frozen=True)
class Stored:
    """What the database holds of one person; `received_at` aware, None without a version."""

    versions: int
    received_at: datetime | None
    mails: int


@dataclass
class Minute:
    """What came of the last minute; `closed` is the real moment of the closing (time.time())."""

    closed: float
    answers: dict[Person, Answer]
    behind: float = 0.0

    @property
    def received(self) -> list[Person]:
        return [person for person, answer in self.answers.items() if answer.received]

    @property
    def accepted_late(self) -> int:
        return sum(self.answers[person].sent_from >= self.closed for person in self.received)

    @property
    def refused_in_time(self) -> int:
        return sum(
            answer.status == 403 and answer.sent_by < self.closed - TOLERANCE
            for answer in self.answers.values()
        )

    @property
    def on_the_stroke(self) -> int:
        """Return how many went off so near to the closing that either answer is right."""
        return sum(
            answer.sent_from < self.closed and answer.sent_by >= self.closed - TOLERANCE
            for answer in self.answers.values()
        )

    @property
    def longest_wait_over_closing(self) -> float:
        """Return how long before the closing, in seconds, somebody sent what was read after it."""
        waited = (
            self.closed - answer.sent_by
            for answer in self.answers.values()
            if answer.received and answer.sent_by < self.closed < answer.answered_at
        )
        return max(waited, default=0.0)

    def receipts_behind(self, stored: dict[str, Stored]) -> list[float]:
        """Return by how many seconds each receipt's moment is after the sending began."""
        return [
            self.closed
            + (stored[person.address].received_at - CLOSES_AT).total_seconds()
            - self.answers[person].sent_from
            for person in self.received
            if stored[person.address].received_at is not None
        ]

    def a_second_at_the_end(self) -> float:
        """Return the accepted submissions a second, of those pressed in the last seconds."""
        last = [
            answer
            for answer in self.answers.values()
            if answer.received and answer.pressed_at >= self.closed - LAST_SECONDS
        ]
        began = min(answer.pressed_at for answer in last)
        ended = max(answer.answered_at for answer in last)
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
    wall_now = datetime.now(UTC)
    lead = timedelta(seconds=LAST_MINUTE + 2)
    write_move(data / NAME, CLOSES_AT - lead - portal.clock.at(wall_now))
    minute = Minute((wall_now + lead).timestamp(), {})

    def press(person: Person, moment: float) -> None:
        time.sleep(max(0.0, minute.closed + moment - time.time()))
        answer = site.press_submit(person)
        minute.answers[person] = answer
        minute.behind = max(minute.behind, answer.pressed_at - minute.closed - moment)

    # A thread for each of the people, however many wait at the same time.
    with ThreadPoolExecutor(len(people)) as threads:
        ends = [
            threads.submit(press, person, moment)
            for person, moment in zip(people, moments(len(people)), strict=True)
        ]
        while not all(end.done() for end in ends):
            portal.restart_what_ended()
            time.sleep(0.2)
    for end in ends:
        end.result()
    return minute


def in_database(database: str, people: list[Person]) -> dict[str, Stored]:
    """Return by address what is there of each person; of mails, those that were sent."""
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT ia.value #>> '{}', count(DISTINCT v.id), max(v.received_at),
                   count(DISTINCT m.id) FILTER (WHERE m.state = 'sent')
            FROM submissions_identityanswer ia
            LEFT JOIN submissions_version v ON v.submission_id = ia.submission_id
            LEFT JOIN submissions_outboxemail m ON m.version_id = v.id
            WHERE ia.value #>> '{}' = ANY(%s)
            GROUP BY 1
            """,
            [[person.address for person in people]],
        )
        return {row[0]: Stored(*row[1:]) for row in cursor.fetchall()}


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


def report(minute: Minute, stored: dict[str, Stored], bare: float) -> bool:
    """Print what came of it; True if every promise was kept."""
    received = {person.address for person in minute.received}
    lost = sum(stored[address].versions != 1 for address in received)
    faults = Counter(
        answer.status
        for answer in minute.answers.values()
        if not answer.received and answer.status != 403
    )
    behind = minute.receipts_behind(stored)
    wrong = {
        "accepted late": minute.accepted_late,
        "with a receipt of the closing or later": sum(
            one.received_at is not None and one.received_at >= CLOSES_AT for one in stored.values()
        ),
        "with a receipt of before it was sent": sum(seconds < 0 for seconds in behind),
        "refused who was in time": minute.refused_in_time,
        "told received and not there once": lost,
        "there and not told": sum(
            one.versions > 0 for address, one in stored.items() if address not in received
        ),
        "without one mail": sum(stored[address].mails != 1 for address in received),
        "answered by a fault, or not at all": faults.total(),
    }
    cuts = quantiles((minute.answers[person].seconds for person in minute.received), n=100)
    accepted = minute.a_second_at_the_end()
    print(f"{len(minute.answers)} people pressed, {len(received)} were received")
    for words, number in wrong.items():
        print(f"{words}: {number}")
    print(f"on the stroke, where either is right: {minute.on_the_stroke}")
    print(f"received who had waited since up to {minute.longest_wait_over_closing:.2f} s before it")
    print(f"receipts are behind the sending by p99 {quantiles(behind, n=100)[98]:.3f} s")
    print(f"people pressed up to {minute.behind:.2f} s behind their time")
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
    parser.add_argument("--port", type=int, help="the portal's; default one that is free")
    parser.add_argument(
        "--through", type=int, help="the port of a proxy here that passes plain HTTP on to --port"
    )
    chosen = parser.parse_args()
    count, port = chosen.count, chosen.port or free_port()
    # They all press on this machine, and stand for people in as many places.
    os.environ["MAIL_OF_CLIENT_PER_HOUR"] = "1000000"
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
            site = Site(chosen.through or port, SLUG)
            minute = live_through(portal, data, site, people)

            def each_has_a_mail() -> bool:
                portal.restart_what_ended()
                stored = in_database(database, minute.received)
                return all(one.mails == 1 for one in stored.values())

            wait_until(each_has_a_mail, seconds=MAIL_WITHIN, pause=1)
            stored = in_database(database, people)
            return 0 if report(minute, stored, floor(environment["MIGRATION_DATABASE_URL"])) else 1


if __name__ == "__main__":
    sys.exit(main())
