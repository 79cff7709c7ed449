"""script/screenshots: take the pictures of the portal that the documents show."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from devserver import chromium
from devserver.errors import CannotStart
from devserver.server_settings import ROOT

IMAGES = ROOT / "docs" / "images"
CALL = "/calls/rebalancing-the-relationship/"
WIDE: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 320, "height": 640}
LARGEST = 150_000  # bytes
AFTERWARDS = ("response/leave", "response/withdraw", "return", "verify")
STATEMENTS = ("privacy", "accessibility", "cookies")
RESPONSES_LIST = "/admin/submissions/submission/"
SOUGHT = '"full cost" OR risk -merger partner*'
WAITS = 90  # seconds for what the worker makes of the responses
RESPONSES = 120  # so that staff and the steering group have something to look at
SHORT_TEXTS = {
    "name": "Sam Example",
    "email": "sam@example.org",
    "org_name": "Example Community Trust",
}
LONG_TEXT = (
    "We were named in a bid as a specialist partner, and heard nothing after the award. "
    "In the next round the lead asked us first what we could do, and at which price."
)


@contextmanager
def running_portal(password: str) -> Iterator[str]:
    """Run a rehearsal with fake responses on its own folder and port; yield its URL."""
    with tempfile.TemporaryDirectory(prefix="portal-screenshots-") as name:
        data = Path(name) / "data"
        environment = {
            variable: value
            for variable, value in os.environ.items()
            if variable
            not in {
                "DATABASE_URL",
                "MIGRATION_DATABASE_URL",
                "BROKER_URL",
                "EMAIL_URL",
                "PORTAL_URL",
            }
        } | {"PORTAL_DATA": str(data), "PORT": str(_free_port()), "PORTAL_DEMO_PASSWORD": password}
        environment.pop("REHEARSE_FROM", None)
        with subprocess.Popen(
            [sys.executable, "-m", "devserver.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server:
            try:
                yield _seeded(_url_when_ready(server), environment)
            finally:
                server.send_signal(signal.SIGTERM)
                server.communicate(timeout=60)


def _url_when_ready(server: subprocess.Popen[str]) -> str:
    said = []
    for line in server.stdout or ():
        said.append(line)
        if line.startswith("ready: "):
            return line.removeprefix("ready: ").strip()
    raise CannotStart("".join(said).strip())


def _seeded(url: str, environment: dict[str, str]) -> str:
    seed = ["seed_responses", "--count", str(RESPONSES), "--seed", "7"]
    subprocess.run(
        [sys.executable, "manage.py", *seed],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return url


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def photograph(page: Page, name: str) -> None:
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    size = path.stat().st_size
    if size > LARGEST:
        raise CannotStart(f"{path} has {size} bytes, more than {LARGEST}.")
    print(f"{path.relative_to(ROOT)}  {size // 1000} kB")


def photograph_narrow(page: Page, name: str, *, top: str = "html") -> None:
    """Take a picture as on a phone, from the first element that matches the selector `top`."""
    page.set_viewport_size(NARROW)
    page.locator(top).first.evaluate("element => element.scrollIntoView()")
    photograph(page, name)
    page.set_viewport_size(WIDE)


def photograph_both(page: Page, name: str) -> None:
    photograph(page, name)
    photograph_narrow(page, f"{name}-narrow")


def answer_everything(page: Page) -> None:
    """Choose the first option of every question on the page, and fill the text fields."""
    for kind in ("radio", "checkbox"):
        choices = page.locator(f"main input[type={kind}]")
        names = dict.fromkeys(choices.evaluate_all("all => all.map(one => one.name)"))
        for name in names:
            first = page.locator(f"main input[name='{name}']").first
            if first.is_visible():
                first.check()
    for field in page.locator("main input[type=text], main input[type=email]").all():
        if field.is_visible():
            field.fill(SHORT_TEXTS.get(field.get_attribute("name") or "", ""))
    for field in page.locator("main textarea").all():
        if field.is_visible():
            field.fill(LONG_TEXT)


def respond(page: Page, url: str) -> None:
    """Respond to the call, from its page to the receipt, and take the pictures."""
    page.goto(f"{url}{CALL}questions/")
    photograph_both(page, "questions")
    page.goto(f"{url}{CALL}")
    photograph_both(page, "call")
    page.locator("form[action$='/start/'] button").first.click()
    page.goto(f"{url}{CALL}response/")
    photograph_both(page, "task-list")
    page.locator(".task-list a").first.click()
    page.locator("button[value=continue]").click()
    photograph_both(page, "section-errors")
    pictured = False
    while not page.url.endswith("/check/"):
        answer_everything(page)
        if "/collaboration/" in page.url and not pictured:
            page.evaluate("scrollTo(0, 0)")
            photograph(page, "section")
            photograph_narrow(page, "section-narrow", top="main fieldset")
            pictured = True
        page.locator("button[value=continue]").click()
        page.wait_for_load_state()
    photograph_both(page, "check")
    page.locator("main form[method=post][data-while-open] button").last.click()
    page.wait_for_url("**/submitted/")
    photograph_both(page, "submitted")
    for rest in AFTERWARDS:
        page.goto(f"{url}{CALL}{rest}/")
        photograph_both(page, rest.split("/")[-1])
    for name in STATEMENTS:
        page.goto(f"{url}/{name}/")
        photograph_both(page, name)


def respond_alike(page: Page, url: str) -> None:
    """Give the same answers again from another browser, for staff to find the two alike."""
    page.goto(f"{url}{CALL}")
    page.locator("form[action$='/start/'] button").first.click()
    page.wait_for_load_state()
    while not page.url.endswith("/check/"):
        answer_everything(page)
        page.locator("button[value=continue]").click()
        page.wait_for_load_state()
    page.locator("main form[method=post][data-while-open] button").last.click()
    page.wait_for_url("**/submitted/")


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    page.goto(address)
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.locator("form:has(input[name=password]) [type=submit]").click()


def wait_for_worker(page: Page, selector: str) -> None:
    """Load the page again until the worker has made what the selector names."""
    for _ in range(WAITS):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(1_000)
        page.reload()


def review(page: Page, url: str) -> None:
    """Go through a day of project staff, and take the pictures of their guide."""
    photograph(page, "staff-first-page")
    page.goto(f"{url}{RESPONSES_LIST}")
    photograph(page, "staff")
    page.goto(f"{url}{RESPONSES_LIST}?{urlencode({'q': SOUGHT})}")
    photograph(page, "staff-search")
    page.locator("#result_list tbody th a").first.click()
    page.wait_for_load_state()
    photograph(page, "staff-response")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    photograph(page, "staff-keys")
    page.goto(f"{url}{RESPONSES_LIST}questions/")
    page.locator("#content-main a").first.click()
    page.wait_for_load_state()
    photograph(page, "staff-across")
    page.goto(f"{url}/admin/review/cluster/")
    wait_for_worker(page, "#result_list tbody a")
    page.locator("#result_list tbody a").first.click()
    page.wait_for_load_state()
    photograph(page, "staff-alike")
    page.goto(f"{url}{RESPONSES_LIST}progress/")
    photograph(page, "staff-progress")


def photograph_all(browser: Browser, url: str, password: str) -> None:
    for visitor in ("respondent", "colleague", "steering", "staff"):
        context = browser.new_context(viewport=WIDE, locale="en-GB", color_scheme="light")
        page = context.new_page()
        if visitor == "respondent":
            respond(page, url)
        elif visitor == "colleague":
            respond_alike(page, url)
        elif visitor == "steering":
            sign_in(page, f"{url}/steering/", "steering", password)
            photograph(page, "steering-group")
        else:
            sign_in(page, f"{url}/admin/", "staff", password)
            review(page, url)
        context.close()


def main() -> int:
    try:
        program = chromium.find() or chromium.install()
        IMAGES.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(12)
        with running_portal(password) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else []
            )
            try:
                photograph_all(browser, url, password)
            finally:
                browser.close()
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
