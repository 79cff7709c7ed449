import uuid

import botocore.session
import pytest
from botocore.loaders import create_loader
from django.core.files.storage import storages

from core.stores import DISK, PRIVATE, S3
from personal_data.stored_files import fields
from tests.stores.s3_server import KEY, SECRET, Bucket, S3Server


@pytest.fixture(scope="session", autouse=True)
def what_s3_can_do_is_read_once():
    """A client reads a megabyte that says so, and nearly every test makes one."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", lambda _path: loader)
        yield


@pytest.fixture(autouse=True)
def stores_of_before():
    """Django forgets its stores when their settings change; fields go on with those of before."""
    before = storages[PRIVATE]
    yield
    storages._storages[PRIVATE] = before


@pytest.fixture(scope="session")
def running_s3():
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def s3(running_s3):
    """The server, as nobody has told it to break."""
    running_s3.front.reset()
    yield running_s3
    running_s3.front.reset()


@pytest.fixture
def bucket(s3):
    return Bucket(s3, f"evidence-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def versioned(s3):
    return Bucket(s3, f"evidence-{uuid.uuid4().hex[:8]}", versioned=True)


@pytest.fixture
def keep_files(settings, tmp_path, monkeypatch):
    """`keep_files(bucket, first=…)`: the portal keeps files there, and knows the disk, too."""
    models_fields = [model._meta.get_field(name) for model, name in fields()]

    def keep(bucket, *, first=S3, key=KEY):
        disk = settings.STORAGES[PRIVATE] if DISK not in settings.STORAGES else None
        if disk:
            disk = {**disk, "OPTIONS": disk["OPTIONS"] | {"location": tmp_path / "uploads"}}
            settings.MEDIA_ROOT = tmp_path / "uploads"
            settings.MEDIA_ROOT.mkdir()
        options = {
            "bucket_name": bucket.name,
            "endpoint_url": bucket.server.url,
            "region_name": "us-east-1",
            "access_key": key,
            "secret_key": SECRET,
            "object_parameters": {},
        }
        both = {"first": first, "second": DISK if first == S3 else S3}
        settings.STORAGES = settings.STORAGES | {
            DISK: disk or settings.STORAGES[DISK],
            S3: {"BACKEND": "core.s3_files.S3Files", "OPTIONS": options},
            PRIVATE: {"BACKEND": "core.two_stores.TwoStores", "OPTIONS": both},
        }
        settings.FILES_ON_S3 = first == S3
        for field in models_fields:
            monkeypatch.setattr(field, "storage", storages[PRIVATE])
        return storages[PRIVATE]

    return keep


@pytest.fixture
def on_s3(bucket, keep_files):
    """Files go into the bucket, which is returned."""
    keep_files(bucket)
    return bucket
