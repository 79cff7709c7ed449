"""The measuring half of bench.scale's pages, in the environment of a portal with responses.

The first run follows links and notes which pages it found; later ones ask for the same.
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from statistics import median
from urllib.parse import urljoin, urlsplit

import django
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import Resolver404, resolve

django.setup()

from accounts.models import Membership, User
from accounts.states import Role
from bench.closing import SLUG
from bench.staff_client import signed_in
from review.searching.entries import write_due
from submissions.calls.models import Call

TURNS = 3
CALL = f"/calls/{SLUG}/"
# What makes a file, or ends the visit.
NO_PAGE = re.compile(
    r"/file|\.(csv|json|txt|pdf|docx|xlsx)$|logout|sign-out|/jsi18n/|download|/api/"
)
LINK = re.compile(r'href="([^"#]+)')
VISITORS = {
    "respondent": [CALL, f"{CALL}response/"],
    "steering group": ["/steering/"],
    "staff": ["/admin/"],
}


def main(count: int) -> int:
    write_due(until=lambda: False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    noted = Path(os.environ["SCALE_SEEN"])
    before = json.loads(noted.read_text()) if noted.exists() else {}
    clients = {
        "respondent": _respondent(),
        "steering group": _signed_in("member", role=Role.STEERING_MEMBER),
        "staff": _signed_in("staff", role=Role.MANAGER, is_superuser=True),
    }
    seen, grew = {}, 0
    for visitor, client in clients.items():
        pages = before.get(visitor) or dict.fromkeys(_followed(client, visitor))
        seen[visitor] = {path: _measure(client, path) for path in pages}
        for path, (queries, milliseconds) in seen[visitor].items():
            line = f"  {visitor}: {path}: {queries} queries, {milliseconds:.0f} ms"
            if pages[path]:
                asked, took = pages[path]
                grew += queries > asked
                line += (
                    f" (before: {asked} queries, {took:.0f} ms; {milliseconds / took:.1f} times)"
                )
            print(line, flush=True)
    noted.write_text(json.dumps(before or seen))
    number = sum(len(pages) for pages in seen.values())
    print(f"{count:,} responses: {number} pages, load {os.getloadavg()[0]:.1f}; {grew} ask more")
    return 1 if grew else 0


def _followed(client: Client, visitor: str) -> Iterator[str]:
    """Yield one address of each route that links lead to, and whose page there is."""
    waiting, routes = list(VISITORS[visitor]), set()
    while waiting:
        path = waiting.pop(0)
        try:
            route = resolve(path).route
        except Resolver404:
            continue
        if route in routes or NO_PAGE.search(path):
            continue
        answer = client.get(path)
        if answer.status_code != 200 or answer.streaming or "html" not in answer["Content-Type"]:
            continue
        routes.add(route)
        yield path
        for link in LINK.findall(answer.content.decode()):
            address = urlsplit(urljoin(f"http://testserver{path}", unescape(link)))
            if address.netloc == "testserver":
                waiting.append(address.path)


def _measure(client: Client, path: str) -> tuple[int, float]:
    """Return the number of queries, and the median time in milliseconds."""
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    queries = len(asked)  # before the next request empties the list
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        client.get(path)
        took.append(time.perf_counter() - began)
    return queries, median(took) * 1000


def _respondent() -> Client:
    client = Client()
    client.post(f"{CALL}start/")
    return client


def _signed_in(name: str, *, role: Role, is_superuser: bool = False) -> Client:
    reader, _ = User.objects.get_or_create(
        username=f"bench-{name}", is_staff=True, is_superuser=is_superuser
    )
    Membership.objects.get_or_create(person=reader, call=Call.objects.get(), role=role)
    return signed_in(reader)


if __name__ == "__main__":
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    storages = settings.STORAGES | {"staticfiles": plain}
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        sys.exit(main(int(sys.argv[1])))
