"""python -m bench.coding: how soon a coding is drawn after its key, on a page with 2,000 of them.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings.
One response has an answer of 20,000 characters with so many passages under 40 codes. In a real
Chromium, a coder chooses sentence after sentence and presses the key of a code. Prints how long
after the key the passage is drawn (aim: under 100 ms), how long until the server has answered and
the answer is drawn anew, and what the page weighs and takes to open.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from statistics import median

from playwright.sync_api import Page, sync_playwright

from bench.journey import ask, environment, gunicorn
from bench.mail import ROOT, broker, postgres
from devserver import chromium

TURNS = 20
MAKE = """
from datetime import timedelta
from django.test import Client
from accounts.models import Membership, SignIn, User
from accounts.states import Role
from core import clock
from review.coding.codebook import add_code
from review.coding.places_in_text import sentences
from review.models import Coding
from submissions.calls.models import Call
from submissions.responses import drafting
from submissions.responses.models import Submission, Version
call = Call.objects.get()
coder = User.objects.create_user("coder", password="of the bench only", is_staff=True)
Membership.objects.create(person=coder, call=call, role=Role.CODER)
at = call.opens_at + timedelta(days=1)
codes = [add_code(call=call, name=f"Code {n}", by=coder, at=at) for n in range(40)]
question = call.questions.get(key="good_practice")
story = " ".join(f"Sentence number {n} says how we work." for n in range(%(sentences)s))
response = Submission.objects.create(call=call, started_at=at, saved_at=at)
version = Version.objects.create(
    submission=response, number=1, received_at=at, deadline=call.closes_at, timing="on_time",
    choices={"publication": "named"}, texts={question.key: story}, canonical_text="-",
    sha256="0" * 64, words=len(story.split()),
)
Submission.objects.filter(pk=response.pk).update(
    state="submitted", reference="RTR-2222-2222", submitted_at=at, current_version=version)
places = sentences(story)
Coding.objects.bulk_create(
    Coding(code=codes[(n + n // 520) %% 40], version=version, question=question, by=coder, at=at,
           start=places[n %% len(places)].start, end=places[n %% len(places)].end)
    for n in range(%(codings)s)
)
now = clock.wall_now()
client = Client()
client.force_login(coder)
session = client.session
session["sign_in"] = SignIn.objects.create(user=coder, began_at=now, last_used_at=now).pk
session.save()
from django.conf import settings
print("MADE", settings.SESSION_COOKIE_NAME, session.session_key, response.pk)
"""
# Resolves with the milliseconds until the passage is drawn, and until the answer is drawn anew.
PRESS = """async (name) => {
    const answer = document.querySelector(".coded-answer");
    const began = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    await new Promise((seen) => requestAnimationFrame(() => setTimeout(seen)));
    const drawn = [...CSS.highlights.keys()].some((key) => key.startsWith("code-"));
    const first = performance.now() - began;
    while (document.contains(answer)) await new Promise((again) => setTimeout(again, 5));
    return [drawn, first, performance.now() - began];
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--codings", type=int, default=2_000, help="default 2000")
    chosen = parser.parse_args()
    found = chromium.find() or chromium.install()
    with (
        postgres() as database,
        broker() as broker_url,
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
    ):
        portal = environment(database, broker_url, folder)
        ask(portal, "portal", "prepare")
        make = MAKE % {"codings": chosen.codings, "sentences": 520}
        command = [sys.executable, "manage.py", "shell", "--command", make]
        said = subprocess.run(
            command, env=portal, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        name, key, response = said.partition("MADE ")[2].split()
        with (
            gunicorn(portal, "evidence_portal.wsgi:application") as port,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path=str(found), args=["--no-sandbox", "--disable-background-networking"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            address = f"http://127.0.0.1:{port}"
            page.context.add_cookies([{"name": name, "value": key, "url": address}])
            measure(page, f"{address}/admin/submissions/submission/{response}/change/")
            browser.close()
    return 0


def measure(page: Page, address: str) -> None:
    began = time.monotonic()
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        raise SystemExit(f"the page answers {answer and answer.status}")
    marks = page.locator(".coded-answer .given .coded").count()
    print(
        f"page with {marks:,} marks: {len(answer.body()) / 1024:,.0f} KB, "
        f"opened in {time.monotonic() - began:.2f} s"
    )
    drawn, anew = [], []
    for turn in range(TURNS):
        page.keyboard.press("]")
        page.keyboard.press("}")
        was_drawn, first, last = page.evaluate(PRESS, str(turn % 9 + 1))
        if not was_drawn:
            raise SystemExit(f"nothing is drawn: {page.locator('#coding-status').inner_text()}")
        drawn.append(first)
        anew.append(last)
    print(
        f"  drawn after the key: median {median(drawn):.0f} ms, longest {max(drawn):.0f} (aim 100)"
    )
    print(f"  answer drawn anew: median {median(anew):.0f} ms, longest {max(anew):.0f}")


if __name__ == "__main__":
    sys.exit(main())
