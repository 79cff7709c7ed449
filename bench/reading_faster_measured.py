"""The measuring half of bench.reading_faster, which starts it with an engine of its own."""

import os
import resource
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

django.setup()

from accounts.models import Membership, User
from accounts.record import record
from accounts.states import AuditAction, Role
from bench.bench_call import OPENS_AT
from bench.duplicates_corpus import corpus
from bench.duplicates_found import _insert, _make_call
from core import clock
from exports.queries import coded_rows
from exports.recording import export_chunks
from exports.types import Dataset
from review.coding.codebook import add_code
from review.coding.places_in_text import sentences
from review.models import Coding
from review.reading_faster.similar import similar_to
from review.reading_faster.unlike import most_unlike
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version

TURNS = 5
READ_ALL = "SELECT sum(length(texts::text)) FROM submissions_version"


def fill(count: int, codings: int) -> None:
    call_command("migrate", verbosity=0)
    call = _make_call()
    made = corpus(count)
    for place in range(0, count, 2_000):
        _insert(call, made[place : place + 2_000], place)
    reader = User.objects.create_user("reader")
    Membership.objects.create(person=reader, call=call, role=Role.REVIEWER)
    code = add_code(call=call, name="Code", by=reader, at=OPENS_AT)
    questions = {question.key: question for question in call.questions_in_order}
    rows: list[Coding] = []
    for version in Version.objects.order_by("pk").iterator():
        for key, text in version.texts.items():
            rows += [
                Coding(
                    code=code,
                    version=version,
                    question=questions[key],
                    start=one.start,
                    end=one.end,
                    by=reader,
                    at=OPENS_AT,
                )
                for one in sentences(text)[:4]
            ]
        if len(rows) >= codings:
            break
    Coding.objects.bulk_create(rows[:codings], batch_size=5_000)
    for response in Submission.objects.order_by("pk")[: count // 2]:
        record(
            by=reader,
            at=clock.wall_now(),
            action=AuditAction.RESPONSE_OPENED,
            call=call,
            submission=response,
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure(count: int, codings: int) -> None:
    call, reader = Call.objects.get(), User.objects.get()
    print(f"{count:,} responses, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
    floor = _timed(_read_all)
    print(f"  floor, all answers read once: {floor:.2f} s")
    version = Version.objects.order_by("pk")[count // 3]
    words = max(version.texts.values(), key=len)
    passage = max((one.quote(words) for one in sentences(words)), key=len)
    _say("passages like one", _timed(lambda: similar_to(passage, call=call, reader=reader)), floor)
    rows = Submission.objects.filter(call=call)
    _say("unread unlike the read", _timed(lambda: most_unlike(call, rows, reader=reader)), floor)
    before = _memory()
    table = _timed(
        lambda: sum(map(len, export_chunks(Dataset(call), "codings", by=None, at=OPENS_AT)))
    )
    print(f"  table of {codings:,} codings: {_memory() - before:.0f} MB above idle (aim 20)")
    _say("table of codings", table, _timed(lambda: _copied(call)))


def _read_all() -> None:
    with connection.cursor() as cursor:
        cursor.execute(READ_ALL)
        cursor.fetchone()


def _copied(call: Call) -> int:
    """COPY the same rows without the names of columns, neutralising or a record."""
    query = coded_rows(Dataset(call))
    with connection.cursor() as cursor:
        sql = cursor.mogrify(query.sql, query.parameters).decode()
        counted = _Counted()
        cursor.copy_expert(f"COPY ({sql}) TO STDOUT (FORMAT csv)", counted)
    return counted.size


class _Counted:
    size = 0

    def write(self, row: bytes) -> None:
        self.size += len(row)


def _timed(do: Callable[[], Any]) -> float:
    found = []
    for _ in range(TURNS):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return median(found)


def _say(what: str, took: float, floor: float) -> None:
    print(f"  {what}: {took:.2f} s, {took / floor:.1f} of the floor")


def _memory() -> float:
    """Return the most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    step, count, codings = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    {"fill": fill, "measure": measure}[step](count, codings)
