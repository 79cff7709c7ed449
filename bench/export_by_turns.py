"""The measuring half of bench.export, which starts it with an engine and settings of its own."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import django
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

django.setup()

from bench.bench_call import CLOSES_AT, OPENS_AT, make_call
from core import clock
from core.references import make_reference
from devserver.postgres import PROGRAMS
from exports.recording import export_chunks
from exports.response_sql import spreadsheet_query
from exports.types import Dataset
from submissions.calls.models import Call, Question
from submissions.responses.models import Submission

ANSWERS = 5
CHARACTERS = 3_000
DIFFERENT_TEXTS = 5_000
AIM = 1.35
PSQL = PROGRAMS / "bin" / "psql"
PERIOD = {"opens_at": OPENS_AT, "closes_at": CLOSES_AT}
# A response's answers are any five of the texts; MD5 makes the choice, the same every time.
VERSIONS = f"""
INSERT INTO submissions_version (
  submission_id, number, received_at, deadline, timing, choices, texts, canonical_text, sha256,
  words
)
SELECT s.id, 1, %(opens_at)s + (%(closes_at)s::timestamptz - %(opens_at)s) * drawn.part,
       %(closes_at)s, 'on_time', '{{"publication": "named"}}', answers.texts, answers.text,
       encode(sha256(convert_to(answers.text, 'UTF8')), 'hex'),
       array_length(regexp_split_to_array(answers.text, '\\s+'), 1)
FROM submissions_submission s
CROSS JOIN LATERAL (
  SELECT ('x' || left(md5(s.id::text), 8))::bit(32)::bigint / 4294967296.0 AS part
) AS drawn
CROSS JOIN LATERAL (
  SELECT jsonb_object_agg('answer_' || a, p.text) AS texts, string_agg(p.text, chr(10)) AS text
  FROM generate_series(1, {ANSWERS}) AS a
  JOIN pool p ON p.n = ('x' || left(md5(s.id || '-' || a), 8))::bit(32)::bigint %% %(different)s
) AS answers
"""
RECEIPTS = """
UPDATE submissions_submission s
SET state = 'submitted', reference = r.reference, submitted_at = v.received_at,
    current_version_id = v.id
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM submissions_version) AS v
JOIN unnest(%s) WITH ORDINALITY AS r(reference, n) USING (n)
WHERE v.submission_id = s.id
"""
LETTERS = "aaabcdeeeefghiiiklmnnoooprrrsssttttuvwy"


def fill(count: int) -> None:
    """Lay `count` responses, and the rows of their CSV in a flat table."""
    call_command("migrate", verbosity=0)
    chance = random.Random(2019)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 10))) for _ in range(5_000)]
    call = _make_call()
    Submission.objects.bulk_create(
        (Submission(call=call, started_at=OPENS_AT, saved_at=OPENS_AT) for _ in range(count)),
        batch_size=5_000,
    )
    with connection.cursor() as cursor:
        # To fill it takes ten times as long as all the rest, and no export of everything reads it.
        cursor.execute("ALTER TABLE submissions_version DROP COLUMN word_index CASCADE")
        cursor.execute("CREATE TEMP TABLE pool (n int PRIMARY KEY, text text)")
        cursor.executemany(
            "INSERT INTO pool VALUES (%s, %s)",
            [(n, _text(chance, words)) for n in range(DIFFERENT_TEXTS)],
        )
        cursor.execute("ANALYZE pool")
        cursor.execute(VERSIONS, PERIOD | {"different": DIFFERENT_TEXTS})
        references = {make_reference("BEN") for _ in range(count + count // 1000)}
        cursor.execute(RECEIPTS, [list(references)[:count]])
    query = spreadsheet_query(Dataset(call))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE flat AS {query.sql}", query.parameters)
        cursor.execute("VACUUM ANALYZE")


def _make_call() -> Call:
    options = [{"key": "named", "label": "Named"}, {"key": "confidential", "label": "Not"}]
    publication = {"key": "publication", "kind": "radio", "label": "Publication"}
    answers = [
        {"key": f"answer_{number}", "kind": "long", "label": "Answer"}
        for number in range(1, ANSWERS + 1)
    ]
    return make_call([publication | {"options": options}, *answers])


def _text(chance: random.Random, words: list[str]) -> str:
    """Three kilobytes of made-up words with commas, quotes and paragraphs."""
    written = chance.choices(words, k=CHARACTERS // 7)
    text = " ".join(f"“{word},”" if len(word) == 3 else word for word in written)
    return text.replace(" ee", '\n"ee').ljust(CHARACTERS, ".")[:CHARACTERS]


class Nowhere:
    """Where the floor's bytes go."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def copy_flat() -> int:
    """The same as a Python program receives it that does nothing with it."""
    nowhere = Nowhere()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY flat TO STDOUT (FORMAT csv, HEADER)", nowhere)
    return nowhere.size


