"""Writes a file for SPSS or Stata: run as a program of its own by `statistics_file`.

It finds `told.json` and `rows.pickle` in the folder in which it runs, and knows nothing of the
portal: no settings, no database. What it imports takes seventy megabytes. It says by bytes on
standard output how far it is: one for each batch of rows that it was given.
"""

import json
import pickle  # nosec B403 - reads what the portal wrote
import sys
from pathlib import Path
from typing import Any

# pandas would import it for columns of texts, and here is none of its kind.
sys.modules["pyarrow"] = None  # type: ignore[assignment]  # so it cannot be found

import pandas  # noqa: E402 - after the line above
import pyreadstat  # noqa: E402 - after the line above

from core.zip_stream import ZipStream  # noqa: E402 - after the line above

PIECE = 1024 * 1024  # bytes

# Where each file says when it was written, and a moment as long: the same data, the same bytes.
WRITTEN_AT = {
    ".sav": (b"$FL", 92, b"01 Jan 0000:00:00"),
    ".dta": (b"<stata_dta>", None, b"01 Jan 2000 00:00"),
}


def main() -> None:
    told = json.loads(Path("told.json").read_text(encoding="utf-8"))
    rows: list[Any] = []
    batches = 0
    with Path("rows.pickle").open("rb") as file:
        # The portal wrote them a moment ago.
        while batch := pickle.load(file):  # noqa: S301  # nosec B301 - as above
            rows += batch
            batches += 1
    say = _Progress(batches)
    out = Path(told["out"])
    data: dict[str, Any] = {}
    for place, column in enumerate(told["columns"]):
        cells = [row[place] for row in rows]
        data |= dict(zip(column["names"], _series(column, cells), strict=True))
    del rows
    labels = {n: column["label"] for column in told["columns"] for n in column["names"]}
    value_labels = {
        column["names"][0]: {float(number): label for number, label in column["labels"].items()}
        for column in told["columns"]
        if column["labels"]
    }
    whole = {column["names"][0] for column in told["columns"] if column["kind"] == "number"}
    moments = {column["names"][0] for column in told["columns"] if column["kind"] == "moment"}
    common = {
        "file_label": told["title"],
        "column_labels": labels,
        "variable_value_labels": value_labels,
    }
    frame = pandas.DataFrame(data)
    say.reached(0.3)
    if out.suffix == ".sav":
        _widen(frame, [n for c in told["columns"] if c["kind"] == "text" for n in c["names"]])
        formats = dict.fromkeys(whole, "F8.0") | dict.fromkeys(moments, "DATETIME24.3")
        pyreadstat.write_sav(frame, str(out), row_compress=True, variable_format=formats, **common)
    else:
        formats = dict.fromkeys(whole, "%8.0g") | dict.fromkeys(moments, "%tc")
        # .dta format 118. For 15, pyreadstat writes 119, which is Stata/MP's for more than 32,767
        # variables; haven reads the long texts in it as empty.
        pyreadstat.write_dta(frame, str(out), version=14, variable_format=formats, **common)
    _set_moment(out)
    say.reached(0.7)
    _pack([out.name, *told["beside"]], told["archive"])


class _Progress:
    def __init__(self, batches: int) -> None:
        self._batches = batches
        self._said = 0

    def reached(self, part: float) -> None:
        """Say that this part of the time is over, as batches."""
        done = int(self._batches * part)
        sys.stdout.buffer.write(b"." * (done - self._said))
        sys.stdout.buffer.flush()
        self._said = done


def _pack(names: list[str], archive: str) -> None:
    """Put files into a ZIP, here and not where others wait for it."""
    packed = ZipStream()
    with Path(archive).open("wb") as file:
        for name in names:
            with Path(name).open("rb") as content:
                file.writelines(packed.add(name, iter(lambda: content.read(PIECE), b"")))
        file.writelines(packed.end())


def _series(column: dict[str, Any], cells: list[Any]) -> list[Any]:
    """Return the variable; of texts that are too long for one, a variable for each part."""
    if column["kind"] == "moment":
        return [pandas.Series(pandas.to_datetime(cells, format="ISO8601"))]
    if column["kind"] == "number":
        return [pandas.Series(cells, dtype="float64")]
    parts = [cell if isinstance(cell, list) else [cell or ""] for cell in cells]
    return [
        pandas.Series([each[n] if n < len(each) else "" for each in parts], dtype=object)
        for n in range(len(column["names"]))
    ]


def _widen(frame: pandas.DataFrame, texts: list[str]) -> None:
    """Leave a byte free after the longest text, which SPSS fills with a space as any other.

    haven 2.5 reads one byte too few of a text that fills the widest string of the file, where the
    last of its blocks of eight bytes holds that byte alone.
    """
    longest = max(
        ((len(text.encode()), row, name) for name in texts for row, text in enumerate(frame[name])),
        default=None,
    )
    if longest is not None and longest[0]:
        frame.loc[longest[1], longest[2]] += " "


def _set_moment(out: Path) -> None:
    head, place, moment = WRITTEN_AT[out.suffix]
    with out.open("r+b") as file:
        beginning = file.read(4096)
        if not beginning.startswith(head):
            raise SystemExit("the file begins otherwise")
        if place is None:
            place = beginning.index(b"<timestamp>\x11") + len(b"<timestamp>\x11")
        file.seek(place)
        file.write(moment)


if __name__ == "__main__":
    main()
