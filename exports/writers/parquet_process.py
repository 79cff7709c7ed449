"""Writes a Parquet file: run as a program of its own by `parquet_file`.

It finds `told.json` and `rows.jsonl` in the folder in which it runs, and knows nothing of the
portal: no settings, no database, no environment. What it imports takes fifty megabytes.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

ROWS_AT_ONCE = 1_000


def main() -> None:
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


def _read() -> Iterator[list[list[Any]]]:
    with Path("rows.jsonl").open(encoding="utf-8") as file:
        while lines := list(islice(file, ROWS_AT_ONCE)):
            yield [json.loads(line) for line in lines]


def _value(kind: str, cell: str | None) -> Any:
    if cell is None or kind == "string":
        return cell
    if kind == "integer":
        return int(cell)
    return cell == "yes" if kind == "boolean" else datetime.fromisoformat(cell)


if __name__ == "__main__":
    main()
