"""Who looks at the steering group's pages."""

import pytest

from accounts.states import Action, Role
from tests.exports.counted_call import NOW
from tests.makers import allow, make_user


@pytest.fixture
def steering(client):
    client.user = make_user(Role.STEERING_MEMBER)
    client.force_login(client.user)
    return client


@pytest.fixture
def clock_after_closing(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)


@pytest.fixture
def nudged(monkeypatch):
    """The clock after closing; and no broker, but a note of each nudge."""
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
    nudges = []
    monkeypatch.setattr("exports.asked_for.nudge_exports", lambda: nudges.append(1))
    return nudges


@pytest.fixture
def named_exporter(client):
    client.user = make_user(Role.STEERING_MEMBER)
    allow(client.user, Action.SEE_IDENTITY, Action.EXPORT_NAMED)
    client.force_login(client.user)
    return client
