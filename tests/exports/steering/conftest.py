"""Who looks at the steering group's pages."""

import pytest

from accounts.states import Role
from tests.exports.counted_call import NOW
from tests.makers import make_user


@pytest.fixture
def steering(client):
    client.user = make_user(Role.STEERING_MEMBER)
    client.force_login(client.user)
    return client


@pytest.fixture
def clock_after_closing(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
