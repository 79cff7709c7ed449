import logging

import pytest

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
