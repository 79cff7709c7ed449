"""The measuring half of bench.matrix, which starts it with an engine of its own."""

import os
import sys
import time
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

django.setup()

from accounts.models import Membership, User
from accounts.states import Role
from bench.bench_call import CLOSES_AT, OPENS_AT, make_call
from bench.staff_client import signed_in
from core.references import make_reference
from review.coding.codebook import add_code
from review.models import Cluster, ClusterMember, Code, Coding
from review.states import ClusterKind, ClusterState, Likeness, MemberState
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version

TURNS = 5
BATCH = 2_000
EACH = 10  # codings of a response
TOPS, BELOW = 10, 5
IN_CAMPAIGN = 200
STORY = "A sentence says how we work together here. " * 25
ROLES = ("provider", "commissioner", "funder", "infrastructure", "other")
INCOMES = tuple(f"band_{n}" for n in range(8))
SUBMITTED = """
UPDATE submissions_submission s
SET state = 'submitted', reference = r.reference, submitted_at = v.received_at,
    current_version_id = v.id
FROM submissions_version v, unnest(%s::bigint[], %s::text[]) AS r (id, reference)
WHERE v.submission_id = s.id AND r.id = s.id
"""
FLOOR = """
SELECT coding.code_id, version.choices -> 'role', count(DISTINCT version.submission_id), count(*)
FROM review_coding AS coding JOIN submissions_version AS version ON version.id = coding.version_id
GROUP BY 1, 2
"""


def main(sizes: list[int]) -> None:
    call_command("migrate", verbosity=0)
    call = _make_call()
    coders = [_make_coder(call, n) for n in range(4)]
    codes = _make_codes(call, coders[0])
    client = signed_in(coders[0])
    random = Random(2019)
    queries: dict[str, int] = {}
    for size in sizes:
        _fill_up(call, coders, codes, size, random)
        _make_campaign(call, coders[0])
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        responses, codings = Submission.objects.count(), Coding.objects.count()
        load = f"load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores"
        print(f"{codings:,} codings on {responses:,} responses, {load}")
        floor = median(_floor() for _ in range(TURNS))
        print(f"  floor, a query that counts rows by code and role: {floor * 1000:.0f} ms")
        for name, page in _pages(call).items():
            asked = _queries(client, page)
            before = queries.setdefault(name, asked)
            same = "as before" if asked == before else f"before: {before}"
            took = [_time(client, page) for _ in range(TURNS)]
            print(
                f"  {name}: {asked} queries ({same}), {median(took) * 1000:.0f} ms, longest "
                f"{max(took) * 1000:.0f} ms, {median(took) / floor:.1f} times the floor"
            )


def _pages(call: Call) -> dict[str, str]:
    matrix = reverse("admin:review_matrixsummary_matrix", args=[call.pk])
    code = Code.objects.filter(parent=None).earliest("pk").pk
    return {
        "matrix by role": f"{matrix}?across=role",
        "matrix by income band": f"{matrix}?across=income",
        "matrix by several answers": f"{matrix}?across=services",
        "matrix, campaigns once": f"{matrix}?across=role&campaigns=once",
        "matrix of one coder": f"{matrix}?across=role&coder={User.objects.earliest('pk').pk}",
        "cell": reverse("admin:review_matrixsummary_cell", args=[code])
        + "?across=role&option=provider",
        "codes that stand together": f"{matrix}together/?across=role",
        "CSV": f"{matrix}matrix.csv?across=role",
        "Excel": f"{matrix}matrix.xlsx?across=role",
    }


def _floor() -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        cursor.fetchall()
    return time.perf_counter() - began


def _queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page)
    if answer.status_code != 200:
        raise SystemExit(f"{page} answers {answer.status_code}")
    return len(asked)


def _time(client: Client, page: str) -> float:
    began = time.perf_counter()
    client.get(page)
    return time.perf_counter() - began


