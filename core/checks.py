"""System checks of the portal's own."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error

from core import database_roles, schema
from core.stores import S3, bucket, has_bucket


def check_schema(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Refuse a database with another or a changed set of migrations."""
    if not databases:
        return []
    refusal = schema.problem()
    return [Error(refusal, id="core.E001")] if refusal else []


def check_roles(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Warn of a role that could alter the record; for `check --deploy`."""
    problem = database_roles.problem() if databases else ""
    return [CheckMessage(WARNING, problem, id="core.W001")] if problem else []


def check_time_outs(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Warn of connections on which a transaction may wait for ever; for `check --deploy`."""
    problem = database_roles.missing_time_outs() if databases else ""
    return [CheckMessage(WARNING, problem, id="core.W002")] if problem else []


def check_bucket(**_options: Any) -> list[CheckMessage]:
    """Warn of a bucket of files that others could read, or that does not work.

    For `check --deploy`: it writes a small file there, reads it and deletes it.
    """
    if not has_bucket():
        return []
    problems = list(bucket().problems())
    if str(settings.STORAGES[S3]["OPTIONS"].get("endpoint_url", "")).startswith("http://"):
        problems.append(
            "PORTAL_FILES_S3_ENDPOINT begins with http://: files go over the network as they are. "
            "Write https://, unless that network is yours alone."
        )
    return [CheckMessage(WARNING, problem, id="core.W003") for problem in problems]


def check_postgres(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Warn of a server of another major version than the tests'; for `check --deploy`."""
    problem = schema.other_postgres() if databases else ""
    return [CheckMessage(WARNING, problem, id="core.W004")] if problem else []


def check_letters(databases: Sequence[str] | None = None, **_options: Any) -> list[CheckMessage]:
    """Warn of a database whose search finds no word beside a quotation mark; `check --deploy`."""
    problem = schema.other_letters() if databases else ""
    return [CheckMessage(WARNING, problem, id="core.W006")] if problem else []


def check_mail(**_options: Any) -> list[CheckMessage]:
    """Warn of mail that goes into files, and to nobody; for `check --deploy`."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.filebased.EmailBackend":
        return []
    problem = (
        "EMAIL_URL begins with file: every mail is written into a folder, counts as sent and "
        "reaches nobody. Write smtp+tls://user:password@host:587"
    )
    return [CheckMessage(WARNING, problem, id="core.W005")]
