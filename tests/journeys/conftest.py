"""A real Chromium against the portal in this process."""

import json
import os
from pathlib import Path
from threading import Lock
from time import sleep
from weakref import WeakSet

import axe_playwright_python
import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import Client
from playwright.sync_api import sync_playwright

from tests.fonts import noto

# In a function: a page that is not looked at hardly reads it.
AXE = f"""window.beginAxe = () => {{
  {Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()}
}};"""
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
def fonts(request, tmp_path_factory):
    """What the browser sets text in; a test that names another has it as an indirect parameter."""
    return getattr(request, "param", noto)(tmp_path_factory.mktemp("fonts"))


@pytest.fixture(scope="session")
def chromium(chromium_program, fonts, django_db_setup):
    # Playwright's synchronous interface runs inside a loop of its own, on which Django's
    # guard against database calls from asynchronous code would trip.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program, args=QUIET, env=fonts
        )
        yield browser
        browser.close()
        # Beside that loop Django sees other connections than without it, and so must end these now.
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class InProgress:
    """How many requests the portal in this process answers just now."""

    def __init__(self):
        self.number = 0
        self._lock = Lock()

    def began(self, **_signal):
        with self._lock:
            self.number += 1

    def ended(self, **_signal):
        with self._lock:
            self.number -= 1

    def wait_for_the_last(self):
        for _ in range(200):
            if self.number <= 0:
                return
            sleep(0.05)


@pytest.fixture
def in_progress(live_server):
    requests = InProgress()
    request_started.connect(requests.began)
    request_finished.connect(requests.ended)
    yield requests
    request_started.disconnect(requests.began)
    request_finished.disconnect(requests.ended)


@pytest.fixture
def open_browser(request, chromium, live_server, in_progress):
    """Return a page of a fresh browser, whose console must stay silent: `open_browser(320)`."""
    contexts = []
    said = []
    under_way = set()
    is_looked_at = "look" in request.fixturenames

    def open_page(width=1280, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, base_url=live_server.url, **options
        )
        contexts.append(context)
        if is_looked_at:
            begin_with_axe(context)
        context.on("request", lambda request: under_way.add(request))
        for end in ("requestfinished", "requestfailed"):
            context.on(end, lambda request: under_way.discard(request))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        if context.pages:
            # A page saves when it is left, which must not come while the tables are emptied. Nor
            # may a save that is under way go on meanwhile: PostgreSQL would see a deadlock.
            for _ in range(100):
                if not under_way:
                    break
                context.pages[0].wait_for_timeout(50)
            context.set_offline(True)
            under_way.clear()
        context.close()
    # One that began just before its browser was gone goes on all the same.
    in_progress.wait_for_the_last()
    expected = (
        "Failed to load resource: the server responded with a status of",
        "Failed to load resource: net::ERR_INTERNET",
        "Failed to load resource: net::ERR_FAIL",
        # Chromium tells what it cleared when a response is closed or somebody signs out.
        "Clear-Site-Data header on ",
    )
    assert [text for text in said if not text.startswith(expected)] == []


def give_session(page, client, url):
    """Let the browser of the page go on as this client."""
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def open_signed_in(open_browser, live_server):
    """Return a page of a fresh browser in which somebody is signed in: `open_signed_in(user)`."""

    def opened(user, width=1280, **options):
        client = Client()
        client.force_login(user)
        page = open_browser(width, **options)
        give_session(page, client, live_server.url)
        return page

    return opened


@pytest.fixture
def start_response(open_browser, live_server):
    """Return a page of a fresh browser that has just begun a response, at a page below the call.

    `start_response(call, "response/about/")`; the button that begins it was pressed outside of it.
    """

    def start(call, rest, width=1280, **options):
        client = Client()
        assert client.post(f"/calls/{call.slug}/start/").status_code == 302
        page = open_browser(width, **options)
        give_session(page, client, live_server.url)
        page.goto(f"/calls/{call.slug}/{rest}")
        return page

    return start


