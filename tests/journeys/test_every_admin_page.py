"""Every page of the admin is looked at, with nothing in it, with something, and with errors."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.journeys.conftest import (
    faults_found_by_axe,
    faults_not_yet_seen_by_axe,
    scrolls_sideways,
)
from tests.makers import make_user
from tests.rights.test_every_address import guarded
from tests.rights.two_calls import Side

# Each page takes a third of a second.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

WIDE, NARROW = ({"width": width, "height": 800} for width in (1280, 400))
# Empties the first form of the page that has something to fill in, and sends it as it is.
SEND_EMPTY = """() => {
  const fields = "input:not([type=hidden], [type=submit], [type=search]), select, textarea";
  const form = [...document.querySelectorAll("#content form[method=post]")].find(
    (one) => one.querySelector(fields));
  for (const field of form.querySelectorAll(fields)) {
    if (field.matches("[type=checkbox], [type=radio]")) field.checked = false;
    else if (field.matches("select")) field.selectedIndex = -1;
    else field.value = "";
  }
  HTMLFormElement.prototype.submit.call(form);
}"""
# Fields described by what is not there, and a search that shows a word at most.
UNDESCRIBED = """() => {
  const fields = ":is(input, select, textarea)[aria-describedby]";
  const isMissing = (id) => !document.getElementById(id);
  return [...document.querySelectorAll(fields)].filter((one) =>
    one.getAttribute("aria-describedby").split(" ").some(isMissing)
  ).map((one) => one.outerHTML.slice(0, 200));
}"""
SEARCH_TOO_NARROW = (
    "() => document.getElementById('searchbar')?.getBoundingClientRect().width < 190"
)
ERRORS = ".errornote, .errorlist, .messagelist .error"
WITH_FIELDS = (
    "accounts/invitation/add/",
    "accounts/membership/add/",
    "accounts/user/<path:object_id>/change/",
    "review/cluster/<path:object_id>/change/",
    "review/codingsample/<int:pk>/differences/<slug:place>/",
    "review/codingsample/draw/<int:pk>/",
    "review/code/<int:pk>/merge/",
    "review/code/<int:pk>/move/",
    "review/code/<int:pk>/split/",
    "review/code/<path:object_id>/change/",
    "review/code/add/",
    "review/code/of/<int:pk>/import/",
    "review/memo/<path:object_id>/change/",
    "review/memo/write/<int:pk>/",
    "review/finding/<int:pk>/claim/",
    "review/finding/<path:object_id>/change/",
    "review/finding/of/<int:pk>/outline/",
    "review/finding/of/<int:pk>/scale/",
    "review/finding/of/<int:pk>/write/",
    "review/reportrun/of/<int:pk>/make/",
    "submissions/call/<int:pk>/closing-time/",
    "submissions/entry/begin/<int:pk>/",
    "submissions/entry/import/<int:pk>/",
    "submissions/erasurerequest/<path:object_id>/change/",
    "submissions/erasurerequest/of/<int:pk>/",
    "submissions/erasurerequest/person/",
    "submissions/latepass/give/<int:pk>/",
    "submissions/outboxemail/<path:object_id>/change/",
    "submissions/submission/<int:pk>/codings/<slug:key>/",
    "submissions/submission/<int:pk>/notes/",
    "submissions/submission/<int:pk>/redactions/<slug:key>/",
    "submissions/submission/<int:pk>/withdraw/",
    "submissions/submission/<path:object_id>/change/",
    "submissions/submission/who-answered/",
)


@pytest.fixture
def as_administrator(open_browser, live_server):
    """A browser's page in which an administrator is signed in."""
    boss = make_user(is_superuser=True, username="maker")
    client = Client()
    client.force_login(boss)
    page = open_browser(1280)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    return page, client, boss


@pytest.fixture
def world(as_administrator, at, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    side = Side("ours", boss=as_administrator[2])
    at(side.at)
    return side


def open_each(page, addresses):
    """Each address, with its name, in one tab: Chromium starts a process for another."""
    tab = page.context.new_page()
    for name, address in addresses:
        tab.goto(address)
        yield name, tab
        tab.set_viewport_size(WIDE)  # at which the next one loads
    tab.close()


def faults(page, name):
    """What is wrong with the page at its widths; axe looks but once at what it has seen."""
    page.set_viewport_size({"width": 320, "height": 800})
    found = [f"{page.url} scrolls sideways at 320"] * scrolls_sideways(page)
    found += [f"{page.url} has no description of {field}" for field in page.evaluate(UNDESCRIBED)]
    for size, look_with_axe in ((NARROW, faults_found_by_axe), (WIDE, faults_not_yet_seen_by_axe)):
        page.set_viewport_size(size)
        found += look_with_axe(page)
        found += [f"{page.url} scrolls sideways at {size['width']}"] * scrolls_sideways(page)
        found += [f"{page.url}: the search is narrow"] * page.evaluate(SEARCH_TOO_NARROW)
        if folder := os.environ.get("SCREENSHOTS"):
            file = re.sub(r"\W+", "-", name).strip("-")
            page.screenshot(path=Path(folder) / f"{file}-{size['width']}.png", full_page=True)
    return found


def pages_of(client, address_of):
    """The addresses of the admin that show a page, each by its template; not a mail as it looks."""
    for template in guarded():
        if template.startswith("admin/"):
            answer = client.get(address := address_of(template))
            answer.close()
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            is_page = is_page and "sandbox" not in answer.headers["Content-Security-Policy"]
            if answer.status_code == 200 and is_page:
                yield template, address


def test_lists_without_rows_have_no_faults(as_administrator):
    page, client, _ = as_administrator
    pages = pages_of(client, lambda template: f"/{template}")
    lists = ((template, address) for template, address in pages if "<" not in template)
    found = [faults(one, f"empty {template}") for template, one in open_each(page, lists)]
    assert [fault for faults in found for fault in faults] == []
    assert len(found) > 15


def test_pages_with_something_in_them_have_no_faults(as_administrator, world):
    page, client, boss = as_administrator
    pages = pages_of(client, lambda template: world.address(template, boss))
    found = [faults(one, template) for template, one in open_each(page, pages)]
    assert [fault for faults in found for fault in faults] == []
    assert len(found) > 45


def test_forms_that_are_sent_empty_have_no_faults(as_administrator, world):
    page, _, boss = as_administrator
    found, without_errors = [], []
    forms = [(template, world.address(f"admin/{template}", boss)) for template in WITH_FIELDS]
    for template, one in open_each(page, forms):
        with one.expect_navigation():
            one.evaluate(SEND_EMPTY)
        if not one.locator(ERRORS).count():
            without_errors.append(template)
        found += faults(one, f"error {template}")
    assert without_errors == []
    assert found == []
