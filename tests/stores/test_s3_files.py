"""The store itself: written once and whole, read whole, deleted for good, whoever may list."""

import base64
import hashlib
import io
import ssl
import tempfile
import threading

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from werkzeug.wrappers import Response

from core import s3_bucket
from core.outages import StoreAway
from core.s3_files import IN_MEMORY
from core.stores import S3, NotListed
from tests.containers.proxies import make_certificate
from tests.stores.s3_server import refusal
from tests.submissions.mail.mail_sink import listening

NAME = "attachments/ab/abcdef"
CONTENT = b"Minutes.\n"


@pytest.fixture
def store(on_s3):
    return storages[S3]


def puts(s3):
    return [asked for asked in s3.front.asked if asked.method == "PUT"]


def test_file_is_written_with_its_digest_and_only_where_nothing_is(s3, on_s3, store):
    assert store.save(NAME, ContentFile(CONTENT)) == NAME
    (put,) = puts(s3)
    digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
    assert put.headers["HTTP_X_AMZ_CHECKSUM_SHA256"] == digest
    assert put.headers["HTTP_IF_NONE_MATCH"] == "*"
    assert "HTTP_X_AMZ_ACL" not in put.headers
    assert on_s3.facts(NAME)["ContentType"] == "application/octet-stream"
    assert on_s3.get(NAME) == CONTENT


def test_bytes_that_change_on_their_way_are_not_kept(on_s3, store):
    class Flaky(io.BytesIO):
        reads = 0

        def seek(self, *where):
            self.reads += where == (0,)
            return super().seek(*where)

        def read(self, size=-1):
            piece = super().read(size)
            return piece if self.reads < 3 else piece.replace(b"M", b"N")

    with pytest.raises(StoreAway, match="BadDigest"):
        store.save(NAME, File(Flaky(CONTENT)))
    assert on_s3.names() == []


def test_file_that_is_still_being_written_comes_whole(on_s3, store):
    with tempfile.TemporaryFile() as file:
        file.write(CONTENT)  # not flushed: the system knows of no byte yet
        store.save(NAME, File(file))
    assert on_s3.get(NAME) == CONTENT


@pytest.mark.parametrize(
    ("parameters", "header", "value"),
    [
        ({"ServerSideEncryption": "AES256"}, "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION", "AES256"),
        (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "ours"},
            "HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID",
            "ours",
        ),
    ],
)
def test_server_is_asked_to_encrypt(s3, store, parameters, header, value):
    store.object_parameters = parameters
    store.save(NAME, ContentFile(CONTENT))
    assert puts(s3)[0].headers[header] == value
    s3.front.asked.clear()
    assert store.problem() == ""
    assert puts(s3)[0].headers[header] == value


def test_taken_name_is_not_overwritten(on_s3, store):
    on_s3.put(NAME, b"another's")
    kept_as = store.save(NAME, ContentFile(CONTENT))
    assert kept_as != NAME
    assert (on_s3.get(NAME), on_s3.get(kept_as)) == (b"another's", CONTENT)


def test_server_that_does_not_know_the_condition_is_asked_first(s3, on_s3, store):
    s3.front.breaks = lambda asked: (
        refusal(501, "NotImplemented") if "HTTP_IF_NONE_MATCH" in asked.headers else None
    )
    on_s3.put(NAME, b"another's")
    kept_as = store.save(NAME, ContentFile(CONTENT))
    assert (on_s3.get(NAME), on_s3.get(kept_as)) == (b"another's", CONTENT)


def test_lost_answer_to_a_writing_leaves_one_file(s3, on_s3, store):
    """The client tries again, and is told that there is one already: its own."""
    answered = []

    def lose_the_first(asked):
        if asked.method == "PUT" and not answered:
            answered.append(asked)
            mark = asked.headers["HTTP_X_AMZ_META_WRITING"]
            on_s3._client.put_object(
                Bucket=on_s3.name, Key=NAME, Body=CONTENT, Metadata={"writing": mark}
            )
            return refusal(503, "SlowDown")
        return None

    s3.front.breaks = lose_the_first
    assert store.save(NAME, ContentFile(CONTENT)) == NAME
    assert on_s3.names() == [NAME]


