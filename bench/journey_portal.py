"""The portal's side of bench.journey: what it needs, and its CPU a page."""

from datetime import timedelta
from itertools import islice

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

django.setup()

from bench.cpu import cpu_of
from core import clock
from submissions.calls.models import Call
from submissions.responses.models import Submission

CALL = "/calls/rebalancing-the-relationship/"
DEFINITION = "submissions/definitions/rebalancing-the-relationship.toml"
DRAFTS = 100_000


def run(task: str) -> object:
    if task == "prepare":
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_call", DEFINITION, verbosity=0)
        now = clock.portal_now()
        Call.objects.update(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=30))
        return None
    if task == "fill":
        call, now = Call.objects.get(), clock.portal_now()
        drafts = (Submission(call=call, started_at=now, saved_at=now) for _ in range(DRAFTS))
        while batch := list(islice(drafts, 5_000)):
            Submission.objects.bulk_create(batch)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE submissions_submission")
        return Submission.objects.count()
    client = Client()
    client.post(f"{CALL}start/")
    return {
        "call": cpu_of(Client(), CALL, 400),
        "section": cpu_of(client, f"{CALL}response/about_you/", 400),
        "queries": {
            page: queries(client, f"{CALL}{page}")
            for page in ("", "questions/", "response/", "response/about_you/", "response/check/")
        },
        "at": clock.portal_now().isoformat(),
    }


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)
