import logging

import pytest

from submissions.mail import tasks
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

    def use(url):
        monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
        tasks._nudging_connection.cache_clear()

    yield use
    nudged()
    tasks._nudging_connection.cache_clear()


def nudged():
    """Wait until the nudging thread is done with what it was given."""
    tasks._nudger.submit(lambda: None).result(30)
