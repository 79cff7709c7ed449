"""Log lines that never hold answers.

The message of an exception may quote data: PostgreSQL's DETAIL quotes the whole row. So a
traceback is logged with its lines of code and the types of the exceptions. A message is logged
only if it cannot quote an answer; an error of the database is logged with its constraint.
"""

import json
import logging
import re
import smtplib
import time
import traceback
from types import TracebackType

from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.core.management import CommandError
from django.db import Error as DatabaseError
from django.urls import NoReverseMatch

from core import outages, request_ids

# An OSError names files and servers, but the ones of smtplib quote recipients.
SAFE_TO_QUOTE = (OSError, ImportError, ImproperlyConfigured, CommandError, DisallowedHost)
NEVER_QUOTED = (smtplib.SMTPException, NoReverseMatch)
# Whoever has a link from a mail can open the response or the account; Django logs paths of refused
# requests.
LINK_BY_MAIL = re.compile(
    r"(/(?:return|confirm|join|late-pass|reminders|erase|question|invitation"
    r"|new-password/[^/\s]+)/)[^/\s]{12,}"
)


TRACEBACK = "Traceback (innermost exception first):"


class RedactingFormatter(logging.Formatter):
    default_time_format = "%Y-%m-%d %H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {request_id}{message}", style="{")
        # UTC: Django puts the process into TIME_ZONE, where an hour of each autumn comes twice.
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        number = request_ids.of_record(record)
        record.request_id = f"[{number}] " if number else ""
        # Celery logs a failed task with the message and the traceback of its exception.
        args = record.args
        if isinstance(args, dict) and "exc" in args:
            error = record.exc_info[1] if record.exc_info else None
            described = describe(error) if error else "an exception"
            record = logging.makeLogRecord(record.__dict__)
            if outage := outages.outage_of(error):
                # One line, as pages have: a dozen tasks fail every ten seconds until it is over.
                described = f"{outage.error}, {outage.host}: {outage.reason}"
                record.exc_info = None
            record.args = args | {"exc": described, "traceback": ""}
        if _is_refused_request(record):
            record = logging.makeLogRecord(
                record.__dict__ | {"levelname": "WARNING", "exc_info": None}
            )
        # Another handler's formatter may have stored its own text of the exception in the record.
        stored, record.exc_text = record.exc_text, None
        try:
            line = LINK_BY_MAIL.sub(r"\1[token]", super().format(record))
        finally:
            record.exc_text = stored
        return line

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = _on_one_line(record.message)
        return super().formatMessage(record)

    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        lines: list[str] = []
        error, seen = ei[1], set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            frames = "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
            lines[:0] = [*([frames] if frames else []), describe(error)]
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join([TRACEBACK, *lines])


class JsonFormatter(RedactingFormatter):
    """The same, one JSON object in a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        day, time_of_day, level, logger, said = super().format(record).split(" ", 4)
        number = request_ids.of_record(record)
        said, _, frames = said.partition(f"\n{TRACEBACK}")
        entry = {
            "time": f"{day}T{time_of_day}",
            "level": level,
            "logger": logger,
            "message": said.removeprefix(f"[{number}] "),
        }
        if number:
            entry["request"] = number
        if frames:
            entry["traceback"] = frames.strip("\n")
        return json.dumps(entry, ensure_ascii=False)


def _on_one_line(said: str) -> str:
    """Write line breaks out: what a stranger sent would else begin a line that looks like ours."""
    return said.rstrip("\r\n").replace("\r", "\\r").replace("\n", "\\n")


def _is_refused_request(record: logging.LogRecord) -> bool:
    """Return whether Django logs that it refused a request.

    Strangers can cause such lines at will, so they are warnings without a traceback.
    """
    if record.name.startswith("django.security."):
        return True
    status = getattr(record, "status_code", 0)
    return record.name == "django.request" and 400 <= status < 500


def describe(error: BaseException) -> str:
    """Return the exception's type, and its message if that cannot quote an answer."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, SAFE_TO_QUOTE) and not isinstance(error, NEVER_QUOTED):
        return f"{name}: {_on_one_line(str(error))}"
    # The cause of Django's exception is psycopg2's, which has the facts as fields.
    source = error.__cause__ if isinstance(error, DatabaseError) else error
    diagnosis = getattr(source, "diag", None)
    facts = [
        f"{fact} {getattr(diagnosis, fact)}"
        for fact in ("sqlstate", "constraint_name", "table_name", "column_name")
        if getattr(diagnosis, fact, None)
    ]
    return f"{name} ({', '.join(facts)})" if facts else name
