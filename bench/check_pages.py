"""python -m bench.check_pages: how high the page to check is on a phone, over fake responses.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings, and
opens “Check your answers” of complete fake responses in a real Chromium, 375 by 667 pixels. The
responses are the same at each run; their median has about 400 words. Prints how high the lowest,
the middle and the highest page are, and how many answers stand in rows. Aim: under 2,500 px in
the middle.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from bench.journey import ask, environment, gunicorn
from bench.mail import ROOT, broker, postgres
from bench.pages import CALL
from bench.routes import HEIGHT, WIDTH, height_of
from devserver import chromium
from tests import fonts

ANSWERS = ".summary-row"
RESPONSES = 20  # the kinds of bench.ready_drafts


def main() -> int:
    found = chromium.find() or chromium.install()
    with (
        postgres() as database,
        broker() as broker_url,
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
    ):
        portal = environment(database, broker_url, folder)
        ask(portal, "portal", "prepare")
        drafts = ready_drafts(portal)
        with (
            gunicorn(portal, "evidence_portal.wsgi:application") as port,
            sync_playwright() as playwright,
        ):
            address = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(
                executable_path=str(found),
                args=["--no-sandbox", "--disable-background-networking"],
                env=fonts.noto(Path(folder)),
            )
            pages = []
            for draft in drafts:
                context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
                context.add_cookies(
                    [{"name": "session", "value": draft["session"], "url": address}]
                )
                page = context.new_page()
                page.goto(f"{address}{CALL}response/check/")
                pages.append((height_of(page), page.locator(ANSWERS).count()))
                context.close()
            browser.close()
    heights = [height for height, _answers in pages]
    rows = [answers for _height, answers in pages]
    print(
        f"page to check, {len(pages)} responses: lowest {min(heights):,} px, middle "
        f"{median(heights):,.0f} px, highest {max(heights):,} px; {min(rows)} to {max(rows)} rows"
    )
    return 0


def ready_drafts(portal: dict[str, str]) -> list[dict[str, str]]:
    """Return one draft of each kind of fake response, with the key of its session."""
    command = [sys.executable, "-m", "bench.ready_drafts"]
    command += ["--slug", "rebalancing-the-relationship", "--count", str(RESPONSES)]
    done = subprocess.run(
        command, env=portal, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
