"""Every page of the admin is looked at, with nothing in it, with something, and with errors."""

import os
import re
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from tests.journeys.conftest import (
    SCROLLS,
    faults_found_by_axe,
    faults_not_yet_seen_by_axe,
    give_session,
    what_is_wrong,
)
from tests.makers import make_user
from tests.rights.test_every_address import guarded
from tests.rights.two_calls import Side

# Each page takes a third of a second.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

WIDE, NARROW = ({"width": width, "height": 800} for width in (1280, 320))
# The first form of the page that has something to fill in, and what it has.
FIRST_FORM = """
  const fields = "input:not([type=hidden], [type=submit], [type=search]), select, textarea";
  const form = [...document.querySelectorAll("#content form[method=post]")].find(
    (one) => one.querySelector(fields));
"""
# Whether the page itself answers that form, and so shows all that it has again.
COMES_BACK = f"""() => {{
  {FIRST_FORM}
  return new URL(form.action).pathname === location.pathname;
}}"""
# Empties that form, and sends it as it is.
SEND_EMPTY = f"""() => {{
  {FIRST_FORM}
  for (const field of form.querySelectorAll(fields)) {{
    if (field.matches("[type=checkbox], [type=radio]")) field.checked = false;
    else if (field.matches("select")) field.selectedIndex = -1;
    else field.value = "";
  }}
  HTMLFormElement.prototype.submit.call(form);
}}"""
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
CHECKS = {
    "scrolls sideways": SCROLLS,
    "described by what is not there": UNDESCRIBED,
    "the search is narrow": SEARCH_TOO_NARROW,
}
# They say the same whether there are rows or not, and are looked at where there are.
WITHOUT_ROWS = ("/add/", "/load/", "/keys/", "/done/")
# Django's own pages that are the same for each table.
ALIKE = {"admin/object_history.html", "admin/delete_confirmation.html", "admin/app_index.html"}
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
    give_session(page, client, live_server.url)
    return page, client, boss


@pytest.fixture
def drawn(monkeypatch):
    """What the portal answered to a client, by its path: the browser is given it once, too."""
    answers = {}
    answer = WSGIHandler.get_response

    def get_response(handler, request):
        kept = answers.pop(request.path, None) if request.method == "GET" else None
        return kept or answer(handler, request)

    monkeypatch.setattr(WSGIHandler, "get_response", get_response)
    return answers


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
    tab.close()


def faults(page, name, sizes):
    """What is wrong with the page at these widths; axe looks but once at what it has seen."""
    found = []
    for size in sizes:
        page.set_viewport_size(size)
        if size is NARROW:
            found += faults_found_by_axe(page, looks_again=len(sizes) > 1)
        else:
            found += faults_not_yet_seen_by_axe(page)
        if wrong := what_is_wrong(page, CHECKS):
            found.append(f"{page.url} at {size['width']}: {wrong}")
        if folder := os.environ.get("SCREENSHOTS"):
            file = re.sub(r"\W+", "-", name).strip("-")
            page.screenshot(path=Path(folder) / f"{file}-{size['width']}.png", full_page=True)
    return found


def pages_of(client, addresses, drawn):
    """Those of the addresses that show a page, each with its name; not a mail as it looks.

    The name is the address's, and whether it is the first that the same template draws. Of pages
    that Django draws alike for each table, there is the first alone.
    """
    seen = set()
    for template, address in addresses:
        answer = client.get(address)
        answer.close()
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        is_page = is_page and "sandbox" not in answer.headers["Content-Security-Policy"]
        if answer.status_code != 200 or not is_page:
            continue
        name = answer.templates[0].name
        if name not in seen or name not in ALIKE:
            drawn[address] = answer
            yield (template, name not in seen), address
        seen.add(name)


def of_the_admin():
    return [template for template in guarded() if template.startswith("admin/")]


def test_lists_without_rows_have_no_faults(as_administrator, drawn):
    page, client, _ = as_administrator
    lists = (
        (template, f"/{template}")
        for template in of_the_admin()
        if "<" not in template and not template.endswith(WITHOUT_ROWS)
    )
    pages = pages_of(client, lists, drawn)
    pages = [(name, address) for (name, is_first), address in pages if is_first]
    found = [faults(one, f"empty {name}", [NARROW]) for name, one in open_each(page, pages)]
    assert [fault for faults in found for fault in faults] == []
    assert len(found) > 15


def test_pages_with_something_in_them_have_no_faults_nor_when_they_are_sent_empty(
    as_administrator, world, drawn
):
    """A page that comes back with its errors has all that it had, and is looked at then alone.

    The wide width is for the first page of each template: lists are measured at it elsewhere.
    """
    page, client, boss = as_administrator
    addresses = ((template, world.address(template, boss)) for template in of_the_admin())
    found, looked_at, sent, without_errors = [], 0, [], []
    for (template, is_first), one in open_each(page, pages_of(client, addresses, drawn)):
        looked_at += 1
        sizes = [NARROW, WIDE] if is_first else [NARROW]
        form, address = template.removeprefix("admin/"), one.url
        comes_back = form in WITH_FIELDS and one.evaluate(COMES_BACK)
        if not comes_back:
            found += faults(one, template, sizes)
        if form in WITH_FIELDS:
            with one.expect_navigation():
                one.evaluate(SEND_EMPTY)
            sent.append(form)
            if not one.locator(ERRORS).count() or (comes_back and one.url != address):
                without_errors.append(form)
            found += faults(one, f"error {template}", sizes if comes_back else [NARROW])
    assert found == []
    assert sorted(sent) == sorted(WITH_FIELDS)
    assert without_errors == []
    assert looked_at > 45
