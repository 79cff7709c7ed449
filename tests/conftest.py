import pytest

from core import clock
from tests.makers import OPENS_AT


@pytest.fixture
def at(monkeypatch):
    """Set the portal's clock: `at(moment)`; it stands until set again."""
    standing = {"moment": OPENS_AT}
    monkeypatch.setattr(clock, "portal_now", lambda: standing["moment"])

    def set_to(moment):
        standing["moment"] = moment

    return set_to
