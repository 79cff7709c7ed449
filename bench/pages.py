"""python -m bench.pages: what a first and a second visit weigh, in a real Chromium.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings,
and opens the call page and a section's page in a fresh browser, then once more. For each it
prints the kilobytes that came over the network (HTML, CSS, script and icon, compressed), the
requests, and the layout shift (CLS). Aims: 30 kB at the first visit, 10 kB at the second, 4
requests, no shift. Then it prints the reading age of each page of a response: the grade of the
Automated Readability Index, which needs no dictionary, and 5 years. Aim: 12 or less; a hint, as the
call's own questions count, too. With --lighthouse (needs Node; fetches Lighthouse with npx unless
it is installed) the scores of the first two pages; the aim is 100 in each category.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import textstat
from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.journey import ask, environment, gunicorn
from bench.mail import ROOT, broker, postgres
from devserver import chromium

CALL = "/calls/rebalancing-the-relationship/"
SHIFT = """() => new Promise((resolve) => {
  let total = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) total += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(total), 1000);
})"""
READ = (
    "",
    "questions/",
    "response/",
    "response/about_you/",
    "response/competition/",
    "response/collaboration/",
    "response/permissions/",
    "response/check/",
    "response/leave/",
    "response/erase/",
    "response/forget/",
    "return/",
    "return/sent/",
    "return/address/",
    "return/nothing/",
    "confirm/nothing/",
    "verify/",
    "erase/",
    "privacy/",
    "cookies/",
    "accessibility/",
)
# Each block of text as a sentence, so that a list is not one long one.
SENTENCES = """() => {
  const blocks = "h1, h2, h3, p, li, dt, dd, label, legend, summary";
  return [...document.querySelector("main").querySelectorAll(blocks)]
    .filter((one) => one.checkVisibility() && !one.querySelector(blocks))
    .map((one) => one.innerText.trim().replace(/\\s+/g, " ").replace(/[^.?!]$/, "$&."))
    .filter(Boolean);
}"""
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lighthouse", action="store_true")
    chosen = parser.parse_args()
    found = chromium.find() or chromium.install()
    with (
        postgres() as database,
        broker() as broker_url,
        tempfile.TemporaryDirectory(prefix="portal-bench-") as folder,
    ):
        portal = environment(database, broker_url, folder)
        ask(portal, "portal", "prepare")
        with (
            gunicorn(portal, "evidence_portal.wsgi:application") as port,
            sync_playwright() as playwright,
        ):
            address = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(
                executable_path=str(found), args=["--no-sandbox", "--disable-background-networking"]
            )
            for width in (320, 1280):
                weigh(browser.new_context(viewport={"width": width, "height": 800}), address, width)
            tell_reading_ages(browser.new_context(), address)
            if chosen.lighthouse:
                context = browser.new_context()
                cookies = begin(context.new_page(), address)
                for page in ("", "response/about_you/"):
                    lighthouse(f"{address}{CALL}{page}", cookies, str(found), Path(folder))
            browser.close()
    return 0


def begin(page: Page, address: str) -> str:
    """Start a response; return the cookies as a header's value."""
    page.goto(f"{address}{CALL}")
    page.get_by_role("button", name="Start now").first.click()
    page.wait_for_url("**/response/about_you/")
    return "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())


def weigh(context: BrowserContext, address: str, width: int) -> None:
    """Print what each page weighs when nothing is in the browser's cache, and then again."""
    page = context.new_page()
    begin(page, address)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    arrived: list[float] = []
    session.on("Network.loadingFinished", lambda told: arrived.append(told["encodedDataLength"]))
    for name, path in (("call page", ""), ("section page", "response/about_you/")):
        session.send("Network.clearBrowserCache")
        for visit in ("first", "second"):
            arrived.clear()
            page.goto("about:blank")
            page.goto(f"{address}{CALL}{path}")
            page.wait_for_load_state("networkidle")
            shift = page.evaluate(SHIFT)
            sent = [size for size in arrived if size]
            print(
                f"{name}, {width} px, {visit} visit: {sum(sent) / 1000:.1f} kB in {len(sent)} "
                f"requests, layout shift {shift:.3f}"
            )
    context.close()


def tell_reading_ages(context: BrowserContext, address: str) -> None:
    """Print how old readers of each page have to be, the worst page first."""
    page = context.new_page()
    begin(page, address)
    ages = []
    for path in READ:
        page.goto(f"{address}{CALL}{path}")
        text = " ".join(page.evaluate(SENTENCES))
        ages.append((textstat.automated_readability_index(text) + 5, path or "the call's page"))
    for age, path in sorted(ages, reverse=True):
        print(f"reading age {age:.0f}: {path}")
    context.close()


def lighthouse(address: str, cookies: str, browser: str, folder: Path) -> None:
    """Print Lighthouse's four scores, and each audit that is not passed."""
    report = folder / "lighthouse.json"
    headers = folder / "headers.json"
    headers.write_text(json.dumps({"Cookie": cookies}))
    runner = ["lighthouse"] if shutil.which("lighthouse") else ["npx", "--yes", "lighthouse"]
    command = [*runner, address, "--quiet", "--output=json"]
    command += [f"--output-path={report}", f"--extra-headers={headers}"]
    command += [f"--only-categories={','.join(CATEGORIES)}"]
    command += ["--chrome-flags=--headless=new --no-sandbox"]
    surroundings = os.environ | {"CHROME_PATH": browser, "npm_config_cache": str(folder / "npm")}
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True)
    told = json.loads(report.read_text())
    scores = {name: told["categories"][name]["score"] for name in CATEGORIES}
    print(address, {name: round(100 * (score or 0)) for name, score in scores.items()})
    for name in CATEGORIES:
        for part in told["categories"][name]["auditRefs"]:
            audit = told["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                print(f"  {name}: {audit['title']}: {audit.get('displayValue', '')}")


if __name__ == "__main__":
    sys.exit(main())
