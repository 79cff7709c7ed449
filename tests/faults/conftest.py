import logging

import pytest

from core import database_roles
from tests.submissions.mail.mail_sink import listening

# aiosmtpd logs each line of each mail.
logging.getLogger("mail.log").setLevel(logging.WARNING)


@pytest.fixture
def sink():
    with listening() as sink:
        yield sink


@pytest.fixture
def through_broker(monkeypatch):
    """Have this process speak to the broker at another address."""
    return lambda url: monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)


@pytest.fixture
def role_that_serves(monkeypatch):
    """Tests connect as the owner, of which `/readyz/` would warn."""
    monkeypatch.setattr(database_roles, "problem", lambda: "")
