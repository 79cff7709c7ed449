import logging

import pytest

from bench.own_portal import own_portal
from core import database_roles
from tests.faults import migrated
from tests.faults.own_portal import OwnPortal
from tests.stores.s3_server import KEY, SECRET, Bucket, S3Server
from tests.submissions.mail.mail_sink import Mortal, free_port, listening

PEOPLE = 180  # who are crowds in test_whatever_dies.py and test_two_machines.py
STARTS_AN_HOUR = 5

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


@pytest.fixture(scope="package")
def bucket():
    """The settings of files in a bucket."""
    server = S3Server()
    try:
        yield {
            "PORTAL_FILES_S3_BUCKET": Bucket(server, "evidence-of-two").name,
            "PORTAL_FILES_S3_ENDPOINT": server.url,
            "PORTAL_FILES_S3_REGION": "us-east-1",
            "PORTAL_FILES_S3_KEY_ID": KEY,
            "PORTAL_FILES_S3_SECRET": SECRET,
        }
    finally:
        server.stop()


@pytest.fixture(scope="package")
def portal(bucket, tmp_path_factory, django_db_setup):
    """One whole portal for the files that break it (`tests/order.py`); each leaves it whole."""
    data = tmp_path_factory.mktemp("portal")
    migrated.make_data(data / "postgres")
    mail, port = Mortal(), free_port()
    url = f"smtp://127.0.0.1:{mail.sink.port}"
    more = bucket | {"DRAFTS_OF_CLIENT_PER_HOUR": str(STARTS_AN_HOUR)}
    try:
        with own_portal(data, port=port, email_url=url, say=print, more=more) as running:
            yield OwnPortal(running, mail, port=port, data=data, people=PEOPLE, more=more)
    finally:
        mail.kill()
