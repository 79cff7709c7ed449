"""pytest plugin: coverage measures what a test itself calls, and not what sets it up.

What only sets tests up is tested by none of them.

Under coverage's own tracer all of Python is half as slow again, Django and pytest too. So the
portal's modules are compiled with marks instead: one before each statement, and one where a block
begins or is passed over. What is marked is handed to coverage, which reports it as its own.
"""

import ast
import builtins
import os
import sys
import threading
import tomllib
from collections import defaultdict
from functools import cache, wraps
from importlib.machinery import SourceFileLoader
from itertools import takewhile
from pathlib import Path

import pytest
from coverage import Coverage
from coverage.python import PythonFileReporter

ROOT = Path(__file__).parents[1]
RUN = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
FOLDERS = tuple(f"{ROOT / name}{os.sep}" for name in RUN["source"])
MEASURED_BY = "PORTAL_TESTS_MEASURED_BY"  # tells workers; a process number
MARKS = "__marks__"
# How it goes on from a line that begins a block; `translate_arcs` makes lines of them.
INTO_BLOCK, PAST_BLOCK = 1_000_001, 1_000_002
COUNTED = pytest.StashKey()

marks = bytearray()
imported = bytearray()  # what was marked as modules of the portal were imported
_meanings: list[tuple[str, list[tuple[int, int]]]] = []  # of each mark: a file, and what ran in it


class Marking:
    """Put marks into the code of one file."""

    def __init__(self, path):
        self.path = path

    def mark(self, ran, at):
        """Return a statement, at the lines of `at`, that remembers what `ran`."""
        _meanings.append((self.path, ran))
        marks.append(0)
        imported.append(0)
        where = {name: getattr(at, name) for name in at._attributes}
        place = ast.Constant(len(_meanings) - 1, **where)
        name = ast.Name(MARKS, ast.Load(), **where)
        target = ast.Subscript(name, place, ast.Store(), **where)
        return ast.Assign([target], ast.Constant(1, **where), **where)

    def mark_all(self, tree):
        for node in [*ast.walk(tree)]:
            for name in ("body", "orelse", "finalbody"):
                statements = getattr(node, name, None)
                if isinstance(statements, list):
                    setattr(node, name, self.each(statements))
            if isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While):
                node.body.insert(0, self.mark([(node.lineno, INTO_BLOCK)], node))
                node.orelse.insert(0, self.mark([(node.lineno, PAST_BLOCK)], node))
            elif isinstance(node, ast.Try | ast.TryStar):
                self.handlers(node)
            elif isinstance(node, ast.Match):
                self.cases(node)

    def each(self, statements):
        marked = [*takewhile(_has_to_come_first, statements)]
        first = len(marked)
        for place, statement in enumerate(statements):
            begins = [*getattr(statement, "decorator_list", ()), statement]
            marked.append(self.mark([(one.lineno, one.lineno) for one in begins], statement))
            if place >= first:
                marked.append(statement)
        return marked

    def handlers(self, node):
        """Whoever gets to a handler has passed those above it."""
        passed = []
        for handler in node.handlers:
            passed.append((handler.lineno, handler.lineno))
            handler.body.insert(0, self.mark([*passed], handler))

    def cases(self, node):
        """Whoever gets to a case, or past them all, has passed those above it."""
        passed = []
        for case in node.cases:
            line = case.pattern.lineno
            passed.append((line, line))
            case.body.insert(0, self.mark([*passed, (line, INTO_BLOCK)], case.pattern))
            passed.append((line, PAST_BLOCK))
        last = node.cases[-1]
        if last.guard or not _takes_anything(last.pattern):
            anything = ast.copy_location(ast.MatchAs(), last.pattern)
            node.cases.append(ast.match_case(anything, body=[self.mark(passed, last.pattern)]))


