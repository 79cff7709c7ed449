"""Writes a Parquet file: run as a program of its own by `parquet_file`.

It finds `told.json` and `rows.pickle` in the folder in which it runs, and knows nothing of the
portal: no settings, no database, no environment. What it imports takes seventy megabytes.
It says by a byte on standard output that it has a batch of rows.
"""

import json
import pickle  # nosec B403 - reads what the portal wrote
import sys
from collections.abc import Iterator
from datetime import datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

ROWS_AT_ONCE = 1_000


class _NoPandas(MetaPathFinder):
    """Says that pandas is not there.

    pyarrow imports it when it gets a first list, only to ask whether that list is one of its own;
    that takes longer, and more memory, than all else that is done here.
    """

    def find_spec(self, fullname: str, *_where: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def main() -> None:
    sys.meta_path.insert(0, _NoPandas())
    told = json.loads(Path("told.json").read_text(encoding="utf-8"))
    types = {
        "boolean": pyarrow.bool_(),
        "integer": pyarrow.int64(),
        "moment": pyarrow.timestamp("us", tz=told["zone"]),
        "string": pyarrow.string(),
    }
    kinds = [column["type"] for column in told["columns"]]
    schema = pyarrow.schema(
        [
            pyarrow.field(
                column["name"], types[column["type"]], metadata={"label": column["label"]}
            )
            for column in told["columns"]
        ]
    )
    with parquet.ParquetWriter("responses.parquet", schema, compression="zstd") as writer:
        for rows in _read():
            columns = [
                pyarrow.array([_value(kind, row[place]) for row in rows], types[kind])
                for place, kind in enumerate(kinds)
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


def _read() -> Iterator[list[Any]]:
    rows: list[Any] = []
    with Path("rows.pickle").open("rb") as file:
        # The portal wrote them a moment ago.
        while batch := pickle.load(file):  # noqa: S301  # nosec B301 - as above
            rows += batch
            sys.stdout.buffer.write(b".")
            sys.stdout.buffer.flush()
            if len(rows) >= ROWS_AT_ONCE:
                yield rows
                rows = []
    if rows:
        yield rows


def _value(kind: str, cell: str | None) -> Any:
    if cell is None or kind == "string":
        return cell
    if kind == "integer":
        return int(cell)
    return cell == "yes" if kind == "boolean" else datetime.fromisoformat(cell)


if __name__ == "__main__":
    main()
