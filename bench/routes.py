"""python -m bench.routes: how long the first call is for each kind of person, on a phone.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings, and
answers it in a real Chromium, 375 by 667 pixels, as a service user, as a small organisation, as a
commissioner and with every role: each closed question that is asked, and every text in some 60
words. Prints for each route the pages with the one to check, the screens that they fill together,
the height of the page to check, the kilobytes that came over the network, and the longest time that
an interaction took (Event Timing).
Aims: 7 pages for a service user, 11 for the longest route.
"""

import sys
import tempfile

from playwright.sync_api import Page, sync_playwright

from bench.journey import ask, environment, gunicorn
from bench.mail import broker, postgres
from bench.pages import CALL
from devserver import chromium

WIDTH, HEIGHT = 375, 667
WORDS = "We lost the contract after nine years of work here. " * 6
PERSON, ORGANISATION = "personal", "on_behalf_of_org"
EVERY_ROLE = ["small_org", "large_bid", "commissioner", "thinker", "lived"]
ROUTES = {
    "service user": (["lived"], PERSON),
    "small organisation": (["small_org"], ORGANISATION),
    "commissioner": (["commissioner"], ORGANISATION),
    "every role": (EVERY_ROLE, ORGANISATION),
}
INTERACTIONS = """() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
}"""


def main() -> int:
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
            browser = playwright.chromium.launch(
                executable_path=str(found), args=["--no-sandbox", "--disable-background-networking"]
            )
            for name, (roles, capacity) in ROUTES.items():
                context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
                page = context.new_page()
                walk(page, f"http://127.0.0.1:{port}{CALL}", name, roles, capacity)
                context.close()
            browser.close()
    return 0


def walk(page: Page, call: str, name: str, roles: list[str], capacity: str) -> None:
    """Answer the whole route, and print what it took."""
    arrived: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: arrived.append(told["encodedDataLength"]))
    page.goto(call)
    page.get_by_role("button", name="Start now").first.click()
    heights: list[int] = []
    longest = 0.0
    while True:
        page.evaluate(INTERACTIONS)
        answer(page, roles, capacity)
        heights.append(height_of(page))
        if page.url.endswith("/check/"):
            break
        longest = max(longest, page.evaluate("window.longest"))
        page.get_by_role("button", name="Save and continue").click()
        page.wait_for_load_state()
        if page.locator(".error-summary").count():
            raise SystemExit(f"{page.url}: {page.locator('.error-summary').inner_text()}")
    print(
        f"{name}: {len(heights)} pages, {sum(heights) / HEIGHT:.1f} screens, the page to check "
        f"{heights[-1]:,} px, {sum(arrived) / 1000:.0f} kB, longest interaction {longest:.0f} ms"
    )


def height_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def answer(page: Page, roles: list[str], capacity: str) -> None:
    """Answer every question of the page that is shown."""
    chosen = {"roles": roles, "capacity": [capacity], "publication": ["named"]}
    chosen |= {"age": ["18_or_over"]}
    for question in page.locator(".question").all():
        if not question.is_visible():
            continue
        key = str(question.get_attribute("id")).removeprefix("question-")
        if key in chosen:
            for value in chosen[key]:
                question.locator(f"[value='{value}']").check()
        elif question.locator("textarea").count():
            question.locator("textarea").fill(WORDS)
        elif question.locator("input[type=email]").count():
            question.locator("input[type=email]").fill("someone@example.org")
        elif question.locator("input[type=text]").count():
            question.locator("input[type=text]").fill("Lantern Fold Kitchen")
        elif question.locator(".row").count():
            for row in question.locator(".row").all():
                row.locator("input").first.check()
        elif question.locator("input[type=radio], input[type=checkbox]").count():
            question.locator("input[type=radio], input[type=checkbox]").first.check()


if __name__ == "__main__":
    sys.exit(main())
