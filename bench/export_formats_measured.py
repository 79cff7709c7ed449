"""The measuring half of bench.export_formats, which starts it with an engine of its own."""

import io
import os
import sys
import tempfile
import time
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import IO

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client

django.setup()

from accounts.models import User
from bench.export_formats import FLOOR
from bench.mail import ROOT
from core import clock
from exports import tokens
from exports.changes import give_numbers
from exports.consent import PSEUDONYMISED
from exports.durations import minutes
from exports.export_context import UnsupportedByFormat
from exports.queries import count
from exports.recording import export_chunks
from exports.types import Dataset
from review.models import Redaction
from review.states import RedactionReason, RedactionState
from submissions.calls.models import Call
from submissions.responses.models import Version

DEFINITION = ROOT / "submissions/definitions/rebalancing-the-relationship.toml"
HIDDEN_OF = 10  # every tenth response has a passage that is hidden
PASSAGE = 40  # characters
LIMITS = (1_000, 20_000)  # of a page through the API: the usual one and the largest
TURNS = 3
NOTED_EVERY = 0.01  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE")


def fill(count: int) -> None:
    call_command("migrate", verbosity=0)
    call_command("load_call", str(DEFINITION), verbosity=0)
    call_command("seed_responses", count=count, seed=5, team=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    words = sum(Version.objects.values_list("words", flat=True))
    print(f"{count:,} responses, {words:,} words")


def hide() -> None:
    """Hide a passage of every tenth response."""
    call = Call.objects.get()
    one, other = (User.objects.create_user(name, password=None) for name in ("one", "other"))
    questions = {question.key: question for question in call.questions_in_order}
    at = clock.portal_now()
    made = []
    versions = Version.objects.filter(submission__state="submitted").order_by("pk")
    for version in versions[::HIDDEN_OF]:
        key, text = max(version.texts.items(), key=lambda answer: len(answer[1]))
        made.append(
            Redaction(
                call=call,
                version=version,
                question=questions[key],
                start=0,
                end=min(PASSAGE, len(text)),
                reason=RedactionReason.THIRD_PERSON,
                state=RedactionState.APPROVED,
                proposed_by=one,
                proposed_at=at,
                decided_by=other,
                decided_at=at,
            )
        )
    Redaction.objects.bulk_create(made, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"with a passage hidden in {len(made):,} of them:")


def make(format_name: str, json_clock: float, json_seconds: float) -> None:
    """Print what the format takes.

    `json_clock` and `json_seconds` are what JSON lines of the same rows took, by the clock and of
    the processors.
    """
    dataset = Dataset(Call.objects.get())
    total = count(dataset)
    if wait := minutes(format_name, total):
        print(f"{format_name:12}the page says {wait} min", flush=True)
    seen: list[tuple[float, int]] = []
    idle = _memory()
    before, began = _processors(), time.perf_counter()

    def note(rows: int) -> None:
        """Note how far it is, so seldom that the notes take no memory to speak of."""
        at = time.perf_counter() - began
        if not seen or at - seen[-1][0] >= NOTED_EVERY or rows == total:
            seen.append((at, rows))

    with tempfile.TemporaryFile() as file:
        chunks = export_chunks(
            dataset,
            format_name,
            by=None,
            at=clock.portal_now(),
            progress=note,
        )
        try:
            for chunk in chunks:
                file.write(chunk)
        except UnsupportedByFormat as refused:
            print(f"{format_name:12}{refused}")
            return
        took, spent = time.perf_counter() - began, _processors() - before
        kept, size = _memory() - idle, file.tell()
        peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024 - idle
        apart = getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024
        packed, packing = _packing(file)
    by_clock = took / ((json_clock or took) + packed)
    of_processors = spent / ((json_seconds or spent) + packing)
    load = os.getloadavg()[0]
    print(
        f"{format_name:12}{took:8.1f} s, load {load:.1f}, {spent:8.1f} s of processors; "
        f"{by_clock:5.2f} times JSON lines and its own compression ({packed:.1f} s) by the clock, "
        f"{of_processors:5.2f} times of processors; {size / total:9,.0f} bytes a response; "
        f"memory +{peak:.0f} MB, afterwards +{kept:.0f} MB, largest child {apart:.0f} MB; "
        f"progress {_evenness(seen, took)}"
    )
    if format_name == "json":
        print(f"{FLOOR}{took} {spent}")


def through_api() -> None:
    """Print what the API takes for the same JSON lines, by turns with the export by file.

    The pages are read as a program reads them, from the first to the last, without a network.
    """
    call = Call.objects.get()
    reader = User.objects.create_superuser("program")
    at = clock.portal_now()
    give_numbers(call, at=at)
    _token, secret = tokens.make(
        call=call,
        by=reader,
        scope=PSEUDONYMISED,
        days=90,
        at=at,
        wall_now=clock.wall_now(),
        name="bench",
        reason="",
    )
    for limit in LIMITS:
        files, pages = [], []
        for _turn in range(TURNS):
            before = _processors()
            for _chunk in export_chunks(Dataset(call), "json", by=None, at=at):
                pass
            files.append(_processors() - before)
            before = _processors()
            number = _read_all(call, secret, limit)
            pages.append(_processors() - before)
        print(
            f"API, {limit:,} a page{min(pages):7.2f} s of processors for {number} pages, "
            f"{min(pages) / min(files):5.2f} times JSON lines by file ({min(files):.2f} s)"
        )


def _read_all(call: Call, secret: str, limit: int) -> int:
    """Read every page of the call to its end; return how many there are."""
    client = Client(headers={"authorization": f"Bearer {secret}", "host": "127.0.0.1"})
    number, cursor = 0, {}
    while True:
        answer = client.get(f"/api/v1/calls/{call.slug}/responses", {"limit": limit, **cursor})
        assert answer.status_code == 200, answer.content
        for _chunk in answer:
            pass
        number += 1
        if "Link" not in answer.headers:
            return number
        cursor = {"cursor": answer.headers["Next-Cursor"]}


def _packing(file: IO[bytes]) -> tuple[float, float]:
    """Return the seconds that it takes to compress what is compressed in a ZIP, or in one in it.

    By the clock, and of the processors.
    """
    clock = processors = 0.0
    if not zipfile.is_zipfile(file):
        return clock, processors
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            content = archive.read(member)
            if member.compress_type == zipfile.ZIP_DEFLATED:
                began = time.perf_counter(), time.process_time()
                zlib.compress(content, 6)
                took = time.perf_counter() - began[0], time.process_time() - began[1]
            else:
                took = _packing(io.BytesIO(content))
            clock, processors = clock + took[0], processors + took[1]
    return clock, processors


def _evenness(seen: list[tuple[float, int]], took: float) -> str:
    """Say how far the progress was ahead of the clock or behind it at worst, in parts of all."""
    if not seen or not seen[-1][1]:
        return "-"
    rows = seen[-1][1]
    ahead = [done / rows - at / took for at, done in seen]
    behind = [done / rows - at / took for (_, done), (at, _) in pairwise([*seen, (took, rows)])]
    return f"up to {max(ahead):.0%} ahead, {max([0.0, *(-one for one in behind)]):.0%} behind"


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1024**2


def _processors() -> float:
    connection.ensure_connection()
    told = Path(f"/proc/{connection.connection.get_backend_pid()}/schedstat").read_text()
    own, children = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    ours = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return ours + int(told.split()[0]) / 1e9


if __name__ == "__main__":
    what = sys.argv[1]
    if what == "make":
        make(sys.argv[2], *map(float, sys.argv[3:]))
    elif what == "hide":
        hide()
    elif what == "api":
        through_api()
    else:
        fill(int(sys.argv[2]))
