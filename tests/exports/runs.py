"""Exports that a worker makes, for tests: asked for, and finished."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.core.files.base import ContentFile

from accounts.states import Role
from exports import export_runs
from tests.makers import make_call, make_user

AT = datetime(2019, 7, 25, 9, tzinfo=UTC)


def now():
    return AT + timedelta(minutes=1)


def make_run(call=None, **overrides):
    fields = {
        "call": call or make_call(),
        "by": make_user(Role.STEERING_MEMBER),
        "at": AT,
        "file_format": "csv",
        "filters": {},
        "rows_total": 3,
    }
    return export_runs.enqueue(**fields | overrides)


def finish(run, content=b"reference\r\n", *, at=AT):
    return export_runs.finish(
        run,
        ContentFile(content),
        at=at,
        name="the-call.csv",
        rows=3,
        sha256=hashlib.sha256(content).hexdigest(),
    )
