"""The measuring half of bench.duplicates, which starts it with an engine of its own."""

import hashlib
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from datetime import timedelta
from random import Random
from statistics import median

import django
from django.core.management import call_command
from django.db import connection, transaction

django.setup()

from bench.bench_call import CLOSES_AT, OPENS_AT, make_call
from bench.duplicates_corpus import QUESTIONS, VARIANTS, Language, Planted, corpus
from core.references import make_reference
from review.duplicates.comparing_arrivals import CallWords, compare, compare_due
from review.models import ClusterMember
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version

ARRIVALS = 40
SUBMITTED = """
UPDATE submissions_submission s
SET state = 'submitted', reference = r.reference, submitted_at = v.received_at,
    current_version_id = v.id
FROM submissions_version v, unnest(%s::bigint[], %s::text[]) AS r (id, reference)
WHERE v.submission_id = s.id AND r.id = s.id
"""


def fill(count: int) -> None:
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        # The index of the search takes ten times as long to fill as all the rest.
        cursor.execute("ALTER TABLE submissions_version DROP COLUMN word_index CASCADE")
    call = _make_call()
    made = corpus(count)
    for place in range(0, count, 2_000):
        _insert(call, made[place : place + 2_000], place)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE planted (submission_id bigint, campaign int, variant text)")
        keys = Submission.objects.order_by("pk").values_list("pk", flat=True)
        rows = [(key, one.campaign, one.variant) for key, one in zip(keys, made, strict=True)]
        cursor.executemany("INSERT INTO planted VALUES (%s, %s, %s)", rows)
        cursor.execute("VACUUM ANALYZE")


def _insert(call: Call, made: list[Planted], place: int) -> list[Submission]:
    drafts = Submission.objects.bulk_create(
        Submission(call=call, started_at=OPENS_AT, saved_at=OPENS_AT) for _ in made
    )
    Version.objects.bulk_create(
        Version(
            submission=draft,
            number=1,
            received_at=OPENS_AT + timedelta(seconds=place + n),
            deadline=CLOSES_AT,
            timing="on_time",
            choices={"publication": "named"},
            texts=one.texts,
            canonical_text="-",
            sha256=hashlib.sha256(b"-").hexdigest(),
            words=sum(len(text.split()) for text in one.texts.values()),
        )
        for n, (draft, one) in enumerate(zip(drafts, made, strict=True))
    )
    with connection.cursor() as cursor:
        references = [make_reference("BEN") + f"{place + n:x}"[-3:] for n in range(len(drafts))]
        cursor.execute(SUBMITTED, [[draft.pk for draft in drafts], references])
    return drafts


def _make_call() -> Call:
    return make_call({"key": key, "kind": "long", "label": key} for key in QUESTIONS)


def measure(count: int) -> None:
    idle = _memory()
    began, cpu = time.perf_counter(), time.process_time()
    compared = compare_due(now=lambda: OPENS_AT, until=lambda: False)
    took = time.perf_counter() - began
    print(f"{compared:,} responses, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
    print(
        f"  from nothing: {took:.0f} s, of which {time.process_time() - cpu:.0f} s of processor in "
        f"this process, {_memory() - idle:.0f} MB above idle, {_sizes()}"
    )
    _print_found()
    _print_arrivals(count)


def _memory() -> float:
    """Return the most that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _sizes() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size('review_shingle'), count(*) FROM review_shingle"
        )
        size, rows = cursor.fetchone()
    return f"{rows:,} shingles of {size / 2**20:.0f} MB"


def _print_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT submission_id, campaign, variant FROM planted")
        planted = {key: (campaign, variant) for key, campaign, variant in cursor.fetchall()}
    members = list(ClusterMember.objects.values_list("cluster_id", "submission_id", "nearest_id"))
    clusters: dict[int, list[int]] = defaultdict(list)
    for cluster, key, _nearest in members:
        clusters[cluster].append(key)
    # A campaign is where most of its copies stand; what stands elsewhere is not found.
    homes: dict[int, Counter[int]] = defaultdict(Counter)
    for cluster, keys in clusters.items():
        for key in keys:
            if planted[key][0] >= 0:
                homes[planted[key][0]][cluster] += 1
    home = {campaign: counted.most_common(1)[0][0] for campaign, counted in homes.items()}
    at = {key: cluster for cluster, key, _nearest in members}
    there: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for key, (campaign, variant) in planted.items():
        if campaign >= 0:
            of[variant] += 1
            there[variant] += at.get(key) == home.get(campaign, -1)
    for variant in VARIANTS:
        share = there[variant] / of[variant]
        print(f"  {variant}: {there[variant]} of {of[variant]} found ({share:.3f}; aim 0.95)")
    print(f"  all: {there.total() / of.total():.3f}")
    links = [(key, nearest) for _cluster, key, nearest in members if nearest]
    false = [pair for pair in links if _is_false(planted, *pair)]
    strangers = sum(planted[key][0] < 0 for _cluster, key, _nearest in members)
    print(f"  proposed beside each other: {len(links):,} pairs, {len(false)} false (aim 1 in 100)")
    print(f"  sets: {len(clusters)}; responses in them that copy nothing: {strangers}")


def _is_false(planted: dict[int, tuple[int, str]], one: int, other: int) -> bool:
    return planted[one][0] < 0 or planted[one][0] != planted[other][0]


def _print_arrivals(count: int) -> None:
    """Time single arrivals, each in a transaction of its own: ordinary, long, and copies."""
    call = Call.objects.get()
    language = Language(random := Random(7))
    with connection.cursor() as cursor:
        cursor.execute("SELECT submission_id FROM planted WHERE campaign = 0 LIMIT %s", [ARRIVALS])
        copied = [key for (key,) in cursor.fetchall()]
    large = list(Version.objects.filter(submission__in=copied).values_list("texts", flat=True))
    kinds = {
        "of one's own": [{QUESTIONS[0]: language.text(400)} for _ in range(ARRIVALS)],
        "of 5,000 words": [{QUESTIONS[0]: language.text(5_000)} for _ in range(ARRIVALS // 4)],
        "of the largest campaign": [random.choice(large) for _ in range(ARRIVALS)],
    }
    for kind, texts in kinds.items():
        drafts = _insert(call, [Planted(one, -1, kind) for one in texts], 4_000_000)
        took = []
        for draft in Submission.objects.filter(pk__in=[draft.pk for draft in drafts]):
            began = time.perf_counter()
            with transaction.atomic():
                compare(draft, CallWords.of(draft.call), at=OPENS_AT)
            took.append(time.perf_counter() - began)
        print(
            f"  one arrival {kind}: median {median(took) * 1000:.0f} ms, "
            f"longest {max(took) * 1000:.0f} ms (aim 200)"
        )


if __name__ == "__main__":
    {"fill": fill, "measure": measure}[sys.argv[1]](int(sys.argv[2]))