def copy_by_psql() -> float:
    """Return the seconds that psql's own copy command takes, the second time in its session."""
    copy = f"\\copy flat to '{os.devnull}' csv header"
    done = subprocess.run(
        [PSQL, "-XqAt", os.environ["DATABASE_URL"], "-c", "\\timing", "-c", copy, "-c", copy],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    *_, said = (line for line in done.stdout.splitlines() if line.startswith("Time:"))
    return float(said.split()[1]) / 1000  # it says milliseconds


def export() -> tuple[int, float]:
    """The whole way of the page after its sign-in; bytes, and seconds to the first of them."""
    began = time.perf_counter()
    call = Call.objects.get(slug="bench")
    chunks = export_chunks(Dataset(call), "csv", by=None, at=clock.portal_now())
    size = len(next(chunks))
    first = time.perf_counter() - began
    return size + sum(len(chunk) for chunk in chunks), first


def count_queries() -> int:
    """Return how many statements an export sends, the two of its record and the COPY included.

    BEGIN and COMMIT around the first of the record are not counted.
    """
    with CaptureQueriesContext(connection) as queries:
        export()
    sent = [query["sql"] for query in queries]
    return sum(sql not in {"BEGIN", "COMMIT"} for sql in sent) + 1  # Django sees no COPY


def processor_seconds() -> float:
    """Return what this process and its server have taken of the processors so far (Linux)."""
    told = Path(f"/proc/{connection.connection.get_backend_pid()}/schedstat").read_text()
    return time.process_time() + int(told.split()[0]) / 1e9


class Turns:
    """Seconds that each turn took, by the clock and of the processors of both sides."""

    def __init__(self, run: Callable[[], object]) -> None:
        self._run = run
        self._turns: list[tuple[float, float]] = []

    def take(self) -> object:
        began = time.perf_counter(), processor_seconds()
        result = self._run()
        ended = time.perf_counter(), processor_seconds()
        self._turns.append((ended[0] - began[0], ended[1] - began[1]))
        return result

    @property
    def clock(self) -> float:
        return median(turn[0] for turn in self._turns)

    @property
    def least(self) -> float:
        return min(turn[0] for turn in self._turns)

    @property
    def processors(self) -> float:
        return median(turn[1] for turn in self._turns)


def measure(turns: int) -> None:
    copy_flat()
    Question.objects.update(hint="Another revision of the call.")
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    queries_of_first = count_queries()
    above_idle = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    queries = count_queries()
    exports, floor = Turns(export), Turns(copy_flat)
    loads = [os.getloadavg()[0]]
    firsts, by_psql = [], []
    for _ in range(turns):
        size, first = exports.take()
        firsts.append(first)
        floor.take()
        by_psql.append(copy_by_psql())
    loads.append(os.getloadavg()[0])
    print(
        f"{Submission.objects.count():,} responses, {size / 1e6:,.1f} MB, {turns} turns, "
        f"load {loads[0]:.1f} to {loads[1]:.1f}:\n"
        f"  export {exports.clock:.3f} s, psql's copy of a flat table {median(by_psql):.3f} s, "
        f"ratio {exports.clock / median(by_psql):.2f} (aim {AIM}); "
        f"of the fastest turns {exports.least / min(by_psql):.2f}\n"
        f"  psycopg2's copy of it {floor.clock:.3f} s, ratio {exports.clock / floor.clock:.2f}; "
        f"of the fastest turns {exports.least / floor.least:.2f}; "
        f"of processor time {exports.processors / floor.processors:.2f}\n"
        f"  first byte {median(firsts):.3f} s, at worst {max(firsts):.3f} s; "
        f"{above_idle:.1f} MB above idle; {queries} queries, {queries_of_first} where the process "
        "has not read yet what the call asks"
    )


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    {"fill": fill, "measure": measure}[what](number)
