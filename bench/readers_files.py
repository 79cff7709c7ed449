"""The half of bench.readers that writes the files, which starts it with an engine of its own.

For each format it writes the file, unpacked where it is a ZIP, into a folder of that name, and
beside it `expected.json`: by the references, what the format says that it holds.
"""

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import django
from django.core.management import call_command

django.setup()

from bench.readers import EXPECTED, NAMES
from core.safe_cells import neutralise
from core.xml_text import xml_text
from tests.exports.exporting import NASTY, exported, make_nasty


def _as_it_is(text: str) -> str:
    return text


def _without_spaces_at_the_end(text: str) -> str:
    return text.rstrip(" ")


# What becomes of an answer by docs/exports.md.
BECOMES: dict[str, Callable[[str], str]] = {
    "csv": neutralise,
    "csv-excel": neutralise,
    "long": neutralise,
    "r": _as_it_is,
    "json": _as_it_is,
    "xlsx": xml_text,
    "sav": _without_spaces_at_the_end,
    "dta": _as_it_is,
    "parquet": _as_it_is,
}
WHOLE = ("csv", "json", "xlsx")


def main(folder: Path) -> None:
    call_command("migrate", verbosity=0)
    call, stored = make_nasty()
    names = dict(zip(stored, NASTY, strict=True))
    (folder / NAMES).write_text(json.dumps(names))
    for format_name, become in BECOMES.items():
        made = folder / format_name
        made.mkdir()
        content = exported(call, format_name)
        if format_name in WHOLE:
            (made / f"responses.{format_name}").write_bytes(content)
        else:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(made)
        expected = {reference: become(text) for reference, text in stored.items()}
        (made / EXPECTED).write_text(json.dumps(expected))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