@pytest.mark.parametrize("size", [5, IN_MEMORY + 5])
def test_file_comes_back_whole_and_can_be_read_again(on_s3, store, size):
    content = b"x" * size
    on_s3.put(NAME, content)
    with store.open(NAME) as file:
        assert (file.size, file.read(), file.name) == (size, content, NAME)
        file.seek(0)
        assert b"".join(file.chunks()) == content


def test_half_a_file_is_none(s3, on_s3, store):
    on_s3.put(NAME, CONTENT)

    def half(asked):
        if asked.method != "GET":
            return None
        answer = Response(CONTENT[:3])
        answer.automatically_set_content_length = False
        answer.headers["Content-Length"] = str(len(CONTENT))
        return answer

    s3.front.breaks = half
    with pytest.raises(StoreAway):
        store.open(NAME)


def test_server_that_falls_silent_in_a_file_is_away_and_no_full_disk(s3, on_s3, monkeypatch):
    monkeypatch.setattr(s3_bucket, "ANSWERS_WITHIN", 0.2)
    on_s3.put(NAME, CONTENT)
    ended = threading.Event()

    def pieces():
        yield CONTENT[:3]
        ended.wait(10)

    def fall_silent(asked):
        return Response(pieces(), headers={"Content-Length": str(len(CONTENT))})

    s3.front.breaks = fall_silent
    with pytest.raises(StoreAway) as away:
        storages[S3].open(NAME)
    ended.set()
    assert (away.value.host, str(away.value)) == (
        f"the bucket {on_s3.name}",
        "no answer (ReadTimeoutError)",
    )


@pytest.mark.parametrize("may_list", [True, False])
def test_missing_file_is_told_from_a_store_that_is_away(s3, on_s3, store, may_list):
    s3.front.may_list = may_list
    with pytest.raises(FileNotFoundError):
        store.open(NAME)
    assert store.exists(NAME) is False
    with pytest.raises(FileNotFoundError):
        store.size(NAME)
    store.delete(NAME)
    on_s3.put(NAME, CONTENT)
    assert (store.exists(NAME), store.size(NAME)) == (True, len(CONTENT))
    store.delete(NAME)
    assert on_s3.names() == []


def test_key_that_may_not_read_is_no_missing_file(s3, on_s3, store):
    on_s3.put(NAME, CONTENT)
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if asked.method in {"GET", "HEAD"} else None
    )
    for ask in (store.open, store.exists, store.delete):
        with pytest.raises(StoreAway):
            ask(NAME)
    assert on_s3.names() == [NAME]


def ask_everything(store):
    yield lambda: store.save(NAME, ContentFile(CONTENT))
    yield lambda: store.open(NAME)
    yield lambda: store.exists(NAME)
    yield lambda: store.size(NAME)
    yield lambda: store.get_modified_time(NAME)
    yield lambda: store.delete(NAME)
    yield lambda: store.listdir("attachments")


def reasons(store):
    said = set()
    for ask in ask_everything(store):
        with pytest.raises(StoreAway) as raised:
            ask()
        said.add(str(raised.value))
    return said


def test_dead_server_is_away(s3, store):
    with s3.dead():
        assert reasons(store) == {"no answer (EndpointConnectionError)"}
    store.save(NAME, ContentFile(CONTENT))


