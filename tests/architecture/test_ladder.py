"""The rooms and who may import whom; docs/architecture.md shows the same table to people."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEVELS = {
    "vocabulary": 0,
    "errors": 0,
    "clock": 0,
    "references": 0,
    "canonical": 0,
    "conditions": 0,
    "spoken_time": 0,
    "accent": 0,
    "typesetting": 0,
    "release": 0,
    "models": 1,
    "domain": 2,
    "forms": 3,
    "delivery": 3,
    "exports": 3,
    "documents": 3,
    "tasks": 4,
    "views": 5,
    "admin": 5,
    "management": 5,
    "urls": 6,
}
WITHOUT_DJANGO = (
    "references",
    "canonical",
    "conditions",
    "accent",
    "typesetting",
    "release",
)
# The app's own entry points for Django stand outside the rooms.
OUTSIDE = {"apps", "migrations", "__init__"}
CLOCK_READERS = {"tasks", "views", "management", "admin"}


def room_of(path):
    return path.relative_to(ROOT / "submissions").parts[0].removesuffix(".py")


def source_files():
    return [
        path
        for path in sorted((ROOT / "submissions").rglob("*.py"))
        if room_of(path) not in OUTSIDE
    ]


def imports_of(path):
    """Every imported module, as (line, dotted name, whether at the top of the file)."""
    tree = ast.parse(path.read_text())
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, node in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}", node in top


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_room_imports_only_lower_rooms(path):
    room = room_of(path)
    faults = []
    for line, name, at_top in imports_of(path):
        parts = name.split(".")
        if not at_top:
            faults.append(f"line {line} imports {name} inside a block")
        if parts[0] == "django" and room in WITHOUT_DJANGO:
            faults.append(f"line {line} imports {name} into a room without Django")
        if parts[0] != "submissions":
            continue
        other = parts[1] if len(parts) > 1 else ""
        level = LEVELS[room]
        if other != room and not LEVELS.get(other, 99) < level:
            faults.append(f"line {line} imports {name}, which is not below {room}")
    assert faults == []


@pytest.mark.parametrize("path", source_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_edges_read_the_clock(path):
    tree = ast.parse(path.read_text())
    calls = {
        f"{ast.unparse(node.func)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    readings = calls & {
        "clock.now",
        "clock.received",
        "datetime.now",
        "datetime.utcnow",
        "timezone.now",
        "date.today",
        "datetime.today",
        "time.time",
    }
    room = room_of(path)
    allowed = {"clock.now"} if room in CLOCK_READERS else set()
    allowed |= {"clock.received"} if room == "views" else set()
    allowed |= {"datetime.now"} if room == "clock" else set()
    assert readings - allowed == set()


def test_ladder_names_every_room_and_no_other():
    assert {room_of(path) for path in source_files()} == set(LEVELS)


def test_only_the_outbox_writes_rows_of_mails():
    """`samples` makes one that is never saved."""
    makers = {
        str(path.relative_to(ROOT / "submissions"))
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"OutboxEmail", "OutboxEmail.objects.create"}
    }
    assert makers == {"delivery/samples.py", "domain/outbox.py"}


def test_imports_make_no_circles():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in source_files()
    }
    graph = {}
    for module, path in modules.items():
        names = {name for _, name, _ in imports_of(path)}
        graph[module] = {
            known
            for name in names
            for known in (name, name.rpartition(".")[0])
            if known in modules and known != module and not module.startswith(f"{known}.")
        }
    settled = set()
    while True:
        ready = {m for m in graph if m not in settled and graph[m] <= settled}
        if not ready:
            break
        settled |= ready
    assert set(graph) - settled == set()


def test_nobody_uses_django_signals():
    users = [
        str(path.relative_to(ROOT))
        for path in source_files()
        for _, name, _ in imports_of(path)
        if name.startswith(("django.dispatch", "django.db.models.signals"))
    ]
    assert users == []
