"""What stands above each page."""

import re

import pytest
from django.contrib.staticfiles.storage import StaticFilesStorage

from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


def masthead(client, address):
    page = client.get(address).content.decode()
    return re.findall('<p class="(service|partners)">(.*?)</p>', page)


@pytest.mark.parametrize(
    ("partners", "on_its_own", "elsewhere"),
    [
        (
            ["Example Trust", "Sample Foundation"],
            [("service", "Example Trust and Sample Foundation")],
            [("partners", "Example Trust and Sample Foundation")],
        ),
        ([], [("service", '<a href="/">Calls for evidence</a>')], []),
    ],
)
def test_who_asks_stands_above_the_call_and_the_call_above_its_other_pages(
    client, at, partners, on_its_own, elsewhere
):
    call = make_call(title="Rates", partners=partners)
    at(while_open(call))
    address = f"/calls/{call.slug}/"
    assert masthead(client, address) == on_its_own
    titled = ("service", f'<a href="{address}">Rates</a>')
    assert masthead(client, f"{address}questions/") == [titled, *elsewhere]


def test_logo_is_shown(client):
    call = make_call(logo="img/icon.svg")
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert '<img class="logo" src="/static/img/icon.svg" alt="">' in page


def test_logo_that_came_after_the_portal_started_breaks_no_page(client, monkeypatch):
    """As a storage with a manifest does it, which is read once."""
    plain = StaticFilesStorage.url

    def url(self, name, force=False):
        if name == "img/new.svg":
            raise ValueError("Missing staticfiles manifest entry")
        return plain(self, name)

    monkeypatch.setattr(StaticFilesStorage, "url", url)
    call = make_call(logo="img/new.svg", partners=["Example Trust"])
    page = client.get(f"/calls/{call.slug}/")
    assert page.status_code == 200
    assert 'class="logo"' not in page.content.decode()
    assert masthead(client, f"/calls/{call.slug}/") == [("service", "Example Trust")]
