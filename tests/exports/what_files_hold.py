"""Everything that a file of an export holds, however it is packed, and the marks in it."""

import io
import re
import tempfile
import zipfile
import zlib
from functools import cache

import pypdf
import pyreadstat
from pyarrow import parquet

from tests.measuring import unmeasured


def opened(data):
    """Yield everything that is in a file, but for its members; streams of PDFs are unpacked."""
    is_statistics = data.startswith((b"$FL2", b"<stata_dta>"))
    if not is_statistics:  # whose columns follow each other without anything between them
        yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive.comment
            for member in archive.infolist():
                yield member.filename.encode()
                yield member.extra + member.comment
    elif is_statistics:
        yield from cells_of_statistics(data)
    elif data.startswith(b"PAR1"):
        table = parquet.read_table(io.BytesIO(data))
        yield "\n".join(map(str, table.to_pylist())).encode()
        yield str(table.schema).encode()
    elif data.startswith(b"%PDF"):
        reader = pypdf.PdfReader(io.BytesIO(data))
        yield " ".join(page.extract_text() for page in reader.pages).encode()
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:
                yield stream


def all_opened(data):
    """Yield everything that is in a file, its members' and theirs too."""
    yield from opened(data)
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield from all_opened(archive.read(member))


def cells_of_statistics(data):
    """Yield the cells of a file for SPSS or Stata, whose compression breaks words up."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        read = pyreadstat.read_sav if data.startswith(b"$FL2") else pyreadstat.read_dta
        frame, about = read(file.name)
    yield frame.to_csv().encode()
    yield str((about.column_names_to_labels, about.variable_value_labels)).encode()


@unmeasured
def marks_in(data):
    """Every mark of `swept.marked` that is anywhere in the file, in UTF-8 or UTF-16."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return marks_in_one(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [archive.read(member) for member in archive.infolist()]
    return marks_in_one(data).union(*map(marks_in, members))


@cache  # a response's PDF is the same in most exports, and reading it takes longer than making it
def marks_in_one(data):
    """Return the marks of a file, but for those in its members."""
    return frozenset(
        found.decode()
        for piece in opened(data)
        for text in (piece, piece.replace(b"\0", b""))
        for found in re.findall(rb"zq\d\dx[a-z]+", text)
    )


def mark(text):
    """Return the mark that the text begins with."""
    return re.match(r"zq\d\dx[a-z]+", text)[0]