def test_certificate_that_is_not_valid_is_named(tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make_certificate(certificate, key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    # It need not speak S3: the client hangs up before it asks.
    with listening(tls=tls) as server:
        where = f"https://127.0.0.1:{server.port}"
        bucket = s3_bucket.S3Bucket(
            bucket_name="evidence", endpoint_url=where, access_key="a", secret_key="b"
        )
        assert bucket.problem() == (
            "cannot be written "
            "(the bucket evidence: its certificate is not valid: self-signed certificate)"
        )


def test_bucket_that_is_gone_is_away(on_s3, store):
    on_s3.drop()
    assert reasons(store) == {"there is no such bucket (NoSuchBucket)"}


def test_wrong_key_is_away(keep_files, bucket):
    keep_files(bucket, key="another")
    assert reasons(storages[S3]) == {"the key is not known there (InvalidAccessKeyId)"}


def test_deleted_file_is_gone_in_each_version(versioned, keep_files):
    keep_files(versioned)
    store = storages[S3]
    store.save(NAME, ContentFile(CONTENT))
    store.delete(NAME)
    assert versioned.versions() == []


def test_file_that_somebody_hid_goes_for_good_too(versioned, keep_files):
    keep_files(versioned)
    store = storages[S3]
    versioned.put(NAME, CONTENT)
    versioned.hide(NAME)
    versioned.put(NAME, CONTENT)
    versioned.hide(NAME)
    store.delete(NAME)
    assert versioned.versions() == []


def test_version_that_may_not_be_deleted_is_said(s3, versioned, keep_files):
    keep_files(versioned)
    store = storages[S3]
    store.save(NAME, ContentFile(CONTENT))
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if asked.method == "DELETE" else None
    )
    for _ in range(2):
        with pytest.raises(StoreAway):
            store.delete(NAME)
    # What was written to see whether another file can be deleted stays, too.
    trial, *others = versioned.versions()[::-1]
    assert trial.startswith("trials/")
    assert others == [NAME]


def test_one_file_that_may_not_be_deleted_is_no_store_that_is_away(s3, on_s3, store):
    store.save(NAME, ContentFile(CONTENT))
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if (asked.method, asked.key) == ("DELETE", NAME) else None
    )
    with pytest.raises(PermissionError, match="but not this file"):
        store.delete(NAME)
    assert on_s3.names() == [NAME]


def test_folders_are_listed_where_the_key_may(s3, on_s3, store):
    on_s3.put("attachments/ab/one", CONTENT)
    on_s3.put("attachments/two", CONTENT)
    assert store.listdir("attachments") == (["ab"], ["two"])
    assert store.listdir("nothing") == ([], [])
    s3.front.may_list = False
    with pytest.raises(NotListed):
        store.listdir("attachments")


def test_file_has_no_address(store):
    with pytest.raises(NotImplementedError):
        store.url(NAME)


def test_trial_leaves_nothing(s3, versioned, keep_files):
    keep_files(versioned)
    assert storages[S3].problem() == ""
    assert [asked.method for asked in s3.front.asked] == ["PUT", "DELETE"]
    assert list(storages[S3].problems()) == []
    assert versioned.versions() == []


def test_key_that_may_not_delete_is_warned_of(s3, on_s3, store):
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if asked.method == "DELETE" else None
    )
    assert store.problem() == (
        f"warning: no file can be deleted (the bucket {on_s3.name}: "
        "the key may not do this (AccessDenied))"
    )
    assert list(store.problems()) == [
        f"No file can be deleted in the bucket {on_s3.name}, so nothing can be erased: "
        "the key may not do this (AccessDenied)."
    ]
    # What was written to try it is the next trial, and goes once it may.
    assert len(on_s3.names()) == 1
    s3.front.breaks = lambda asked: (
        refusal(403, "AccessDenied") if asked.method in {"PUT", "DELETE"} else None
    )
    assert store.problem().startswith("cannot be written")
    s3.front.breaks = None
    assert (store.problem(), on_s3.names()) == ("", [])


def test_bucket_that_everybody_reads_is_found(s3, on_s3, store):
    s3.front.is_public = True
    assert list(store.problems()) == [
        f"Everybody can read files in the bucket {on_s3.name}: take away its public access."
    ]


def test_what_passes_through_is_not_in_memory(on_s3, store, tmp_path, settings):
    """A file on the disk goes out piece by piece."""
    largest = []

    class Counting(io.BytesIO):
        def read(self, size=-1):
            piece = super().read(size)
            largest.append(len(piece))
            return piece

    content = Counting(b"x" * 5 * IN_MEMORY)
    store.save(NAME, File(content, name="large"))
    assert max(largest) <= IN_MEMORY
    assert len(on_s3.get(NAME)) == 5 * IN_MEMORY