# Of each element that is seen or scrolls, what it is. An element with others in it: its start.
SEEN_BY_AXE = """() => new Map([...document.querySelectorAll("*")].map((one) => {
  const isSeen = one.checkVisibility({ visibilityProperty: true });
  const scrolls = (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) &&
    /auto|scroll/.test(getComputedStyle(one).overflow);
  const shown = one.childElementCount ? one.cloneNode() : one;
  return [one, isSeen || scrolls ? `${isSeen} ${scrolls} ${shown.outerHTML}` : ""];
}))"""
# Each text's colour and size class, with every ground that it stands on down to one that covers the
# others, and what lifts it out; of a link what tells it from the text around it, too.
CONTRASTS = """() => {
  const grounds = new Map([[null, { ground: "", fades: false }]]);
  const groundOf = (one) => {
    if (!grounds.has(one)) {
      const style = getComputedStyle(one);
      const { backgroundColor, backgroundImage, opacity, position, cssFloat } = style;
      const own = [backgroundColor, backgroundImage, opacity,
        position === "static" && cssFloat === "none" ? "" : `${one.tagName} ${one.className}`];
      const isPlain = String(own) === "rgba(0, 0, 0, 0),none,1,";
      const below = groundOf(one.parentElement);
      const fades = below.fades || opacity !== "1";
      // Nothing is seen through it of what is below.
      const covers = !fades && backgroundColor.startsWith("rgb(");
      const ground = (isPlain ? "" : `${own}<`) + (covers ? "" : below.ground);
      grounds.set(one, { ground, fades });
    }
    return grounds.get(one);
  };
  const found = [...document.querySelectorAll("body *")].filter((one) =>
    (one.matches("input, textarea, select") ||
      [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) &&
    one.checkVisibility({ visibilityProperty: true }));
  window.contrasts = new Map(found.map((one) => {
    const style = getComputedStyle(one);
    const { color, fontSize, fontWeight, fontStyle, textShadow } = style;
    const isLarge = parseFloat(fontSize) >= (fontWeight < 700 ? 24 : 18.66);
    const apart = !one.closest("a") ? "" : [style.textDecorationLine, style.borderBottomStyle,
      fontWeight, fontStyle, getComputedStyle(one.closest("a").parentElement).color];
    return [one, String([color, isLarge, textShadow, one.matches(":disabled"), apart,
      groundOf(one).ground])];
  }));
  return [...new Set(window.contrasts.values())];
}"""
RULES_OF_CONTRAST = ["color-contrast", "link-in-text-block"]
RUN_AXE = f"""async ([options, contrasts, ofContrast, looksAgain]) => {{
  if (!window.axe) window.beginAxe();
  const {{ violations }} = await axe.run(document, options);
  const include = [...window.contrasts].filter(([, its]) => contrasts.includes(its));
  if (include.length) {{
    const only = {{ ...options, rules: {{}}, runOnly: ofContrast }};
    const found = await axe.run({{ include: include.map(([one]) => one) }}, only);
    violations.push(...found.violations);
  }}
  if (looksAgain) window.seenByAxe = ({SEEN_BY_AXE})();
  return violations.flatMap(({{ id, nodes }}) => nodes.map(({{ html }}) => [id, html]));
}}"""
NOT_SEEN_BY_AXE = f"""() => [...({SEEN_BY_AXE})()].filter(([one, now]) =>
  now && now !== window.seenByAxe?.get(one)).map(([, now]) => now)"""
# What axe found no fault with, on whichever page, for the length of a run.
sound_contrasts, sound_at_another_width = set(), set()
# Browsers whose next pages begin with axe.
with_axe = WeakSet()


def begin_with_axe(context):
    """Have the next pages of this browser begin with axe."""
    with_axe.add(context)
    context.add_init_script(AXE)


