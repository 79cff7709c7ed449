"""Rules of the code that no linter holds; pyproject.toml has the contracts of the imports."""

import ast
import re
import tokenize
from pathlib import Path

from tests.function_caches import CLEARED, STAYING

ROOT = Path(__file__).parents[2]
APPS = (
    "core",
    "accounts",
    "submissions",
    "review",
    "exports",
    "personal_data",
    "retention",
    "backups",
    "rehearsal",
)
# Only these read the clock; everything below is handed the moment.
CLOCK_READERS = (
    "accounts/adapters.py",
    "accounts/admin/",
    "accounts/management/",
    "accounts/own_account.py",
    "accounts/second_factor.py",
    "accounts/sign_in.py",
    "accounts/signed_in.py",
    "accounts/tasks.py",
    "backups/management/",
    "core/clock.py",
    "core/page_context.py",
    "core/sessions.py",
    "exports/admin/",
    "exports/api/",
    "exports/management/",
    "exports/asked_for.py",
    "exports/streaming.py",
    "exports/steering/",
    "exports/tasks.py",
    "personal_data/admin/",
    "personal_data/management/",
    "personal_data/tasks.py",
    "rehearsal/management/",
    "retention/admin.py",
    "retention/management/",
    "retention/tasks.py",
    "review/admin/",
    "review/management/",
    "submissions/admin/",
    "submissions/mail/tasks.py",
    "submissions/mail/webhooks.py",
    "submissions/management/",
    "submissions/respondent/",
    "submissions/responses/tasks.py",
)
CACHE = re.compile(r"(?:functools\.)?(?:lru_)?cache\b")
# A linter told to look away, and the reason that must follow.
IGNORE = re.compile(r"#\s*(?:noqa(?::[\w ,]*)?|type:\s*ignore(?:\[[\w ,-]*\])?)(.*)")
REASON = re.compile(r"\s*(?:- |# )\w")
READINGS = {
    "arrival.received",
    "clock.portal_now",
    "clock_check.received",
    "clock.wall_now",
    "datetime.now",
    "datetime.utcnow",
    "timezone.now",
    "date.today",
    "datetime.today",
    "time.time",
}
MAY_READ = re.compile(rf"\.({'|'.join(name.partition('.')[2] for name in READINGS)})\s*\(")


def source_files(*, having=""):
    """The portal's own files; those that have the word, so that the others need not be parsed."""
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts and having in path.read_text()
    ]


def named(path):
    return str(path.relative_to(ROOT))


def calls_in(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def test_only_edges_read_the_clock():
    found = {named(path): readings_of(path) for path in source_files()}
    assert {name: readings for name, readings in found.items() if readings} == {}


def readings_of(path):
    """Where the file reads the clock and may not."""
    if not MAY_READ.search(path.read_text()):
        return set()
    readings = {ast.unparse(call.func) for call in calls_in(path)} & READINGS
    if named(path) == "core/clock.py":
        readings -= {"datetime.now"}
    elif named(path) == "core/arrival.py":
        readings -= {"clock.wall_now"}
    elif named(path) == "core/clock_check.py":
        readings -= {"arrival.received", "clock.wall_now"}
    elif named(path).startswith(CLOCK_READERS):
        readings -= {"clock.portal_now", "clock.wall_now"}
    if named(path).startswith("submissions/respondent/"):
        readings -= {"clock_check.received"}
    return readings


def test_only_the_outbox_writes_rows_of_mails():
    """`samples` makes one that is never saved."""
    makers = {
        named(path)
        for path in source_files(having="OutboxEmail")
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


def test_each_function_that_keeps_what_it_returned_is_listed_to_be_cleared():
    kept = {
        f"{path.relative_to(ROOT).with_suffix('').as_posix().replace('/', '.')}.{node.name}"
        for path in source_files(having="cache")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(CACHE.match(ast.unparse(decorator)) for decorator in node.decorator_list)
    }
    listed = {f"{one.__module__}.{one.__name__}" for one in (*CLEARED, *STAYING)}
    assert kept == listed


def comments_in(path):
    with path.open("rb") as source:
        tokens = tokenize.tokenize(source.readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]


def may_ignore(path):
    return IGNORE.search(path.read_text()) is not None


def test_each_ignore_says_why():
    ignores = [
        (named(path), found)
        for path in [*ROOT.glob("*.py"), *ROOT.glob("[a-z]*/**/*.py")]
        if may_ignore(path)
        for comment in comments_in(path)
        if (found := IGNORE.match(comment))
    ]
    assert [(name, found[0]) for name, found in ignores if not REASON.match(found[1])] == []


def test_no_translated_text_stands_inside_an_f_string():
    """GNU gettext does not look in there, so that no catalogue would have the text."""
    names = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "npgettext"}
    hidden = [
        f"{named(path)}:{call.lineno}"
        for path in source_files(having="gettext")
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in names
    ]
    assert hidden == []
