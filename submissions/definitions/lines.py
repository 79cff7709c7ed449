"""At which lines of a definition file its problems are.

tomllib tells no lines. But it takes a whole statement by itself and refuses one that is cut at the
end of a line, in every way of writing TOML: so it shows which lines each statement has.
"""

import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from submissions.definitions.errors import DefinitionRefused, Problem
from submissions.definitions.tables import key_of, printable

Path = tuple[str | int, ...]  # such as ("sections", 0, "title")
Lines = tuple[int, int]  # the first and the last, counted from 1
# One of these is in the last line of a statement with several lines.
CLOSING = ('"""', "'''", "]")
AT_THE_END: Lines = (sys.maxsize, sys.maxsize)
MOST_READ = 3_000_000  # characters; a long statement is tried several times


def said(refused: DefinitionRefused, text: str, *, source: str) -> list[str]:
    """Return what is wrong with the definition `text`, a line each, with its lines where known."""
    if not refused.found:
        return refused.problems
    try:
        return numbered(refused.found, text, source=source)
    except RecursionError:  # a name such as a.a.a of a thousand parts
        return refused.problems


def numbered(problems: Sequence[Problem], text: str, *, source: str) -> list[str]:
    """Return each problem in one line, with the lines of `text` where known, in their order.

    `text` is TOML. What is missing has the line of the table that lacks it. No line has what
    several statements make together, such as all roles, and a path that fits unlike things: these
    stand at the end.
    """
    named = defaultdict(list)
    for name, path in _names(tomllib.loads(text)):
        named[name].append(path)
    places = _places(text)
    said = []
    for problem in problems:
        found = [places[path] for path in _paths_of(problem, named) if path in places]
        where = f"{' and '.join(dict.fromkeys(map(_say, found)))}: " if found else ""
        first = min(found, default=AT_THE_END)
        said.append((first, f"{source}: {where}{problem.path}: {problem.reason}"))
    return [line for _, line in sorted(said, key=lambda one: one[0])]


def _paths_of(problem: Problem, named: Mapping[str, list[Path]]) -> list[Path]:
    """Return the path that the problem means, of several with one key each; [] if it is unclear."""
    paths = [] if problem.reason.startswith("is missing") else named.get(problem.path, [])
    if not paths:
        around = named.get(problem.path.rpartition(".")[0], [])
        return around if len(around) == 1 else []
    return paths if len({path[:-1] for path in paths}) == 1 else []


def _say(lines: Lines) -> str:
    first, last = lines
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _names(node: Any, name: str = "", path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Yield each part of the tables as problems call it, with its path."""
    if path:
        yield name, path
    if isinstance(node, dict):
        for key, inner in node.items():
            called = f"{name}.{printable(key)}" if name else printable(key)
            yield from _names(inner, called, (*path, key))
    elif isinstance(node, list):
        by = "question" if path == ("facets",) else "key"
        for index, inner in enumerate(node):
            key = key_of(inner, by)
            called = f"{name}.{key}" if key else f"{name}[{index + 1}]"
            if path[:1] == ("sections",) and path[2:] == ("questions",):
                called = called.replace(".questions.", ".", 1)
            yield from _names(inner, called, (*path, index))


def _places(text: str) -> dict[Path, Lines]:
    """Return the lines of each part, of a table those of its heading."""
    places: dict[Path, Lines] = {}
    headings: Counter[Path] = Counter()
    here: Path = ()
    for lines, is_heading, tables in _statements(text):
        if is_heading:
            here = _path_under(tables, headings)
            places.setdefault(here, lines)
            continue
        for path in _paths(tables):
            places.setdefault((*here, *path), lines)
    return places


def _path_under(heading: Any, headings: Counter[Path]) -> Path:
    """Return where the entries under a heading go; count it in `headings` if it is [[double]]."""
    path: Path = ()
    while heading:
        [(name, heading)] = heading.items()
        path = (*path, name)
        if isinstance(heading, list):
            [heading] = heading
            headings[path] += 1
        if path in headings:
            path = (*path, headings[path] - 1)
    return path


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))


def _statements(text: str) -> Iterator[tuple[Lines, bool, dict[str, Any]]]:
    """Yield the lines of each statement, whether it is a heading, and what it says alone."""
    lines = text.replace("\r\n", "\n").split("\n")
    first = read = 0
    for last, line in enumerate(lines):
        if last > first and not any(sign in line for sign in CLOSING):
            continue
        statement = "\n".join(lines[first : last + 1])
        read += len(statement)
        if read > MOST_READ:
            return
        try:
            tables = tomllib.loads(statement)
        except ValueError:
            continue  # it goes on in the next line
        if tables:
            yield (first + 1, last + 1), statement.lstrip().startswith("["), tables
        first = last + 1
