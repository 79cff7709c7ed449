"""Counts the responses and passages of each cell, in a fixed number of queries.

A passage counts once, however many coders put it under the code: by its place, not by its rows.
A response counts once in a cell. Only codings of the version that holds count.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from review.coding.tree import CodeInTree
from review.matrix.selection import Selection

PLACE = ("code_id", "version_id", "question_id", "file_text_id", "start", "end")


@dataclass
class Number:
    responses: int = 0
    passages: int = 0

    def add(self, responses: int, passages: int) -> None:
        self.responses += responses
        self.passages += passages


@dataclass
class Counted:
    """`totals` are by code, `cells` by code and column, bases by column: of those who answered.

    `responses` counts all, whether they answered or not.
    """

    responses: int = 0
    base: int = 0
    bases: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    totals: dict[int, Number] = field(default_factory=lambda: defaultdict(Number))
    cells: dict[int, dict[str, Number]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Number))
    )


def count_cells(selection: Selection, codes: Sequence[CodeInTree]) -> Counted:
    """Count every cell of the matrix. Answers are grouped whole, and taken apart here."""
    counted = Counted()
    for answer, responses, answered in _bases(selection):
        counted.responses += responses
        counted.base += answered
        for column in selection.across.columns_of(answer):
            counted.bases[column] += answered
    for code, answer, responses, passages in _numbers(selection, codes):
        counted.totals[code].add(responses, passages)
        for column in selection.across.columns_of(answer):
            counted.cells[code][column].add(responses, passages)
    return counted


def rows_of_codes(codes: Sequence[CodeInTree], *, with_below: bool) -> list[tuple[int, int]]:
    """Return pairs of a row's code and a code whose passages count in it."""
    pairs: list[tuple[int, int]] = []
    above: list[CodeInTree] = []
    for one in codes:
        above = [*above[: one.level - 1], one]
        pairs += [(row.code.pk, one.code.pk) for row in (above if with_below else [one])]
    return pairs


def _bases(selection: Selection) -> list[tuple[Any, int, int]]:
    counted, parameters = selection.counted_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT answer, count(*), count(*) FILTER (WHERE answered) "  # noqa: S608 - no values
            f"FROM ({counted}) AS counted GROUP BY answer",
            parameters,
        )
        return [(_read(answer), *numbers) for answer, *numbers in cursor.fetchall()]


def _numbers(selection: Selection, codes: Sequence[CodeInTree]) -> list[tuple[int, Any, int, int]]:
    pairs = rows_of_codes(codes, with_below=selection.with_below)
    seen, of_seen = selection.chosen().order_by().values(*PLACE).query.sql_with_params()
    counted, of_counted = selection.counted_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH counted AS MATERIALIZED ({counted}), "  # noqa: S608 - no values
            "placed AS (SELECT DISTINCT lined.code, coding.version_id, coding.question_id, "
            f'coding.file_text_id, coding.start, coding."end" FROM ({seen}) AS coding '
            "JOIN unnest(%s::bigint[], %s::bigint[]) AS lined(code, counts) "
            "ON lined.counts = coding.code_id "
            "WHERE coding.version_id IN (SELECT id FROM counted)), "
            "of_response AS (SELECT code, version_id, count(*) AS passages FROM placed "
            "GROUP BY code, version_id) "
            "SELECT code, answer, count(*), sum(passages)::bigint FROM of_response "
            "JOIN counted ON counted.id = of_response.version_id GROUP BY code, answer",
            [*of_counted, *of_seen, [row for row, _ in pairs], [counts for _, counts in pairs]],
        )
        return [(code, _read(answer), *numbers) for code, answer, *numbers in cursor.fetchall()]


def _read(answer: Any) -> Any:
    """Django leaves JSON of plain SQL as text."""
    return json.loads(answer) if isinstance(answer, str) else answer


def number_of(cells: Mapping[str, Number], column: str) -> Number:
    return cells.get(column, Number())
