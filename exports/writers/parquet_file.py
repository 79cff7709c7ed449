"""A dataset as Parquet, in a ZIP with its dictionary: typed, exact, in row groups.

The file is made by `parquet_process` in a process of its own.
"""

from pathlib import Path

from core.working_folders import working_folder
from core.zip_stream import ZipStream
from exports.export_context import ExportContext, Rounds
from exports.one_column import NUMBER, TICK, TIME, YES_NO, Column
from exports.queries import cells_of
from exports.types import Pieces
from exports.writers.apart import as_one, finish, of_nothing, read, start, write_rows
from exports.writers.dictionary import DICTIONARY_NAME, dictionary_csv
from exports.writers.variable_names import distinct

PROCESS = Path(__file__).with_name("parquet_process.py")
READING, MAKING = 2, 1  # how long they take beside each other
RULE = (
    "The Parquet file has the names of the CSV; as some programs take no notice of capitals, a "
    "name that differs from an earlier one by these alone ends in _2, _3 and so on. Times are "
    "timestamps to the microsecond in the call's time zone, numbers integers, ticks and yes or no "
    "booleans, all else strings, whole and as they were given. No answer is null, which an empty "
    "string is not."
)


def pieces(context: ExportContext) -> Pieces:
    return as_one(begun(context))


def begun(context: ExportContext) -> Pieces:
    """Yield nothing as soon as the process runs, and then the ZIP."""
    dataset = context.dataset.as_table()
    columns = dataset.columns
    names = distinct(column.name for column in columns)
    archive = ZipStream()
    with working_folder() as folder:
        rounds = Rounds(context, (READING, MAKING))
        reading, making = rounds.next(), rounds.next()
        write_rows(folder, cells_of(dataset), reading.row_done)
        told = {
            "zone": dataset.call.timezone,
            "columns": [
                {"name": name, "type": _type(column), "label": column.meaning}
                for name, column in zip(names, columns, strict=True)
            ],
        }
        with start(of_nothing(PROCESS), folder, told) as process:
            yield b""
            finish(process, context.still_at_work, making.row_done, rows=reading.rows)
        yield from archive.add(
            "responses.parquet", read(Path(folder, "responses.parquet")), compress=False
        )
    more = {column.name: (name,) for name, column in zip(names, columns, strict=True)}
    written = dictionary_csv(
        dataset, rules_of=[("(Parquet)", RULE)], more=(("name in the file",), more)
    )
    yield from archive.add(DICTIONARY_NAME, [written])
    yield from archive.end()


def _type(column: Column) -> str:
    if column.kind in {TICK, YES_NO} and not column.has_labels:
        return "boolean"
    return {NUMBER: "integer", TIME: "moment"}.get(column.kind, "string")
