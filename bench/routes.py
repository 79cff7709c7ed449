"""python -m bench.routes: how long the first call is for each kind of person, on a phone.

Starts a PostgreSQL of its own with the first call, and gunicorn with the portal's own settings, and
answers it in a real Chromium, 375 by 667 pixels, as a service user, as a small organisation, as a
commissioner and with every role: once what is required and half of the optional questions, once
every question; a text in some 60 words. Prints for each route the pages with the one to check, the
screens that they fill together as they arrive and with the answers in them, the height of the page
to check, the kilobytes that came over the network, and the longest time that an interaction took
(Event Timing). The font is the browser tests', as wide as a phone's. Then it fills every text of
the page that has most of them, types on at the end of each on a processor six times as slow, and
prints how long keys take: with answers as long as they may be and the longest that was ever tried,
without our script and with it.
Aims: 7 pages for a service user, 11 for the longest route, 20.5 screens as they arrive with half
of the optional questions answered, under 200 ms.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.journey import ask, environment, gunicorn
from bench.mail import broker, postgres
from bench.pages import CALL
from devserver import chromium
from tests import fonts

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
OPTIONAL = {2: "half of the optional questions", 1: "every question"}
SLOWER = 6  # a processor so many times as slow as this one
WORDS_OF_TEXTS = (1_000, 28_722)  # the most that is asked for, the longest that was ever tried
PARAGRAPH = "service " * 60 + "\n\n"
FILL = """(area, text) => {
  area.value = text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
}"""
KEYS = """() => {
  window.keys = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (/^key|input/.test(one.name)) window.keys.push(one);
    }
  }).observe({ type: "event", durationThreshold: 16 });
}"""
# Of keys: the longest, the one in the middle, and the longest time in handlers of "input".
TOOK = """() => {
  const keys = window.keys.filter((one) => one.name === "keydown").map((one) => one.duration);
  keys.sort((one, other) => one - other);
  const ours = window.keys.filter((one) => one.name === "input")
    .map((one) => one.processingEnd - one.processingStart);
  return [Math.max(...keys), keys[Math.floor(keys.length / 2)], Math.max(0, ...ours)];
}"""
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
                executable_path=str(found),
                args=["--no-sandbox", "--disable-background-networking"],
                env=fonts.noto(Path(folder)),
            )
            for name, (roles, capacity) in ROUTES.items():
                for each in OPTIONAL:
                    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
                    call = f"http://127.0.0.1:{port}{CALL}"
                    walk(context.new_page(), call, name, roles, capacity, each)
                    context.close()
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
            type_on(context.new_page(), f"http://127.0.0.1:{port}{CALL}")
            context.close()
            browser.close()
    return 0


def walk(page: Page, call: str, name: str, roles: list[str], capacity: str, each: int) -> None:
    """Answer the route, of optional questions one of `each`, and print what it took."""
    arrived: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: arrived.append(told["encodedDataLength"]))
    page.goto(call)
    page.get_by_role("button", name="Start now").first.click()
    arriving: list[int] = []
    answered: list[int] = []
    longest = 0.0
    while True:
        page.evaluate(INTERACTIONS)
        arriving.append(height_of(page))
        answer(page, roles, capacity, each)
        answered.append(height_of(page))
        if page.url.endswith("/check/"):
            break
        longest = max(longest, page.evaluate("window.longest"))
        page.get_by_role("button", name="Save and continue").click()
        page.wait_for_load_state()
        if page.locator(".error-summary").count():
            raise SystemExit(f"{page.url}: {page.locator('.error-summary').inner_text()}")
    print(
        f"{name}, {OPTIONAL[each]}: {len(arriving)} pages, {sum(arriving) / HEIGHT:.1f} screens as "
        f"they arrive, {sum(answered) / HEIGHT:.1f} with the answers in them, the page to check "
        f"{arriving[-1]:,} px, {sum(arrived) / 1000:.0f} kB, longest interaction {longest:.0f} ms"
    )


def type_on(page: Page, call: str) -> None:
    """Print how long keys take on the page with most texts, all of them long."""
    page.goto(call)
    page.get_by_role("button", name="Start now").first.click()
    most, longest_page = 0, ""
    while not page.url.endswith("/check/"):
        answer(page, EVERY_ROLE, ORGANISATION)
        shown = page.locator("textarea:visible").count()
        if shown > most:
            most, longest_page = shown, page.url
        page.get_by_role("button", name="Save and continue").click()
        page.wait_for_load_state()
    session = page.context.new_cdp_session(page)
    for words in WORDS_OF_TEXTS:
        for script in ("without", "with"):
            if script == "without":
                page.route("**/*.js", lambda route: route.abort())
            else:
                page.unroute("**/*.js")
            page.goto(longest_page)
            for area in page.locator("textarea:visible").all():
                area.evaluate(FILL, PARAGRAPH * (words // 60))
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            page.evaluate(KEYS)
            for area in page.locator("textarea:visible").all():
                area.focus()
                page.keyboard.press("Control+End")
                page.keyboard.type(" and so it went on", delay=200)
                page.wait_for_timeout(4_000)  # it is saved meanwhile
            longest, median, ours = page.evaluate(TOOK)
            session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            print(
                f"typing into {most} texts of {words:,} words each, processor / {SLOWER}, {script} "
                f"script: a key takes {longest:.0f} ms at most, {median:.0f} ms in the middle, "
                f"{ours:.0f} ms of them in our script"
            )


def height_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def answer(page: Page, roles: list[str], capacity: str, each: int = 1) -> None:
    """Answer the questions of the page that are shown, of optional ones the first of `each`."""
    chosen = {"roles": roles, "capacity": [capacity], "publication": ["named"]}
    chosen |= {"age": ["18_or_over"]}
    optional = 0
    for question in page.locator(".question").all():
        if not question.is_visible():
            continue
        if question.locator(".optional").count():
            optional += 1
            if (optional - 1) % each:
                continue
        folded = question.locator("details:not([open]) > summary")
        if folded.count():
            folded.click()
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
