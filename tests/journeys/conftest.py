"""A real Chromium against the portal in this process."""

import json
import os
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import sync_playwright

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
WIDTHS = {"narrow": 320, "wide": 1280}
# Chromium looks for its maker's hosts otherwise.
QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium():
    # Playwright's synchronous interface runs inside a loop of its own, on which Django's
    # guard against database calls from asynchronous code would trip.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None, args=QUIET
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_browser(chromium, live_server):
    """Return a page of a fresh browser, whose console must stay silent: `open_browser(320)`."""
    contexts = []
    said = []

    def open_page(width=1280, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, base_url=live_server.url, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    expected = "Failed to load resource: the server responded with a status of"
    assert [text for text in said if not text.startswith(expected)] == []


def faults_found_by_axe(page):
    """Every violation of WCAG A or AA and of axe's best practices on the page as it stands."""
    page.evaluate(AXE.read_text())
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url}: {violation['id']}: {json.dumps(node['html'])}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]


def scrolls_sideways(page):
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.fixture
def look(request):
    """Check a page as it stands: axe finds nothing, nothing scrolls sideways.

    With SCREENSHOTS set to a folder, keep a picture too.
    """
    folder = os.environ.get("SCREENSHOTS")

    def look_at(page, name):
        if folder:
            width = page.viewport_size["width"]
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        assert faults_found_by_axe(page) == []
        assert not scrolls_sideways(page), page.url

    return look_at
