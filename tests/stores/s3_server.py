"""moto's S3 over HTTP, behind a front that knows one key and can be told to refuse or break."""

import base64
import hashlib
import io
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

KEY, SECRET = "portal", "of-the-tests"
OWNER = "owner"  # makes buckets and looks into them, in the tests' name
CREDENTIAL = re.compile(r"Credential=([^/]+)/")


class Quiet(WSGIRequestHandler):
    def log(self, *_args):
        pass


def refusal(status, code):
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>of the tests</Message></Error>'
    return Response(body, status=status, content_type="application/xml")


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict

    @property
    def key(self):
        return self.path.partition("/")[2].partition("/")[2]


@dataclass
class Front:
    """`breaks` is called with each request of the portal and may return an answer of its own."""

    asked: list = field(default_factory=list)
    may_list: bool = True
    is_public: bool = False
    breaks: object = None

    def reset(self):
        self.__init__()

    def answer(self, asked):
        """None: moto answers."""
        found = CREDENTIAL.search(asked.headers.get("HTTP_AUTHORIZATION", ""))
        who = found[1] if found else None
        if who == OWNER:
            return None
        self.asked.append(asked)
        if who is None:
            return Response(b"ready") if self.is_public else refusal(403, "AccessDenied")
        if who != KEY:
            return refusal(403, "InvalidAccessKeyId")
        if self.breaks is not None and (broken := self.breaks(asked)) is not None:
            return broken
        lists = asked.method == "GET" and not asked.key
        return refusal(403, "AccessDenied") if lists and not self.may_list else None


class S3Server:
    def __init__(self, port=0):
        self.front = Front()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self.start(port)
        self.owner = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=OWNER,
            aws_secret_access_key=SECRET,
        )

    def start(self, port=0):
        self._server = make_server(
            "127.0.0.1", port or 0, self._serve, threaded=True, request_handler=Quiet
        )
        self.port = self._server.server_port
        # Whoever stops it waits for its next look around.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def dead(self):
        """Nobody listens at the port meanwhile."""
        self.stop()
        try:
            yield
        finally:
            self.start(self.port)

    def _serve(self, environ, start_response):
        asked = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
            {name: value for name, value in environ.items() if isinstance(value, str)},
        )
        own = self.front.answer(asked)
        if own is not None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return own(environ, start_response)
        if (sent := environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")) is not None:
            # S3 compares; moto does not.
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            if base64.b64encode(hashlib.sha256(body).digest()).decode() != sent:
                return refusal(400, "BadDigest")(environ, start_response)
            environ["wsgi.input"] = io.BytesIO(body)
        if self.front.may_list or asked.method not in {"GET", "HEAD"}:
            return self._moto(environ, start_response)
        return self._without_listing(asked, environ, start_response)

    def _without_listing(self, asked, environ, start_response):
        """S3 answers 403 for a missing file to whoever may not list the bucket."""
        kept = {}

        def begin(status, headers, *_rest):
            kept.update(status=status, headers=headers)
            return lambda _data: None

        body = b"".join(self._moto(environ, begin))
        if kept["status"].startswith("404") and b"NoSuchBucket" not in body:
            return refusal(403, "AccessDenied")(environ, start_response)
        start_response(kept["status"], kept["headers"])
        return [body]


class Bucket:
    """A bucket as its owner sees it, past the portal."""

    def __init__(self, server, name, *, versioned=False):
        self.server, self.name = server, name
        self._client = server.owner
        self._client.create_bucket(Bucket=name)
        if versioned:
            self._client.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )

    def names(self):
        found = self._client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [one["Key"] for one in found]

    def versions(self):
        """Every version and marker that is left, by its key."""
        found = self._client.list_object_versions(Bucket=self.name)
        both = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        return [one["Key"] for one in both]

    def get(self, key):
        return self._client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def facts(self, key):
        return self._client.head_object(Bucket=self.name, Key=key)

    def put(self, key, content):
        self._client.put_object(Bucket=self.name, Key=key, Body=content)

    def hide(self, key):
        """Delete it as a console does: in a versioned bucket a marker lies on it then."""
        self._client.delete_object(Bucket=self.name, Key=key)

    def drop(self):
        for key in self.names():
            self.hide(key)
        self._client.delete_bucket(Bucket=self.name)
