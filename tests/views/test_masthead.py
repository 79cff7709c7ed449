"""What stands above each page."""

import re

import pytest

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
