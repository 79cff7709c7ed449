"""Rules of the code that no linter holds; pyproject.toml has the contracts of the imports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = ("core", "accounts", "submissions", "review", "exports", "rehearsal")
# Only these read the clock; everything below is handed the moment.
CLOCK_READERS = (
    "accounts/admin/",
    "accounts/sign_in.py",
    "core/clock.py",
    "core/page_context.py",
    "core/sessions.py",
    "exports/management/",
    "exports/steering/",
    "exports/tasks.py",
    "rehearsal/management/",
    "review/admin/",
    "submissions/admin/",
    "submissions/mail/tasks.py",
    "submissions/mail/webhooks.py",
    "submissions/management/",
    "submissions/respondent/",
    "submissions/responses/tasks.py",
)
READINGS = {
    "clock.portal_now",
    "clock.received",
    "clock.wall_now",
    "datetime.now",
    "datetime.utcnow",
    "timezone.now",
    "date.today",
    "datetime.today",
    "time.time",
}


def source_files():
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def named(path):
    return str(path.relative_to(ROOT))


def calls_in(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", source_files(), ids=named)
def test_only_edges_read_the_clock(path):
    readings = {ast.unparse(call.func) for call in calls_in(path)} & READINGS
    if named(path) == "core/clock.py":
        readings -= {"datetime.now"}
    elif named(path).startswith(CLOCK_READERS) or named(path) == "core/clock_check.py":
        readings -= {"clock.portal_now", "clock.wall_now"}
    if named(path).startswith("submissions/respondent/"):
        readings -= {"clock.received"}
    assert readings == set()


def test_only_the_outbox_writes_rows_of_mails():
    """`samples` makes one that is never saved."""
    makers = {
        named(path)
        for path in source_files()
        for call in calls_in(path)
        if ast.unparse(call.func) in {"OutboxEmail", "OutboxEmail.objects.create"}
    }
    assert makers == {"submissions/mail/samples.py", "submissions/outbox/queue.py"}


def test_nobody_uses_django_signals():
    users = [
        named(path)
        for path in source_files()
        if "django.dispatch" in path.read_text() or "django.db.models.signals" in path.read_text()
    ]
    assert users == []
