"""What must be true of every answer and of every line of the log."""

import logging
import re
from urllib.parse import urlsplit

from django.conf import settings

from core.redacting_logs import RedactingFormatter
from tests.fuzz.payloads import ELSEWHERE, PRODUCT
from tests.fuzz.surface import Page

TRACEBACK = re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|psycopg2\.")
SLOWEST = 5  # seconds of the processor; a pattern that backtracks takes hours
FORMATTER = RedactingFormatter()


class Log(logging.Handler):
    """Keeps the lines of one request."""

    def __init__(self):
        super().__init__(level=logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(FORMATTER.format(record))

    def take(self):
        lines, self.lines = self.lines, []
        return lines


def faults_of(answer, body, path):
    """Everything that is wrong with one answer."""
    found = []
    kind = answer.headers.get("Content-Type", "")
    text = body.decode("utf-8", "replace")
    if answer.status_code >= 500 and not is_out_of_order(answer, path):
        found.append(f"status {answer.status_code}")
    if kind.startswith(("text/", "application/json")) and TRACEBACK.search(text):
        found.append("a traceback")
    if "html" in kind:
        found += Page(path, text).faults
        if PRODUCT in text:
            found.append("a template was run")
        if "Content-Security-Policy" not in answer.headers:
            found.append("no content security policy")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        found.append("no nosniff")
    if cookies_of_others(answer) or any(n.lower() == "x-fuzz" for n in answer.headers):
        found.append("a header out of what was sent")
    location = answer.headers.get("Location", "")
    leads = urlsplit(location)
    if ELSEWHERE in leads.netloc or leads.scheme not in {"", "http", "https"}:
        found.append(f"it leads to {location}")
    if location.startswith(("//", "/\\", "\\")):
        found.append(f"it leads to {location}")
    return found


def cookies_of_others(answer):
    """Cookies that what was sent made or changed; tokens are random, and may read like anything."""
    own = {settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_NAME, "messages"}
    return [
        name
        for name, cookie in answer.cookies.items()
        if name not in own or "fuzz" in str(dict(cookie)).lower()
    ]


def is_out_of_order(answer, path):
    """/readyz/ says 503 by itself where the disk is short of room."""
    return answer.status_code == 503 and path.startswith("/readyz")


def faults_of_log(lines):
    found = []
    for line in lines:
        if line.endswith("Service Unavailable: /readyz/"):
            continue
        if line.split(" ")[2] in {"ERROR", "CRITICAL"}:
            found.append(f"logged: {line[:300]} … {line[300:][-1500:]}")
        elif "\n" in line:
            found.append(f"a forged line in the log: {line[:300]!r}")
    return found
