"""Log lines that hold no answers, whatever went wrong.

A message of an exception may quote what it stumbled over: PostgreSQL's DETAIL quotes the whole
row. So a traceback is written with its lines of code and the exceptions' types; a message only
where it cannot quote, and of the database's errors the constraint.
"""

import logging
import re
import smtplib
import traceback
from types import TracebackType

from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.core.management import CommandError
from django.db import Error as DatabaseError
from django.urls import NoReverseMatch

# An OSError speaks of files and addresses of servers; the ones of smtplib quote recipients.
SAFE_TO_QUOTE = (OSError, ImportError, ImproperlyConfigured, CommandError, DisallowedHost)
NEVER_QUOTED = (smtplib.SMTPException, NoReverseMatch)
# A link by mail opens a response to its holder, and Django logs the paths of refused requests.
LINK_BY_MAIL = re.compile(r"(/(?:return|late-pass|reminders)/)[^/\s]{12,}")


class RedactingFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        # Celery's words on a failed task hold the exception's message, and the whole traceback.
        args = record.args
        if isinstance(args, dict) and "exc" in args:
            fault = record.exc_info[1] if record.exc_info else None
            said = describe(fault) if fault else "an exception"
            record = logging.makeLogRecord(record.__dict__)
            record.args = args | {"exc": said, "traceback": ""}
        if _tells_of_a_refusal(record):
            record = logging.makeLogRecord(
                record.__dict__
                | {
                    "levelname": "WARNING",
                    "msg": record.getMessage().replace("\r", "\\r").replace("\n", "\\n"),
                    "args": None,
                    "exc_info": None,
                }
            )
        # Another handler's formatter may have kept its own text of the exception.
        kept, record.exc_text = record.exc_text, None
        try:
            return LINK_BY_MAIL.sub(r"\1[token]", super().format(record))
        finally:
            record.exc_text = kept

    def formatException(  # noqa: N802 - logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        lines: list[str] = []
        fault, seen = ei[1], set()
        while fault is not None and id(fault) not in seen:
            seen.add(id(fault))
            frames = "".join(traceback.format_tb(fault.__traceback__)).rstrip("\n")
            lines[:0] = [*([frames] if frames else []), describe(fault)]
            fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
        return "\n".join(["Traceback (innermost exception first):", *lines])


def _tells_of_a_refusal(record: logging.LogRecord) -> bool:
    """Whether Django turned a request away: strangers can have that all day, and raise no alarm.

    The message says everything; it may quote the request.
    """
    if record.name.startswith("django.security."):
        return True
    status = getattr(record, "status_code", 0)
    return record.name == "django.request" and 400 <= status < 500


def describe(fault: BaseException) -> str:
    """Return the exception's type, and of its message what cannot quote an answer."""
    name = f"{type(fault).__module__}.{type(fault).__qualname__}".removeprefix("builtins.")
    if isinstance(fault, SAFE_TO_QUOTE) and not isinstance(fault, NEVER_QUOTED):
        return f"{name}: {fault}"
    # Django's exception is made from psycopg2's, which has the facts apart from the words.
    source = fault.__cause__ if isinstance(fault, DatabaseError) else fault
    diagnosis = getattr(source, "diag", None)
    facts = [
        f"{fact} {getattr(diagnosis, fact)}"
        for fact in ("sqlstate", "constraint_name", "table_name", "column_name")
        if getattr(diagnosis, fact, None)
    ]
    return f"{name} ({', '.join(facts)})" if facts else name
