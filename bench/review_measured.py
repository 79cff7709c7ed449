"""The measuring half of bench.review, which starts it with an engine of its own."""

import hashlib
import os
import re
import sys
import time
from datetime import timedelta
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

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
from bench.duplicates_corpus import QUESTIONS, Language
from bench.staff_client import signed_in
from core.references import make_reference
from review.models import Note
from review.searching.entries import write_due
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version

BATCH = 2_000
TURNS = 5
LIST = reverse("admin:submissions_submission_changelist")
# The corpus draws the words of the documentation; those of the last four are one's own.
SEARCHES = {
    "a word of every response": "response",
    "a word of 1 in 1,000": "kingfisher",
    "two words": "response database",
    "alternatives": "kingfisher OR database",
    "a phrase": '"the response"',
    "a phrase of common words": '"the database keeps"',
    "without a word": "response -database",
    "nothing but without": "-database",
    "a beginning": "organis*",
    "a beginning of two letters": "re*",
    "a label": "commissioner",
    "a note": "treasurer",
    "nothing": "nobodyhasthis",
    "part of a reference": "BEN-2",
}
SUBMITTED = """
UPDATE submissions_submission s
SET state = 'submitted', reference = r.reference, submitted_at = v.received_at,
    current_version_id = v.id
FROM submissions_version v, unnest(%s::bigint[], %s::text[]) AS r (id, reference)
WHERE v.submission_id = s.id AND r.id = s.id
"""


def main(sizes: list[int]) -> None:
    call_command("migrate", verbosity=0)
    call, reader = _make_call(), _make_reader()
    Membership.objects.create(person=reader, call=call, role=Role.MANAGER)
    client = signed_in(reader)
    random = Random(2019)
    language = Language(random)
    queries: dict[str, int] = {}
    for size in sizes:
        _fill_up(call, reader, size, language, random)
        _write_entries()
        asked = {name: _queries(client, page) for name, page in _pages(call).items()}
        queries = queries or asked
        print(f"{size:,} responses, load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
        for name, page in _pages(call).items():
            same = "as before" if asked[name] == queries[name] else f"before: {queries[name]}"
            took = _times(client, page)
            print(f"  {name}: {asked[name]} queries ({same}), {took}")
        for name, typed in SEARCHES.items():
            page = f"{LIST}?q={quote(typed)}"
            number = re.search(r"([\d,]+) found", client.get(page).content.decode())[1]
            print(f"  search, {name}: {number} found, {_times(client, page)}")


def _pages(call: Call) -> dict[str, str]:
    """Return the pages by name, the response in the middle of the list under a search."""
    keys = Submission.objects.order_by("-submitted_at", "-pk")
    pk = keys[keys.count() // 2 : keys.count() // 2 + 1].get().pk
    question = call.questions.get(key=QUESTIONS[0]).pk
    page = reverse("admin:submissions_submission_change", args=[pk])
    across = reverse("admin:submissions_submission_question", args=[question])
    return {
        "list": LIST,
        "list under a search": f"{LIST}?q=kingfisher",
        "response": page,
        "response under a search": f"{page}?_changelist_filters={quote('q=kingfisher')}",
        "question": across,
        "question under a search": f"{across}?_changelist_filters={quote('q=kingfisher')}",
    }


def _queries(client: Client, page: str) -> int:
    client.get(page)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(page)
    if answer.status_code != 200:
        raise SystemExit(f"{page} answers {answer.status_code}")
    return len(asked)


def _times(client: Client, page: str) -> str:
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        client.get(page)
        took.append(time.perf_counter() - began)
    return f"{median(took) * 1000:.0f} ms, longest {max(took) * 1000:.0f} ms"


def _write_entries() -> None:
    began = time.perf_counter()
    number = write_due(until=lambda: False)
    took = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_total_relation_size('review_searchentry')")
        size = cursor.fetchone()[0]
    print(
        f"{number:,} entries written in {took:.0f} s ({number / took:.0f} a second), "
        f"now {size / 2**20:,.0f} MB"
    )


def _fill_up(call: Call, by: User, size: int, language: Language, random: Random) -> None:
    place = Submission.objects.count()
    with connection.cursor() as cursor:
        while place < size:
            number = min(BATCH, size - place)
            made = [_answers(language, random, place + n) for n in range(number)]
            drafts = Submission.objects.bulk_create(
                Submission(call=call, started_at=OPENS_AT, saved_at=OPENS_AT) for _ in made
            )
            versions = Version.objects.bulk_create(
                Version(
                    submission=draft,
                    number=1,
                    received_at=OPENS_AT + timedelta(seconds=place + n),
                    deadline=CLOSES_AT,
                    timing="on_time",
                    choices={
                        "publication": random.choice(("named", "confidential")),
                        "role": random.choice(("provider", "commissioner")),
                    },
                    texts=texts,
                    canonical_text="-",
                    sha256=hashlib.sha256(b"-").hexdigest(),
                    words=sum(len(text.split()) for text in texts.values()),
                )
                for n, (draft, texts) in enumerate(zip(drafts, made, strict=True))
            )
            references = _free_references(len(drafts))
            cursor.execute(SUBMITTED, [[draft.pk for draft in drafts], references])
            Note.objects.bulk_create(
                Note(
                    submission=v.submission,
                    version=v,
                    text="Ask the treasurer.",
                    by=by,
                    at=OPENS_AT,
                )
                for v in versions[::20]
            )
            place += number


def _free_references(number: int) -> list[str]:
    """References of 100,000 meet each other in one run of seven; `submit` then tries again."""
    made = {make_reference("BEN") for _ in range(number)}
    taken = Submission.objects.filter(reference__in=made).values_list("reference", flat=True)
    made.difference_update(taken)
    while len(made) < number:
        made.add(make_reference("BEN"))
    return list(made)


def _answers(language: Language, random: Random, place: int) -> dict[str, str]:
    """Answers of some 400 words together; one response in a thousand has a kingfisher."""
    words = random.choice((40, 80, 120, 400))
    texts = {key: language.text(words) for key in QUESTIONS[:3]}
    texts[QUESTIONS[0]] += " A response."
    if place % 1000 == 7:
        texts[QUESTIONS[1]] += " A kingfisher flew."
    return texts


def _make_reader() -> User:
    return User.objects.create_user("reader", password="of the bench only", is_staff=True)


def _make_call() -> Call:
    asked: list[dict[str, Any]] = [{"key": key, "kind": "long", "label": key} for key in QUESTIONS]
    labels = {"provider": "I provide services", "commissioner": "I am a commissioner"}
    options = [{"key": key, "label": label} for key, label in labels.items()]
    asked.append({"key": "role", "kind": "radio", "label": "Who are you?", "options": options})
    labels = {"named": "Publish with a name", "confidential": "Do not publish"}
    options = [{"key": key, "label": label} for key, label in labels.items()]
    asked.append({"key": "publication", "kind": "radio", "label": "Publish?", "options": options})
    return make_call(asked)


if __name__ == "__main__":
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": plain}
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        main([int(size) for size in sys.argv[1:]])
