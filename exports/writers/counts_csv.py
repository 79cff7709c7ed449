"""The counts of every closed question as CSV: the words that hide a small one stand in its cell."""

import csv
import io
from math import floor

from core.disclosure_control import Shown, is_few
from core.safe_cells import neutralise
from exports.counts.answers import count_answers
from exports.export_context import ExportContext
from exports.types import Pieces
from exports.writers.count_lines import HEADER, CountLine, count_lines, in_words

PARTS = 10_000  # of a share: rounded down, so that none reads 1 that is not (`core.percentages`)


def pieces(context: ExportContext) -> Pieces:
    """Yield the CSV whole. Unlike a file of responses it tells nobody how many few there are."""
    answers = count_answers(context.dataset)
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(HEADER)
    few = answers.call.hides_small_counts and (is_few(answers.total) or is_few(answers.readable))
    total = Shown(None, is_few=is_few(answers.total)) if few else Shown(answers.total)
    lines = [CountLine("responses", "", "All that were chosen", total), *count_lines(answers)]
    writer.writerows(map(_cells, lines))
    context.lines = len(lines)
    context.row_done(answers.total)
    yield file.getvalue().encode()


def _cells(line: CountLine) -> list[str]:
    return [
        line.by,
        line.row,
        neutralise(line.question),
        line.value,
        neutralise(line.meaning),
        in_words(line.responses),
        "" if line.share is None else f"{floor(line.share * PARTS) / PARTS:.4f}",
        in_words(line.asked),
        in_words(line.answered),
    ]
