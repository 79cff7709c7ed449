"""The matrix as it is shown: lines of codes, with small counts hidden where the call asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.disclosure_control import FEW, Shown
from core.percentages import per_cent, say_share
from review.coding.tree import CodeInTree, tree
from review.matrix.cell_counts import Counted, count_cells, number_of
from review.matrix.hiding import hidden_line
from review.matrix.selection import Selection
from review.matrix.summaries import Cell, by_cell, latest_summaries
from review.models import MatrixSummary

ALL = Cell("", "")


@dataclass(frozen=True)
class Column:
    """`base` are the responses of the column that answered."""

    key: str
    label: str
    base: Shown


@dataclass(frozen=True)
class MatrixCell:
    """`base` is that of its column.

    `summaries` has the one of its code first, then those of codes that were merged into that.
    """

    column: str
    responses: Shown
    base: Shown
    passages: Shown
    summaries: Sequence[MatrixSummary]

    @property
    def said_summary(self) -> str:
        return "\n\n".join(
            f"“{row.code.name}”, merged into this code: {row.text}"
            if row.code.merged_into_id
            else row.text
            for row in self.summaries
        )

    @property
    def share(self) -> float | None:
        """Per cent of the base; None where either is hidden, or there is no base."""
        number, of = self.responses.number, self.base.number
        return per_cent(number, of) if number is not None and of else None

    @property
    def said_share(self) -> str:
        number, of = self.responses.number, self.base.number
        return say_share(number, of) if number is not None and of else ""


@dataclass(frozen=True)
class Line:
    one: CodeInTree
    total: MatrixCell
    cells: Sequence[MatrixCell]


@dataclass(frozen=True)
class Matrix:
    """`base` are all who answered, of `responses` that count; `earlier` codings are left out.

    `has_hidden`: some number is hidden.
    """

    selection: Selection
    columns: Sequence[Column]
    lines: Sequence[Line]
    responses: Shown
    base: Shown
    earlier: int
    has_hidden: bool


def matrix_of(selection: Selection, *, with_summaries: bool = True) -> Matrix:
    """Count and return the matrix, in a fixed number of queries.

    A column in which a summary stands is there, also where no response has its answer any more.
    """
    codes = tree(selection.call)
    counted = count_cells(selection, codes)
    summaries, across = latest_summaries(selection.call), selection.across
    written = [cell.option for _, cell in summaries if across.key and cell.across == across.key]
    found = [column for column, base in counted.bases.items() if base]
    keys = across.in_order([*found, *written])
    hides = selection.call.hides_small_counts
    base, bases = hidden_line(
        [counted.bases.get(key, 0) for key in keys],
        total=counted.base,
        overlap=across.may_have_several,
        hides=hides,
    )
    columns = [
        Column(key, across.label_of(key), number) for key, number in zip(keys, bases, strict=True)
    ]
    shown = by_cell(summaries) if with_summaries else {}
    lines = [_line(one, counted, columns, base, selection, shown) for one in codes]
    cells = [cell for line in lines for cell in (line.total, *line.cells)]
    return Matrix(
        selection=selection,
        columns=columns,
        lines=lines,
        responses=hidden_line([], total=counted.responses, overlap=True, hides=hides)[0],
        base=base,
        earlier=selection.of_earlier_versions(),
        has_hidden=any(cell.responses.number is None for cell in cells)
        or any(shown.number is None for shown in (base, *bases)),
    )


def _line(
    one: CodeInTree,
    counted: Counted,
    columns: Sequence[Column],
    base: Shown,
    selection: Selection,
    written: Mapping[tuple[int, Cell], Sequence[MatrixSummary]],
) -> Line:
    numbers = [number_of(counted.cells[one.code.pk], column.key) for column in columns]
    all_of_it = counted.totals[one.code.pk]
    total, shown = hidden_line(
        [number.responses for number in numbers],
        total=all_of_it.responses,
        overlap=selection.across.may_have_several,
        hides=selection.call.hides_small_counts,
    )
    key = one.code.pk
    return Line(
        one,
        _cell("", total, all_of_it.passages, base, written.get((key, ALL), [])),
        [
            _cell(
                column.key,
                responses,
                number.passages,
                column.base,
                written.get((key, Cell(selection.across.key, column.key)), []),
            )
            for column, responses, number in zip(columns, shown, numbers, strict=True)
        ],
    )


def _cell(
    column: str,
    responses: Shown,
    passages: int,
    base: Shown,
    summaries: Sequence[MatrixSummary],
) -> MatrixCell:
    return MatrixCell(
        column,
        responses,
        base,
        Shown(None) if responses.number is None else Shown(passages),
        summaries,
    )


def in_words(shown: Shown) -> str:
    """Return the number, or why it is not there."""
    if shown.number is not None:
        return f"{shown.number:,}"
    return f"fewer than {FEW}" if shown.is_few else "not shown"
