"""The codebook of a call as a file: CSV for spreadsheets, .qdc for programs of analysis."""

import csv
import io

from core.safe_cells import neutralise_for_reading
from core.xml_text import HEAD
from review.coding.codebook_files import descriptions
from review.coding.codebook_files.qda import code_elements, root_of_codebook
from review.coding.tree import tree
from review.models import Code
from review.states import CodePattern
from submissions.calls.models import Call

HEADING = (
    "guid",
    "parent",
    "name",
    "definition",
    "use when",
    "do not use when",
    "example",
    "colour",
    "line",
    "retired",
)


def as_csv(call: Call) -> bytes:
    """Return one row for each code, in the order of the codebook: UTF-8 with BOM, RFC 4180."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADING)
    codes = [one.code for one in tree(call)]
    names = {code.pk: code.name for code in codes}
    for code in codes:
        parent = "" if code.parent_id is None else names[code.parent_id]
        writer.writerow(map(neutralise_for_reading, _cells(code, parent)))
    return text.getvalue().encode("utf-8-sig")


def as_qdc(call: Call) -> bytes:
    """Return the codebook in REFI-QDA. A retired code takes no codings there either."""
    codes = code_elements(
        [one.code for one in tree(call)],
        description=descriptions.written,
        is_codable=lambda code: not code.is_retired,
    )
    return f"{HEAD}{root_of_codebook()}<Codes>{''.join(codes)}</Codes></CodeBook>\n".encode()


def _cells(code: Code, parent: str) -> list[str]:
    words = (code.description, code.use_when, code.do_not_use_when, code.example)
    return [
        str(code.guid),
        parent,
        code.name,
        *map(descriptions.clean, words),
        code.colour,
        CodePattern(code.pattern).label,
        "yes" if code.is_retired else "no",
    ]