def faults_found_by_axe(page, *, looks_again=False):
    """Every violation of WCAG A or AA and of axe's best practices on the page as it stands.

    Contrast takes more than all other rules together, and links in a text more than each other
    rule; and to name each element by a selector, as much again as all rules. So they are looked
    at in those texts alone whose colours, on their ground, no page had before. What it saw is
    kept for another width where it `looks_again`.
    """
    page.wait_for_load_state()
    if page.context not in with_axe:
        begin_with_axe(page.context)
    contrasts = page.evaluate(f"() => window.beginAxe && ({CONTRASTS})()")
    if contrasts is None:
        page.evaluate(AXE)
        contrasts = page.evaluate(CONTRASTS)
    new = [contrast for contrast in contrasts if contrast not in sound_contrasts]
    options = {
        "resultTypes": ["violations"],
        "preload": False,
        # Those of a mail's preview may run no script.
        "iframes": False,
        "selectors": False,
        "rules": {rule: {"enabled": False} for rule in RULES_OF_CONTRAST},
    }
    found = page.evaluate(RUN_AXE, [options, new, RULES_OF_CONTRAST, looks_again])
    if not found:
        sound_contrasts.update(contrasts)
    return [f"{page.url}: {rule}: {json.dumps(html)}" for rule, html in found]


def faults_not_yet_seen_by_axe(page):
    """What axe finds on a page that it saw before at another width.

    It looks again where something comes into sight, or scrolls, that did so on no page before.
    """
    shown, contrasts = page.evaluate(f"() => [({NOT_SEEN_BY_AXE})(), ({CONTRASTS})()]")
    new = set(shown) - sound_at_another_width
    if not new and sound_contrasts.issuperset(contrasts):
        return []
    found = faults_found_by_axe(page)
    if not found:
        sound_at_another_width.update(new)
    return found


SCROLLS = "() => document.documentElement.scrollWidth > window.innerWidth"


def scrolls_sideways(page):
    return page.evaluate(SCROLLS)


# A paragraph that says nothing is read out as one; those that the script fills are told apart.
EMPTY_PARAGRAPHS = """() => [...document.querySelectorAll("p")]
  .filter((one) => !one.textContent.trim() && !one.querySelector("img, input, button, svg") &&
    !one.closest("[role=status], [role=alert], [aria-live]"))
  .map((one) => one.parentElement.outerHTML.slice(0, 200))"""
# Whoever lists the landmarks of a page finds none that is there for a single link.
LANDMARKS_OF_ONE_LINK = """() => [...document.querySelectorAll("nav, [role=navigation]")]
  .filter((one) => one.querySelectorAll("a").length < 2)
  .map((one) => one.outerHTML.slice(0, 200))"""
# WCAG 2.2, 2.5.8: links in a line of text are exempt; a radio's or a box's label counts as it.
SMALL_TARGETS = """() => {
  const inText = (link) => link.matches("p a, li a, dd a, label a") &&
    link.closest("p, li, dd, label").textContent.trim() !== link.textContent.trim();
  return [...document.querySelectorAll("a[href], button, input, textarea, select, summary")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(
      ".skip-link, .enter-key, [type=hidden]") && !(one.matches("a") && inText(one)))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
    .map(([one, box]) => `${one.outerHTML.slice(0, 120)} ${box.width}x${box.height}`);
}"""


# What floats beside a line of text lies upon a box that has a ground of its own.
UNDER_A_FLOAT = """() => {
  // Where colours are forced everything has a ground.
  if (matchMedia("(forced-colors: active)").matches) return [];
  const parts = [...document.querySelectorAll("main > *")].filter((one) => one.checkVisibility());
  const isFloat = (one) => getComputedStyle(one).float !== "none";
  const floats = parts.filter(isFloat).map((one) => one.getBoundingClientRect());
  return parts.filter((one) => !isFloat(one)).filter((one) => {
    const box = one.getBoundingClientRect();
    return getComputedStyle(one).backgroundColor !== "rgba(0, 0, 0, 0)" &&
      floats.some((float) => float.top < box.bottom && float.bottom > box.top &&
        float.left < box.right && float.right > box.left);
  }).map((one) => one.outerHTML.slice(0, 120));
}"""
# What its ground or colour alone tells from the page around it, where colours are forced.
GROUNDED = """[...document.querySelectorAll(
    ".button, .notice, .error-summary, .inset, .closing, .confirmation, .tag, .drop, " +
    "main input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), textarea, select")]
  .filter((one) => one.checkVisibility() && !one.matches(".enter-key"))"""
