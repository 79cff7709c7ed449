"""pytest plugin: coverage measures what a test itself calls, and not what sets it up.

What only sets tests up is tested by none of them. While Python is traced, Django and pytest take
half as long again as well.
"""

import sys
import threading
from functools import wraps
from importlib.machinery import SourceFileLoader

import pytest
from coverage import Coverage
from django.core.handlers.base import BaseHandler
from django.db.models import QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler, SQLInsertCompiler, SQLUpdateCompiler
from django.template import base, engines
from django.template.library import InclusionNode, SimpleNode
from django.urls import get_resolver

TRACER = pytest.StashKey()
# What Django does with a query. No line of the portal runs in it.
OF_QUERIES = (
    (QuerySet, "_filter_or_exclude_inplace"),
    (QuerySet, "_annotate"),
    (QuerySet, "_fetch_all"),
    (Query, "get_aggregation"),
    (SQLCompiler, "execute_sql"),
    (SQLInsertCompiler, "execute_sql"),
    (SQLUpdateCompiler, "execute_sql"),
)
# Their nodes ask nothing of the portal but by a variable.
OF_DJANGO = ("django.template.", "django.templatetags.")
_paused = threading.local()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection():
    """Of what is imported with the tests, measure the portal's own."""
    tracer = _tracer()
    if tracer is None:
        return (yield)
    ours = Coverage.current().get_option("run:source")
    import_module = SourceFileLoader.exec_module

    def import_measured(loader, module):
        before = sys.gettrace()
        sys.settrace(tracer if module.__name__.partition(".")[0] in ours else None)
        try:
            import_module(loader, module)
        finally:
            _trace_by(before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SourceFileLoader, "exec_module", import_measured)
        sys.settrace(None)
        try:
            collected = yield
            _import_what_the_first_request_imports()
            for owner, name in OF_QUERIES:
                setattr(owner, name, unmeasured(getattr(owner, name)))
            _measure_of_templates_what_is_the_portals(ours)
            return collected
        finally:
            _trace_by(tracer)


def _import_what_the_first_request_imports():
    """It may be one that sets a test up."""
    BaseHandler().load_middleware()
    for engine in engines.all():
        assert engine.engine.template_context_processors
    for status in (400, 403, 404, 500):
        get_resolver().resolve_error_handler(status)


def _measure_of_templates_what_is_the_portals(ours):
    """Django draws a page unmeasured; of what it asks for meanwhile the portal's is measured."""
    base.NodeList.render = _paused_in(base.NodeList.render)
    base.Variable._resolve_lookup = _measured_in(base.Variable._resolve_lookup)
    plain, measured = base.render_value_in_context, _measured_in(base.render_value_in_context)
    base.render_value_in_context = lambda value, context: (
        plain(value, context) if isinstance(value, str) else measured(value, context)
    )
    nodes = [base.Node]
    for node in nodes:
        nodes += node.__subclasses__()
        asks = node in (SimpleNode, InclusionNode) or not node.__module__.startswith(OF_DJANGO)
        if asks and "render" in vars(node):
            node.render = _measured_in(node.render)
    for engine in engines.all():
        for library in engine.engine.template_libraries.values():
            for functions in (library.filters, library.tags):
                for name, function in functions.items():
                    if function.__module__.partition(".")[0] in ours:
                        functions[name] = _measured_in(function)


def _paused_in(draw):
    """Leave out what `draw` does, but for what is `_measured_in` it."""

    @wraps(draw)
    def draw_unmeasured(*given, **named):
        tracer = _tracer()
        if tracer is None:
            return draw(*given, **named)
        sys.settrace(None)
        _paused.tracer = tracer
        try:
            return draw(*given, **named)
        finally:
            _paused.tracer = None
            sys.settrace(tracer)

    return draw_unmeasured


def _measured_in(ask):
    """Measure what `ask` calls where measuring is paused."""

    @wraps(ask)
    def ask_measured(*given, **named):
        tracer = getattr(_paused, "tracer", None)
        if tracer is None:
            return ask(*given, **named)
        _paused.tracer = None
        sys.settrace(tracer)
        try:
            return ask(*given, **named)
        finally:
            sys.settrace(None)
            _paused.tracer = tracer

    return ask_measured


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    tracer = item.stash[TRACER] = _tracer()
    if tracer is None:
        return (yield)
    sys.settrace(None)
    try:
        return (yield)
    finally:
        _trace_by(item.stash[TRACER])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    tracer = item.stash[TRACER]
    if tracer is None:
        return (yield)
    _trace_by(tracer)
    try:
        return (yield)
    finally:
        item.stash[TRACER] = sys.gettrace()  # after a test without coverage it is a new one
        sys.settrace(None)


def unmeasured(make):
    """Leave out what `make` calls, with which tests are set up."""

    @wraps(make)
    def make_unmeasured(*given, **named):
        tracer = _tracer()
        if tracer is None:
            return make(*given, **named)
        sys.settrace(None)
        try:
            return make(*given, **named)
        finally:
            sys.settrace(tracer)  # by nothing whose return it would take for that of this frame

    return make_unmeasured


def _tracer():
    """Coverage's, where it measures this thread; a debugger's stays as it is."""
    return Coverage.current() and sys.gettrace()


def _trace_by(tracer):
    """Begin in a frame of its own: the caller's may still name a tracer that has ended.

    Python asks that one of the next line, and an ended one ends the tracing.
    """
    sys.settrace(tracer)
    _begin()


def _begin():
    """Coverage's tracer takes the place of Python's own with the next call, and sees its return."""
