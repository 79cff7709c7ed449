"""A dataset for SPSS and Stata, with labels, in a ZIP with its dictionary.

Choices are numbers with the labels of their options; a question with several has a variable for
each option beside the joined text. The file is made by `statistics_process` in a process of its
own, so that neither the worker nor the web server holds what that imports.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from core.working_folders import working_folder
from exports.export_context import ExportContext, Rounds
from exports.filters import APART
from exports.one_column import LONG, NUMBER, SEVERAL, SHORT, TICK, TIME, YES_NO, Column
from exports.queries import cells_of
from exports.types import Dataset, Pieces
from exports.writers.apart import as_one, finish, of_the_portal, read, start, write_rows
from exports.writers.dictionary import DICTIONARY_NAME, dictionary_csv
from exports.writers.variable_names import RULE, variable_names

PROCESS = "exports.writers.statistics_process"
ARCHIVE = "made.zip"
READING, MAKING = 1, 2  # how long they take beside each other
Value = str | int | list[str] | None


@dataclass(frozen=True)
class Program:
    """What a program's files can hold, in bytes; None is no limit."""

    suffix: str
    longest_text: int | None
    longest_label: int
    longest_value_label: int
    texts: str


SPSS = Program(
    ".sav",
    32_766,  # and a byte that stays free: statistics_process._widen says why
    255,
    120,
    "A string of SPSS holds 32,766 bytes here. A longer text goes on in further variables, so that "
    "nothing is cut: put together without anything between them, they are the answer. SPSS fills "
    "strings with spaces, so spaces at the end of an answer are lost, and it has no difference "
    "between an empty string and none.",
)
STATA = Program(
    ".dta",
    None,
    80,
    32_000,
    "Texts of any length are whole (strL); Stata 14 and later open the file. There is no "
    "difference between an empty string and none.",
)
CODES = (
    "In files for SPSS and Stata, a choice is a number, which counts the options from 1 and has "
    "the option's label; yes is 1 and no is 0. Of several choices there is the text of the keys, "
    "joined with “; ”, and a variable for each option. An option that is no longer offered has a "
    "number after the others, and its key for a label. A label too long for the program ends in "
    "“…”: this dictionary has the whole. Times are those of the call's time zone, cut to the "
    "millisecond."
)


def spss(context: ExportContext) -> Pieces:
    return as_one(begun(context, SPSS))


def stata(context: ExportContext) -> Pieces:
    return as_one(begun(context, STATA))


def begun(context: ExportContext, program: Program) -> Pieces:
    """Yield nothing as soon as the process runs, and then the ZIP."""
    chosen = replace(context.dataset.export_filter, choices="keys", several=APART)
    dataset = replace(context.dataset, export_filter=chosen).as_table()
    with working_folder() as folder:
        variables = _Variables(dataset, program)
        rounds = Rounds(context, (READING, MAKING))
        reading, making = rounds.next(), rounds.next()
        write_rows(folder, map(variables.values, cells_of(dataset)), reading.row_done)
        said = [("(names)", RULE), ("(codes)", CODES), ("(long texts)", program.texts)]
        more = (("name in the file", "values in the file"), variables.in_the_dictionary())
        written = dictionary_csv(dataset, rules_of=said, more=more)
        Path(folder, DICTIONARY_NAME).write_bytes(written)
        told = variables.described() | {
            "out": f"responses{program.suffix}",
            "beside": [DICTIONARY_NAME],
            "archive": ARCHIVE,
        }
        with start(of_the_portal(PROCESS), folder, told) as process:
            yield b""
            finish(process, context.still_at_work, making.row_done, rows=reading.rows)
        yield from read(Path(folder, ARCHIVE))


@dataclass
class _Variable:
    """A column as a variable: the numbers of its options, and how many its longest text takes."""

    column: Column
    numbers: dict[str, int] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    parts: int = 1

    @cached_property
    def kind(self) -> str:
        if self.column.kind == TIME:
            return "moment"
        if self.column.kind == NUMBER or self.numbers:
            return "number"
        return "text"

    def value(self, cell: str | None, program: Program) -> Value:
        if cell is None:
            return None
        if self.kind == "text":
            if program.longest_text is None or len(cell) * 4 <= program.longest_text:
                return cell
            parts = parts_of(cell, program.longest_text)
            self.parts = max(self.parts, len(parts))
            return parts
        if self.kind == "moment":
            moment = datetime.fromisoformat(cell).replace(tzinfo=None)
            return moment.isoformat(timespec="milliseconds")
        if not self.numbers:
            return int(cell)
        if cell not in self.numbers:
            self.numbers[cell] = number = max(self.numbers.values()) + 1
            self.labels[number] = cell
        return self.numbers[cell]


class _Variables:
    def __init__(self, dataset: Dataset, program: Program) -> None:
        self._program = program
        self._title = dataset.call.title
        self._all = [_variable(column) for column in dataset.columns]

    def values(self, cells: tuple[str | None, ...]) -> list[Value]:
        return [
            each.value(cell, self._program) for each, cell in zip(self._all, cells, strict=True)
        ]

    def _names(self) -> Iterator[tuple[_Variable, list[str]]]:
        """Yield each variable with its names, one for each part.

        Further parts are named after all columns, so a long answer does not rename a column.
        """
        columns = variable_names(each.column.name for each in self._all)
        parts = [
            f"{each.column.name}_part{part}"
            for each in self._all
            for part in range(2, each.parts + 1)
        ]
        more = iter(variable_names(parts, taken=columns))
        for each, name in zip(self._all, columns, strict=True):
            yield each, [name, *(next(more) for _ in range(1, each.parts))]

    def described(self) -> dict[str, Any]:
        """Return what the program that makes the file is told."""
        columns = [
            {
                "names": names,
                "kind": each.kind,
                "label": cut(each.column.meaning, self._program.longest_label),
                "labels": {
                    str(number): cut(label, self._program.longest_value_label)
                    for number, label in each.labels.items()
                },
            }
            for each, names in self._names()
        ]
        return {"columns": columns, "title": cut(self._title, 64)}

    def in_the_dictionary(self) -> dict[str, tuple[str, str]]:
        """Return by column what the file calls it, and what its numbers mean."""
        found = {}
        for each, names in self._names():
            keys = {number: key for key, number in each.numbers.items()}
            numbers = "\n".join(f"{n} = {keys[n]} = {label}" for n, label in each.labels.items())
            found[each.column.name] = (", ".join(names), numbers)
        return found


def _variable(column: Column) -> _Variable:
    if column.kind in {TICK, YES_NO}:
        return _Variable(column, {"yes": 1, "no": 0}, {0: "No", 1: "Yes"})
    if column.kind in {SEVERAL, SHORT, LONG, NUMBER, TIME} or not column.values:
        return _Variable(column)
    numbers = {key: number for number, (key, _label) in enumerate(column.values, start=1)}
    labels = {numbers[key]: str(label) for key, label in column.values}
    return _Variable(column, numbers, labels)


def parts_of(text: str, most: int) -> list[str]:
    """Return the text in parts of at most `most` bytes of UTF-8, each of whole characters.

    No part but the last ends in a space, which SPSS would lose, if it has anything else.
    """
    rest = text.encode()
    found = []
    while len(rest) > most:
        part = rest[:most].decode(errors="ignore")
        part = part.rstrip(" ") or part
        found.append(part)
        rest = rest[len(part.encode()) :]
    return [*found, rest.decode()]


def cut(text: str, most: int) -> str:
    """Return a label of at most `most` bytes of UTF-8; one that is cut ends in “…”."""
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return encoded[: most - 3].decode(errors="ignore") + "…"
