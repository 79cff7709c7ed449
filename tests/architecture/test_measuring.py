"""What the marks of `tests.measuring` say is what coverage's own tracer says."""

import sys

from coverage import Coverage
from coverage.python import PythonFileReporter
from coverage.results import analysis_from_file_reporter

from tests import measuring

PROGRAM = '''"""A program with each kind of statement that the portal has."""

from __future__ import annotations

import contextlib
import functools


@functools.cache
def chosen(number):
    """A docstring."""
    if number == 1:
        return "one"
    elif number == 2:
        number += 5
    if (
        number > 4
        and number < 6
    ):
        number = 5
    if number != 8:
        number = 9
    else:
        return "eight"
    return number


def round_and_round(most):
    for number in range(most):
        if number == 1:
            continue
        if number == 3:
            break
        with contextlib.suppress(KeyError):
            if number:
                {}["none"]
    else:
        most = 0
    while most > 2:
        most -= 1
        if most == 100:
            break
    for _ in ():
        most += 1
    return [number for number in range(most) if number]


def fails(with_what):
    try:
        if with_what:
            raise with_what
    except KeyError:
        return 1
    except (
        ValueError,
        TypeError,
    ) as error:
        if str(error):
            return 2
    except OSError:
        return 4
    else:
        return 5
    finally:
        with_what = None
    return 3


def matched(value):
    match value:
        case 1:
            found = "one"
        case [first, *_] if first:
            found = first
        case "never":
            found = "never"
        case {"a": found}:
            pass
    match value:
        case str():
            return "text"
        case 1 | 2:
            return "number"
        case other:
            return other


class Thing:
    """Another."""

    kind = "thing"

    @property
    def late(self):
        yield from range(2)
        if self.kind:
            yield 3

    async def awaited(self):
        async with self:
            pass

    def never(self):
        if self.kind:
            return lambda: 1
        assert self
        return None


for number in (1, 2, 3):
    chosen(number)
round_and_round(2)
round_and_round(7)
for error in (None, ValueError("said"), TypeError()):
    fails(error)
for value in (1, [2], {"a": 1}, {}):
    with contextlib.suppress(UnboundLocalError):
        matched(value)
sum(Thing().late)
'''


def said_of(path, data):
    reporter = PythonFileReporter(path, Coverage(branch=True, config_file=False))
    found = analysis_from_file_reporter(data, 0, reporter, path)
    return found.executed, found.executed_branch_arcs(), found.missing_branch_arcs()


def test_marks_say_what_the_tracer_of_coverage_says(tmp_path, monkeypatch):
    path = str(tmp_path / "program.py")
    (tmp_path / "program.py").write_text(PROGRAM)
    traced = Coverage(data_file=None, branch=True, include=[path], config_file=False)
    before = sys.gettrace()
    traced.start()
    exec(compile(PROGRAM, path, "exec", dont_inherit=True), {})
    traced.stop()
    sys.settrace(before)
    monkeypatch.setattr(PythonFileReporter, "translate_arcs", measuring.translate_arcs)
    expected = said_of(path, traced.get_data())
    exec(measuring.with_marks(PROGRAM, path), {measuring.MARKS: measuring.marks})
    marked = Coverage(data_file=None, branch=True, config_file=False).get_data()
    marked.add_arcs({path: measuring.what_ran()[path]})
    assert said_of(path, marked) == expected
    assert expected[2]  # some ways were not taken
