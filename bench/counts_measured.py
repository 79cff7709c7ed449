"""The measuring half of bench.counts, which starts it with an engine of its own."""

import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import django
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

django.setup()

from exports.counts.answers import count_answers
from exports.counts.response_counts import count_responses
from exports.counts.tables import question_tables
from exports.export_context import ExportContext
from exports.formats import FORMATS
from exports.types import Dataset
from rehearsal.seeding import seed_responses
from submissions.calls.models import Call
from submissions.definitions import loading
from submissions.responses.models import Submission

TURNS = 5
FIRST_CALL = next(
    (Path(__file__).parents[1] / "submissions").rglob("rebalancing-the-relationship.toml")
)
FLOOR = """
SELECT answer.key, count(*) FROM submissions_submission AS submission
JOIN submissions_version AS version ON version.id = submission.current_version_id
CROSS JOIN LATERAL jsonb_object_keys(version.choices) AS answer(key) GROUP BY 1
"""


def main(sizes: list[int]) -> None:
    call_command("migrate", verbosity=0)
    text = FIRST_CALL.read_text(encoding="utf-8")
    definition = loading.parse(text, source=FIRST_CALL.name)
    opens = definition.opens_at
    pk = loading.load(definition, by=None, at=opens).call.pk
    for size in sizes:
        call = Call.objects.get(pk=pk)
        missing = size - Submission.objects.count()
        at = call.closes_at - timedelta(hours=1)
        seed_responses(call=call, count=missing, drafts=0, seed=size, at=at)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        load = f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
        print(f"{size:,} responses, {load}")
        floor = median(_time(_floor) for _ in range(TURNS))
        print(f"  floor, a query that counts the keys of all choices: {floor * 1000:.0f} ms")
        hiding = Call.objects.get(pk=pk)
        hiding.hides_small_counts = True
        for name, measured in {
            "the query": lambda call=call: count_answers(Dataset(call)),
            "with the tables": lambda call=call: question_tables(count_answers(Dataset(call))),
            "hiding small counts": lambda call=hiding: question_tables(
                count_answers(Dataset(call))
            ),
            "all that the pages count": lambda call=call, at=at: count_responses(call, at=at),
            "CSV": lambda call=call, at=at: list(
                FORMATS["counts"].pieces(ExportContext(Dataset(call), by="bench", at=at))
            ),
        }.items():
            with CaptureQueriesContext(connection) as asked:
                measured()
            took = [_time(measured) for _ in range(TURNS)]
            print(
                f"  {name}: {len(asked)} queries, {median(took) * 1000:.0f} ms, longest "
                f"{max(took) * 1000:.0f} ms, {median(took) / floor:.1f} times the floor"
            )


def _floor() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        cursor.fetchall()


def _time(measured: Callable[[], object]) -> float:
    began = time.perf_counter()
    measured()
    return time.perf_counter() - began


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
