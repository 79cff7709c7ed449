"""nginx and Caddy with the files of deploy/, on ports and folders of a test's own."""

import http.client
import http.cookiejar
import os
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from devserver.children import wait_until
from tests.containers.conftest import HOST, KeepRedirects, free_port
from tests.containers.declared import ROOT
from tests.forms import form_of
from tests.programs import find_or_skip

NGINX = ROOT / "deploy" / "nginx" / "evidence-portal.conf"
CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"
AROUND_NGINX = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/start.log;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    # As Debian's nginx.conf has it: our file must undo it.
    gzip on;
    include {folder}/evidence-portal.conf;
}}
"""
OF_THIS_RUN = """\
{
	admin off
	http_port %(http)d
	https_port %(https)d
	local_certs
	skip_install_trust
"""


@dataclass
class Proxy:
    """A proxy that runs: `open` asks it as a browser does, over TLS."""

    folder: Path
    http_port: int
    https_port: int
    authority: Path  # who signed its certificate

    def log(self):
        """Everything that it has written."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def browser(self):
        return Browser(self)

    def plain(self, path):
        """(status, Location) of a request without TLS."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        with closing(connection):
            connection.request("GET", path, headers={"Host": HOST})
            answer = connection.getresponse()
            answer.read()
        return answer.status, answer.headers["Location"]

    def announce(self, path, size):
        """The answer to who says that so many bytes follow, before any of them is sent."""
        plain = socket.create_connection(("127.0.0.1", self.https_port), 60)
        with self.trusted().wrap_socket(plain, server_hostname=HOST) as sock:
            head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n"
            sock.sendall(head.encode())
            answer = http.client.HTTPResponse(sock, method="POST")
            answer.begin()
            return SimpleNamespace(
                status=answer.status, headers=answer.headers, text=answer.read().decode()
            )

    def trusted(self):
        return ssl.create_default_context(cafile=str(self.authority))


class Browser:
    """Keeps cookies, follows no redirect, and fills in forms from their pages."""

    def __init__(self, proxy):
        trusted = proxy.trusted()

        class ToThisMachine(http.client.HTTPSConnection):
            def connect(self):
                plain = socket.create_connection(("127.0.0.1", proxy.https_port), self.timeout)
                self.sock = trusted.wrap_socket(plain, server_hostname=HOST)

        class Handler(urllib.request.HTTPSHandler):
            def https_open(self, request):
                return self.do_open(ToThisMachine, request)

        self.opener = urllib.request.build_opener(
            Handler, KeepRedirects, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def open(self, path, body=None, **headers):
        """Return status, headers, content and text of the answer."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            f"https://{HOST}{path}",
            data=body,
            headers={"Referer": f"https://{HOST}{path}", "User-Agent": "a browser"} | headers,
        )
        try:
            answer = self.opener.open(request, timeout=120)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            content = answer.read()
        # What it was packed as is of interest here, not what is in it.
        text = "" if answer.headers["Content-Encoding"] else content.decode(errors="replace")
        return SimpleNamespace(
            status=answer.status, headers=answer.headers, content=content, text=text
        )

    def fill_in(self, path, *, at="", sent=None, **fields):
        """Send the form of the page at `path`, to `at` if that is another address.

        `sent` are more headers.
        """
        page = self.open(path)
        assert page.status == 200, page.text
        body = encode_multipart(BOUNDARY, form_of(page) | fields)
        return self.open(at or path, body, Content_Type=MULTIPART_CONTENT, **(sent or {}))


@contextmanager
def nginx(folder, *, upstream):
    """nginx with the file of deploy/, before a portal on the port `upstream`."""
    program = find_or_skip("nginx", package="nginx")
    http_port, https_port = free_port(), free_port()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate(certificate, key)
    of_letsencrypt = f"/etc/letsencrypt/live/{HOST}/"
    written = replaced(
        NGINX.read_text(),
        {
            "listen 80;": f"listen 127.0.0.1:{http_port};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{https_port} ssl http2;",
            "listen [::]:443 ssl http2;": "",
            f"{of_letsencrypt}fullchain.pem": str(certificate),
            f"{of_letsencrypt}privkey.pem": str(key),
            "/var/log/nginx/": f"{folder}/",
            "http://127.0.0.1:8000": f"http://127.0.0.1:{upstream}",
        },
    )
    (folder / "evidence-portal.conf").write_text(written)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND_NGINX.format(folder=folder, user=user))
    command = [str(program), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(command, folder, {}, https_port):
        yield Proxy(folder, http_port, https_port, certificate)


@contextmanager
def caddy(folder, *, upstream):
    """Caddy with the file of deploy/, before a portal on the port `upstream`."""
    program = find_or_skip("caddy", package="caddy")
    http_port, https_port = free_port(), free_port()
    for_this_run = OF_THIS_RUN % {"http": http_port, "https": https_port}
    text = CADDYFILE.read_text()
    assert text.count("\n{\n") == 1
    (folder / "Caddyfile").write_text(text.replace("\n{\n", f"\n{for_this_run}"))
    environment = {
        "PORTAL_URL": f"https://{HOST}",
        "PORTAL_UPSTREAM": f"127.0.0.1:{upstream}",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [str(program), "run", "--config", str(folder / "Caddyfile")]
    authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    with running(command, folder, environment, https_port):
        yield Proxy(folder, http_port, https_port, authority)


@contextmanager
def running(command, folder, environment, port):
    log = folder / "program.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            command,
            env={"PATH": os.environ["PATH"]} | environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_until(
            lambda: process.poll() is not None or takes_connections(port), seconds=30, pause=0.1
        )
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


def takes_connections(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def replaced(text, changes):
    for old, new in changes.items():
        assert old in text, old
        # A word of its own: `listen 80;` is no part of another line.
        text = re.sub(re.escape(old), lambda _, new=new: new, text)
    return text


def make_certificate(certificate, key):
    """One for HOST that its own key signed, for a day."""
    program = find_or_skip("openssl", package="openssl")
    subprocess.run(
        [
            *(str(program), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", f"/CN={HOST}"),
            *("-addext", f"subjectAltName=DNS:{HOST}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        capture_output=True,
        check=True,
    )