def _fill_up(call: Call, coders: list[User], codes: list[Code], size: int, random: Random) -> None:
    """Make responses with ten codings each, until there are so many."""
    story = call.questions.get(key="story")
    made = Coding.objects.count()
    with connection.cursor() as cursor:
        while made < size:
            drafts = Submission.objects.bulk_create(
                Submission(call=call, started_at=OPENS_AT, saved_at=OPENS_AT)
                for _ in range(min(BATCH, (size - made) // EACH))
            )
            versions = Version.objects.bulk_create(
                Version(
                    submission=draft,
                    number=1,
                    received_at=OPENS_AT + timedelta(seconds=draft.pk),
                    deadline=CLOSES_AT,
                    timing="on_time",
                    choices=_choices(random),
                    texts={"story": STORY},
                    canonical_text=STORY,
                    sha256="0" * 64,
                    words=len(STORY.split()),
                )
                for draft in drafts
            )
            references = [make_reference("BEN") for _ in drafts]
            cursor.execute(SUBMITTED, [[draft.pk for draft in drafts], references])
            Coding.objects.bulk_create(
                coding
                for version in versions
                for coding in _codings(version, story, coders, codes, random)
            )
            made = Coding.objects.count()


def _codings(
    version: Version, story: Any, coders: list[User], codes: list[Code], random: Random
) -> list[Coding]:
    """Ten of one response; of each three places, the first is coded alike by two coders."""
    made: list[Coding] = []
    place = 0
    while len(made) < EACH:
        code, start, length = random.choice(codes), place * 40, random.choice((30, 60))
        alike = 2 if place % 3 == 0 and len(made) < EACH - 1 else 1
        made += [
            Coding(
                code=code,
                version=version,
                question=story,
                start=start,
                end=start + length,
                by=by,
                at=OPENS_AT,
            )
            for by in random.sample(coders, alike)
        ]
        place += 1
    return made


def _choices(random: Random) -> dict[str, Any]:
    return {
        "role": random.choice(ROLES),
        "income": random.choice(INCOMES),
        "services": random.sample(ROLES, random.randint(1, 3)),
        "publication": random.choice(("named", "confidential")),
    }


def _make_campaign(call: Call, by: User) -> None:
    newest = Submission.objects.order_by("-pk")[:IN_CAMPAIGN]
    campaign = Cluster.objects.create(
        call=call,
        kind=ClusterKind.TEXT,
        state=ClusterState.CAMPAIGN,
        name=f"Campaign {Cluster.objects.count()}",
        found_at=OPENS_AT,
        decided_by=by,
        decided_at=OPENS_AT,
    )
    ClusterMember.objects.bulk_create(
        ClusterMember(
            cluster=campaign,
            submission=response,
            kind=ClusterKind.TEXT,
            likeness=Likeness.NEAR,
            state=MemberState.CONFIRMED,
            joined_at=OPENS_AT,
        )
        for response in newest
    )


def _make_coder(call: Call, number: int) -> User:
    coder = User.objects.create_user(f"coder{number}", password="of the bench only", is_staff=True)
    Membership.objects.create(person=coder, call=call, role=Role.REVIEWER)
    return coder


def _make_codes(call: Call, by: User) -> list[Code]:
    made = []
    for top in range(TOPS):
        parent = add_code(call=call, name=f"Theme {top}", by=by, at=OPENS_AT)
        made.append(parent)
        for below in range(BELOW):
            name = f"Theme {top}.{below}"
            made.append(add_code(call=call, name=name, parent=parent, by=by, at=OPENS_AT))
    return made


def _make_call() -> Call:
    kinds = {"role": ("radio", ROLES), "income": ("radio", INCOMES)}
    kinds["services"] = ("checkboxes", ROLES)
    kinds["publication"] = ("radio", ("named", "confidential"))
    asked: list[dict[str, Any]] = [{"key": "story", "kind": "long", "label": "Story"}]
    for key, (kind, options) in kinds.items():
        labelled = [{"key": option, "label": option} for option in options]
        asked.append({"key": key, "kind": kind, "label": key, "options": labelled})
    call = make_call(asked)
    facets = [{"question": key, "label": key} for key in ("role", "income")]
    Call.objects.filter(pk=call.pk).update(facets=facets)
    return Call.objects.get(pk=call.pk)


if __name__ == "__main__":
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": plain}
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        main([int(size) for size in sys.argv[1:]])