KINDS_OF_GROUNDED = f"""() => [...new Set({GROUNDED}.map((one) => {{
  const kinds = [one, one.parentElement, one.parentElement.parentElement];
  return kinds.map(({{ tagName, className, type }}) => [tagName, className, type]).join();
}}))]"""
EDGELESS = f"""() => {GROUNDED}.filter((one) => {{
    const style = getComputedStyle(one);
    return !["Top", "Right", "Bottom", "Left"].some((side) =>
      style[`border${{side}}Style`] !== "none" && parseFloat(style[`border${{side}}Width`]) >= 1);
  }}).map((one) => one.outerHTML.slice(0, 120))"""
# WCAG 2.2, 1.4.12: text that is spaced out is neither cut nor does it overlap.
SPACE_OUT = """() => {
  const spaced = new CSSStyleSheet();
  spaced.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [spaced];
  const faults = document.documentElement.scrollWidth > innerWidth ? ["scrolls sideways"] : [];
  for (const one of document.querySelectorAll("main *, header *, footer *, .help *")) {
    const style = getComputedStyle(one);
    if (one.checkVisibility() && `${style.overflowX} ${style.overflowY}`.includes("hidden") &&
        !one.closest(".visually-hidden, .enter-key") &&
        (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)) {
      faults.push(one.outerHTML.slice(0, 120));
    }
  }
  document.adoptedStyleSheets = [];
  return faults;
}"""


OF_OUR_OWN_PAGES = {"too small to press": SMALL_TARGETS}
OF_NARROW_PAGES = {
    "empty": EMPTY_PARAGRAPHS,
    "landmarks of one link": LANDMARKS_OF_ONE_LINK,
    "under what floats": UNDER_A_FLOAT,
    "spaced out": SPACE_OUT,
}
# What had an edge where colours are forced, on whichever page, for the length of a run.
with_an_edge = set()


def what_is_wrong(page, checks):
    """What each of the scripts finds, in one question; nothing of those that find nothing."""
    script = ", ".join(f"{json.dumps(name)}: ({check})()" for name, check in checks.items())
    return {name: found for name, found in page.evaluate(f"() => ({{{script}}})").items() if found}


def edgeless_in_forced_colours(page, kinds):
    """What has no edge there; of kinds that all had one before nothing is asked."""
    if with_an_edge.issuperset(kinds):
        return []
    page.emulate_media(forced_colors="active")
    found = page.evaluate(EDGELESS)
    page.emulate_media(forced_colors="none")
    if not found:
        with_an_edge.update(kinds)
    return found


@pytest.fixture
def look(request):
    """Check a page as it stands at both widths: axe finds nothing, nothing scrolls sideways,
    every target but in Django's own admin has 24 px, no paragraph is empty and no landmark has a
    single link. At the narrow one too: everything that is
    told apart by its ground has an edge where colours are forced, text may be spaced out, and
    nothing floats over a box.

    axe looks again at the wide width only at what it has not seen; and not in a second set of
    fonts, as no rule of it goes by them.

    With SCREENSHOTS set to a folder, keep a picture too.
    """
    folder = os.environ.get("SCREENSHOTS")
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    asks_axe = parameters.get("fonts", noto) is noto

    def look_at(page, name, widths=None):
        page.wait_for_load_state()  # a press may lead to another page
        size = page.viewport_size
        widths = widths or list(WIDTHS.values())
        for width in widths:
            if page.viewport_size["width"] != width:
                page.set_viewport_size({"width": width, "height": size["height"]})
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
            is_narrow = width == WIDTHS["narrow"]
            if asks_axe and width == widths[0]:
                assert faults_found_by_axe(page, looks_again=len(widths) > 1) == []
            elif asks_axe:
                assert faults_not_yet_seen_by_axe(page) == []
            checks = {"scrolls sideways": SCROLLS}
            if "/admin/" not in page.url:
                checks |= OF_OUR_OWN_PAGES | (OF_NARROW_PAGES if is_narrow else {})
                kinds = page.evaluate(KINDS_OF_GROUNDED) if is_narrow else []
                assert edgeless_in_forced_colours(page, kinds) == [], page.url
            assert what_is_wrong(page, checks) == {}, (page.url, width)
        if page.viewport_size != size:
            page.set_viewport_size(size)

    return look_at
