"""Who looks at the steering group's pages."""

import pytest

from accounts.groups import ensure_groups
from accounts.states import STEERING_GROUP
from tests.exports.counting import NOW
from tests.makers import make_user


@pytest.fixture
def steering(client):
    ensure_groups()
    client.user = make_user(STEERING_GROUP)
    client.force_login(client.user)
    return client


@pytest.fixture
def clock_after_closing(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
