"""The portal behind nginx and behind Caddy, with the files of deploy/, as a browser meets it."""

import http.server
import json
import re
import threading
from contextlib import contextmanager

import pytest

from core.redacting_logs import LINK_BY_MAIL
from evidence_portal.patient_worker import LARGEST_BODY
from submissions.responses.importing.folders import MOST_BYTES
from tests.containers.conftest import CALL, HOST, MONITORING_TOKEN, free_port, manifest
from tests.containers.proxies import CADDYFILE, NGINX, caddy, nginx

MEGABYTE = 1024 * 1024
HSTS = "max-age=31536000; includeSubDomains; preload"
TOKEN = "Zm9yLXRlc3RzLW9ubHk-_0123456789"
# One address of each kind that LINK_BY_MAIL lists.
LINKS = [
    f"/calls/bidding/{word}/{TOKEN}/"
    for word in ("return", "confirm", "join", "late-pass", "reminders", "erase", "question")
] + [f"/account/invitation/{TOKEN}/", f"/account/new-password/MQ/{TOKEN}/"]


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def proxy_program(request):
    return request.param


@pytest.fixture(scope="module")
def proxy(proxy_program, deployed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxy")
    with proxy_program(folder, upstream=deployed.web_port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def call(reference):
    """The slug of a call that takes responses now."""
    return CALL


class EchoHandler(http.server.BaseHTTPRequestHandler):
    """Answers with what arrived, as JSON."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        said = json.dumps({"headers": self.headers.items(), "body": len(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@contextmanager
def echo():
    """The port of a server that says what arrived."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EchoHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def started(proxy, call):
    """A browser that has started a response."""
    browser = proxy.browser()
    begun = browser.fill_in(f"/calls/{call}/", at=f"/calls/{call}/start/")
    assert (begun.status, begun.headers["Location"]) == (302, f"/calls/{call}/response/about/")
    return browser


def test_form_is_taken_at_a_host_and_port_beside_those_of_portal_url(proxy, call):
    """Django knows the host of PORTAL_URL without a port: the form passes by its Host alone."""
    there = {"Host": f"{HOST}:8443", "Origin": f"https://{HOST}:8443"}
    begun = proxy.browser().fill_in(f"/calls/{call}/", at=f"/calls/{call}/start/", sent=there)
    assert (begun.status, begun.headers["Location"]) == (302, f"/calls/{call}/response/about/")


def text_file(name, size):
    """A file of words, so that its content is what its name says."""
    line = b"What happened in our town, and what we would change.\n"
    upload = type("Upload", (), {"name": name, "content_type": "text/plain"})()
    content = (line * (size // len(line) + 1))[:size]
    upload.read = lambda: content
    return upload


def test_page_comes_over_tls_with_its_headers_once(proxy):
    page = proxy.browser().open("/privacy/")
    assert page.status == 200
    for name in ("Strict-Transport-Security", "Content-Security-Policy", "X-Request-ID"):
        assert len(page.headers.get_all(name)) == 1, name
    assert page.headers["Strict-Transport-Security"] == HSTS


def test_request_without_tls_is_sent_to_tls(proxy):
    status, there = proxy.plain("/privacy/")
    assert status in {301, 308}
    assert re.fullmatch(rf"https://{re.escape(HOST)}(:\d+)?/privacy/", there)


def test_response_is_saved_with_its_file_and_submitted(proxy, call, deployed):
    browser = started(proxy, call)
    response = f"/calls/{call}/response"
    largest = text_file("evidence.txt", 10 * MEGABYTE)
    saved = [
        browser.fill_in(f"{response}/about/", roles="provider", email="a@example.org", age="adult"),
        browser.fill_in(
            f"{response}/evidence/",
            story="What happened to us.",
            documents=largest,
            publication="confidential",
            declaration="on",
        ),
    ]
    assert [page.status for page in saved] == [302, 302], saved[-1].text
    receipt = browser.fill_in(f"{response}/check/")
    assert (receipt.status, receipt.headers["Location"]) == (302, f"{response}/submitted/")
    page = browser.open(f"{response}/submitted/")
    (reference,) = set(re.findall(r"TST(?:-[0-9A-Z]{4})+", page.text))
    sizes = deployed.query(
        "SELECT a.size FROM submissions_attachment a JOIN submissions_submission s "
        f"ON s.id = a.submission_id WHERE s.reference = '{reference}'",
    )
    assert sizes == [(10 * MEGABYTE,)]


def test_files_over_the_limit_are_refused_in_words_and_what_was_typed_is_saved(proxy, call):
    browser = started(proxy, call)
    address = f"/calls/{call}/response/evidence/"
    files = [text_file("big.txt", 10 * MEGABYTE + 1)]
    # More than a proxy lets through by itself.
    files += [text_file(f"{number}.txt", 20 * MEGABYTE) for number in range(2)]
    refused = browser.fill_in(address, story="Typed beside them.", documents=files)
    for file in files:
        said = f"“{file.name}” was not added: the file must be 10 MB or smaller"
        assert said in refused.text
    assert "Typed beside them." in browser.open(address).text


def test_body_that_nothing_takes_is_refused_in_words(proxy):
    refused = proxy.announce("/calls/open-now/response/evidence/", LARGEST_BODY + 1)
    assert refused.status == 413
    assert "choose smaller files" in refused.text
    assert refused.headers["Strict-Transport-Security"] == HSTS


def test_limits_let_everything_through_that_the_portal_takes():
    (most,) = re.findall(r"(?m)^    client_max_body_size (\d+)m;", NGINX.read_text())
    assert int(most) * MEGABYTE == LARGEST_BODY
    (refused,) = re.findall(r"header_regexp Content-Length (\S+)", CADDYFILE.read_text())
    for size in (
        0,
        4_096,
        99_999_999,
        MOST_BYTES + 10 * MEGABYTE,
        *range(LARGEST_BODY, LARGEST_BODY - 2**22, -99),
    ):
        assert not re.search(refused, str(size)), size
    for digits in range(10):
        for size in (LARGEST_BODY + 10**digits, LARGEST_BODY + 9 * 10**digits):
            assert re.search(refused, str(size)), size


def test_what_a_client_says_of_itself_does_not_reach_the_portal(proxy_program, tmp_path):
    claimed = {
        "X_Forwarded_For": "203.0.113.9",
        "X_Forwarded_Proto": "http",
        "X_Forwarded_Host": "attacker.example",
        "X_Forwarded_Protocol": "http",
        "X_Forwarded_Ssl": "off",
        "X_Real_IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.9;proto=http",
    }
    with echo() as upstream, proxy_program(tmp_path, upstream=upstream) as proxy:
        answer = proxy.browser().open("/", b"0123456789", Host=f"{HOST}:8443", **claimed)
    said = json.loads(answer.text)
    passed = {name.lower(): value for name, value in said["headers"]}
    assert said["body"] == 10
    # With the port that the browser wrote.
    assert passed["host"] == f"{HOST}:8443"
    assert passed["content-length"] == "10"
    told = {name: value for name, value in passed.items() if "forward" in name or "real" in name}
    # Caddy says as well which host was asked for.
    assert told.pop("x-forwarded-host", passed["host"]) == passed["host"]
    assert told == {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https"}


def test_address_of_a_client_is_the_one_that_the_proxy_saw(proxy):
    page = proxy.browser().open("/privacy/", X_Forwarded_Proto="http", X_Forwarded_For="127.0.0.1")
    assert page.status == 200


def test_strangers_read_neither_parts_nor_metrics(proxy):
    browser = proxy.browser()
    assert (browser.open("/readyz/").text, browser.open("/metrics/").status) == ("ready\n", 403)
    token = f"Bearer {MONITORING_TOKEN}"
    assert "\nbroker: ok\n" in browser.open("/readyz/", Authorization=token).text
    assert "portal_database_up 1.0" in browser.open("/metrics/", Authorization=token).text


def test_static_files_are_kept_for_good_and_come_compressed(proxy, image_files):
    named = manifest(image_files)["css/portal.css"]
    file = proxy.browser().open(f"/static/{named}", Accept_Encoding="gzip")
    assert file.status == 200
    assert file.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert file.headers["Content-Encoding"] == "gzip"


def test_proxy_compresses_no_page_that_the_portal_does_not(proxy, call):
    browser = started(proxy, call)
    packed = {
        path: browser.open(path, Accept_Encoding="gzip, br, zstd").headers["Content-Encoding"]
        for path in (f"/calls/{call}/response/", f"/calls/{call}/response/check/", "/admin/login/")
    }
    assert set(packed.values()) == {None}


def test_one_address_of_each_kind_of_link_is_tried():
    names = re.findall(r"[a-z][a-z-]+", LINK_BY_MAIL.pattern.replace(r"\s", ""))
    assert {name for name in names if any(f"/{name}/" in link for link in LINKS)} == set(names)
    for link in LINKS:
        assert TOKEN not in LINK_BY_MAIL.sub(r"\1[token]", link)


@pytest.mark.parametrize("file", [NGINX, CADDYFILE], ids=["nginx", "caddy"])
def test_log_leaves_out_the_links_that_the_portals_log_leaves_out(file):
    names = re.search(r"\(\?:(return[^)]*)\)/\)", LINK_BY_MAIL.pattern)[1]
    assert names in file.read_text()


def assert_log_is_clean(log):
    assert TOKEN not in log
    assert "203.0.113.9" not in log
    assert "a%20secret" not in log
    assert "a secret" not in log
    assert "127.0.0.1" not in log.replace("dial tcp 127.0.0.1", "")


def requests_in(log):
    """The path of each request in the access log."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return [line.get("path") or line.get("request", {}).get("uri", "") for line in lines]


def test_log_holds_no_link_no_query_and_no_client(proxy):
    browser = proxy.browser()
    for link in LINKS:
        browser.open(f"{link}?typed=a%20secret", X_Forwarded_For="203.0.113.9")
        proxy.plain(link)
    browser.open(f"/calls/bidding/return/%5A{TOKEN[1:]}/")
    assert proxy.announce(LINKS[0], LARGEST_BODY + 1).status == 413
    log = proxy.log()
    assert_log_is_clean("".join(line for line in log.splitlines() if '"GET"' in line))
    assert TOKEN not in log
    assert TOKEN[1:] not in log
    paths = requests_in(log)
    for link in LINKS:
        before = link.partition(TOKEN)[0]
        assert any(path.startswith(f"{before}[") for path in paths), link


def test_portal_that_is_away_is_said_in_words_and_without_links_in_the_log(proxy_program, tmp_path):
    with proxy_program(tmp_path, upstream=free_port()) as proxy:
        browser = proxy.browser()
        page = browser.open(f"{LINKS[0]}?typed=a%20secret", X_Forwarded_For="203.0.113.9")
        sent = browser.open(LINKS[1], b"typed=something")
        log = proxy.log()
    assert [page.status, sent.status] == [503, 503]
    assert page.headers["Retry-After"] == "30"
    assert page.headers["Strict-Transport-Security"] == HSTS
    assert "What was saved is still there." in page.text
    assert_log_is_clean("".join(line for line in log.splitlines() if "/calls/" in line))
    assert any(path.startswith("/calls/bidding/return/[") for path in requests_in(log))
