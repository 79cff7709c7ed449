"""How long a browser's session leads back to its response."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session

from tests.makers import make_call, while_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client, at):
    call = make_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    return call


@pytest.mark.parametrize(
    ("left", "status"), [(timedelta(minutes=1), 200), (timedelta(seconds=-1), 404)]
)
def test_session_ends_by_the_real_clock(client, call, left, status):
    """The portal's clock stands in the call's own year, long before either moment."""
    Session.objects.update(expire_date=datetime.now(UTC) + left)
    assert client.get(f"/calls/{call.slug}/response/").status_code == status


@pytest.mark.parametrize(
    ("left", "offers"), [(timedelta(minutes=1), False), (timedelta(seconds=-1), True)]
)
def test_call_page_offers_the_way_back_to_a_browser_whose_session_ended(client, call, left, offers):
    Session.objects.update(expire_date=datetime.now(UTC) + left)
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert ("Get back to your response" in page) is offers
