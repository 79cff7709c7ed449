import pytest
from django.core.cache import caches

from core import clock
from tests.makers import OPENS_AT


@pytest.fixture(autouse=True)
def empty_caches():
    """Tests run in another order each time; none finds what an earlier one left."""
    for cache in caches.all(initialized_only=True):
        cache.clear()


@pytest.fixture
def at(monkeypatch):
    """Set the portal's clock: `at(moment)`; it stands until set again."""
    standing = {"moment": OPENS_AT}
    monkeypatch.setattr(clock, "portal_now", lambda: standing["moment"])

    def set_to(moment):
        standing["moment"] = moment

    return set_to
