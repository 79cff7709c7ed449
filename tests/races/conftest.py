"""Races run as the portal does: connected as the role that owns nothing."""

import pytest


@pytest.fixture(autouse=True)
def as_serving_role(serving_role):
    return serving_role