def _has_to_come_first(statement):
    """Whether it is a docstring or an import from the future."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _takes_anything(pattern):
    if isinstance(pattern, ast.MatchOr):
        return any(_takes_anything(one) for one in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and (
        pattern.pattern is None or _takes_anything(pattern.pattern)
    )


def with_marks(source, path):
    tree = ast.parse(source)
    Marking(path).mark_all(tree)
    return compile(tree, path, "exec", dont_inherit=True)


def what_ran():
    """Return, of each file, pairs of lines as coverage has them: a line twice, or a way on."""
    ran = defaultdict(set)
    for mark, (path, lines) in zip(marks, _meanings, strict=True):
        if mark:
            ran[path].update(lines)
    return ran


def begin():
    """Mark the portal's modules from now on, in this process."""
    import_module = SourceFileLoader.exec_module
    importing = []

    def import_marked(loader, module):
        path = loader.path
        if not path.startswith(FOLDERS) or f"{os.sep}migrations{os.sep}" in path:
            return import_module(loader, module)
        code = with_marks(loader.get_data(path), path)
        if importing:  # by a module of the portal
            exec(code, module.__dict__)
            return None
        importing.append(path)
        before = bytes(marks)
        marks[:] = bytes(len(marks))
        try:
            exec(code, module.__dict__)
        finally:
            importing.clear()
            imported[:] = _both(imported, marks)
            marks[:] = _both(before, marks)
        return None

    setattr(builtins, MARKS, marks)
    SourceFileLoader.exec_module = import_marked
    PythonFileReporter.translate_arcs = translate_arcs
    # The report is made twice, for its figure and for its lines, and reads each file for it.
    Coverage._get_file_reporter = cache(Coverage._get_file_reporter)


is_measured = os.environ.get(MEASURED_BY) == str(os.getppid()) or (
    any(argument.partition("=")[0] == "--cov" for argument in sys.argv)
    and "--no-cov" not in sys.argv
)


def pytest_configure(config):
    config.addinivalue_line("markers", "unmeasured: coverage leaves out what the test calls")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart():
    """End coverage's own tracer, which has just begun."""
    if is_measured:
        sys.settrace(None)
        threading.settrace(None)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Leave out what the tests' own modules call as they are imported."""
    collected = yield
    _count_only(b"")
    return collected


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    item.stash[COUNTED] = bytes(marks)
    try:
        return (yield)
    finally:
        _count_only(item.stash[COUNTED])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    if item.get_closest_marker("unmeasured"):
        return (yield)
    _count_only(item.stash[COUNTED])
    try:
        return (yield)
    finally:
        item.stash[COUNTED] = bytes(marks)


def unmeasured(make):
    """Leave out what `make` calls, with which tests are set up."""

    @wraps(make)
    def make_unmeasured(*given, **named):
        counted = bytes(marks)
        try:
            return make(*given, **named)
        finally:
            _count_only(counted)

    return make_unmeasured if is_measured else make


def _count_only(counted):
    """Forget what was marked since, but for what importing modules of the portal marked."""
    marks[:] = _both(counted, imported)


def _both(some, others):
    both = int.from_bytes(some, "little") | int.from_bytes(others, "little")
    return both.to_bytes(len(marks), "little")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop():
    """Hand over what ran, before coverage ends."""
    result = yield
    if is_measured and Coverage.current():
        Coverage.current().get_data().add_arcs(what_ran())
    return result


def translate_arcs(reporter, arcs):
    """Say in lines what is into a block and what past it.

    Coverage knows both lines from the source. A block begins below its line, before all else.
    """
    ways = defaultdict(set)
    for line, follows in reporter.arcs():
        ways[line].add(follows)
    found = set()
    for line, follows in arcs:
        if follows in (INTO_BLOCK, PAST_BLOCK):
            ways_on = ways[line]
            into = {min((way for way in ways_on if way > line), default=None)}
            found |= {(line, way) for way in (into if follows == INTO_BLOCK else ways_on - into)}
        else:
            found.add((line, follows))
    return reporter.parser.translate_arcs(found)


if is_measured:
    os.environ.setdefault(MEASURED_BY, str(os.getpid()))
    begin()
