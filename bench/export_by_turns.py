"""The measuring half of bench.export, which starts it with an engine and settings of its own."""

import random
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import django
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

django.setup()

from submissions import clock  # noqa: E402 - Django must be set up first
from submissions.canonical import digest  # noqa: E402
from submissions.exports.datasets import rows_query  # noqa: E402
from submissions.exports.runs import export_chunks  # noqa: E402
from submissions.exports.shapes import Dataset  # noqa: E402
from submissions.models import Call, Question, Section, Submission, Version  # noqa: E402
from submissions.references import make_reference  # noqa: E402
from submissions.vocabulary import SubmissionState, Timing  # noqa: E402

OPENS_AT = datetime(2019, 5, 29, 8, tzinfo=UTC)
CLOSES_AT = datetime(2019, 7, 24, 11, tzinfo=UTC)
ANSWERS = 5
CHARACTERS = 3_000
BATCH = 500
AIM = 1.25
LETTERS = "aaabcdeeeefghiiiklmnnoooprrrsssttttuvwy"


def fill(count: int) -> None:
    """Lay `count` responses, and the rows of their CSV in a flat table."""
    call_command("migrate", verbosity=0)
    chance = random.Random(2019)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 10))) for _ in range(5_000)]
    call = _make_call()
    for first in range(0, count, BATCH):
        _lay(call, min(BATCH, count - first), chance, words)
    dataset = Dataset(call)
    query = rows_query(dataset, dataset.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE flat AS {query.sql}", query.parameters)
        cursor.execute("VACUUM ANALYZE")


def _make_call() -> Call:
    call = Call.objects.create(
        slug="bench",
        title="Bench",
        summary="-",
        about="-",
        what_happens_next="-",
        contact_name="-",
        contact_email="bench@example.org",
        opens_at=OPENS_AT,
        closes_at=CLOSES_AT,
        reference_prefix="BEN",
    )
    section = Section.objects.create(call=call, key="all", title="All", position=0)
    options = [{"key": "named", "label": "Named"}, {"key": "confidential", "label": "Not"}]
    Question.objects.create(
        call=call,
        section=section,
        key="publication",
        kind="radio",
        label="Publication",
        options=options,
        position=0,
    )
    for number in range(1, ANSWERS + 1):
        Question.objects.create(
            call=call,
            section=section,
            key=f"answer_{number}",
            kind="long",
            label="Answer",
            position=number,
        )
    return Call.objects.get(pk=call.pk)


def _lay(call: Call, count: int, chance: random.Random, words: list[str]) -> None:
    made = Submission.objects.bulk_create(
        Submission(call=call, started_at=OPENS_AT, saved_at=OPENS_AT) for _ in range(count)
    )
    versions = []
    for submission in made:
        texts = {f"answer_{n}": _text(chance, words) for n in range(1, ANSWERS + 1)}
        text = "\n".join(texts.values())
        versions.append(
            Version(
                submission=submission,
                number=1,
                received_at=OPENS_AT + timedelta(seconds=chance.randrange(4_000_000)),
                deadline=CLOSES_AT,
                timing=Timing.ON_TIME,
                choices={"publication": "named"},
                texts=texts,
                canonical_text=text,
                sha256=digest(text),
                words=len(text.split()),
            )
        )
    for submission, version in zip(made, Version.objects.bulk_create(versions), strict=True):
        submission.state = SubmissionState.SUBMITTED
        submission.reference = make_reference("BEN")
        submission.submitted_at = version.received_at
        submission.current_version = version
    Submission.objects.bulk_update(
        made, ["state", "reference", "submitted_at", "current_version"], batch_size=BATCH
    )


def _text(chance: random.Random, words: list[str]) -> str:
    """Three kilobytes of invented words with commas, quotes and paragraphs."""
    written = chance.choices(words, k=CHARACTERS // 7)
    text = " ".join(f"“{word},”" if len(word) == 3 else word for word in written)
    return text.replace(" ee", '\n"ee').ljust(CHARACTERS, ".")[:CHARACTERS]


# What the record takes of the queries: BEGIN, INSERT and COMMIT of the start, INSERT of the end.
RECORD = 4


class Nowhere:
    """Where the floor's bytes go."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def copy_flat() -> int:
    """The floor: as psql's copy command receives it."""
    nowhere = Nowhere()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY flat TO STDOUT (FORMAT csv, HEADER)", nowhere)
    return nowhere.size


def export() -> tuple[int, float]:
    """The whole way of the page after its sign-in; bytes, and seconds to the first of them."""
    began = time.perf_counter()
    call = Call.objects.get(slug="bench")
    chunks = export_chunks(Dataset(call), "csv", by=None, at=clock.now())
    size = len(next(chunks))
    first = time.perf_counter() - began
    return size + sum(len(chunk) for chunk in chunks), first


def measure(turns: int) -> None:
    copy_flat()
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with CaptureQueriesContext(connection) as queries:
        size, _ = export()
    above_idle = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    took: dict[str, list[float]] = {"export": [], "floor": [], "first": []}
    for _ in range(turns):
        began = time.perf_counter()
        _size, first = export()
        took["export"].append(time.perf_counter() - began)
        took["first"].append(first)
        began = time.perf_counter()
        copy_flat()
        took["floor"].append(time.perf_counter() - began)
    ratio = median(took["export"]) / median(took["floor"])
    print(
        f"{Submission.objects.count():,} responses, {size / 1e6:,.1f} MB: "
        f"export {median(took['export']):.3f} s, COPY of a flat table "
        f"{median(took['floor']):.3f} s, ratio {ratio:.2f} (aim {AIM}); "
        f"first byte {max(took['first']):.3f} s; {above_idle:.1f} MB above idle; "
        f"{len(queries) - RECORD} queries and the COPY, and two for the record"
    )


if __name__ == "__main__":
    what, number = sys.argv[1], int(sys.argv[2])
    {"fill": fill, "measure": measure}[what](number)
