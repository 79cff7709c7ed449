"""ZIP archives of others: measured before anything is unpacked, then read part by part."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from submissions.responses.file_types.refusals import (
    DAMAGED,
    PROTECTED,
    UNPACKS_TOO_BIG,
    NamedTwice,
    NotTaken,
)
from submissions.responses.file_types.signatures import ZIP

MOST_ENTRIES = 5_000
MOST_BYTES = 400_000_000  # of all entries, unpacked
MOST_BYTES_OF_XML = 64_000_000  # of one part that is parsed
HIGHEST_RATIO = 200  # unpacked to packed; of an entry that is larger than SMALL
SMALL = 10_000_000  # bytes, unpacked
CHUNK = 1_000_000
END_OF_DIRECTORY = b"PK\x05\x06"  # APPNOTE 4.3.16
IS_ENCRYPTED = 0x1  # APPNOTE 4.4.4
# A negative offset in the directory is a ValueError to a file in memory, an OSError to one on disk.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    KeyError,
)


class Archive:
    """A ZIP file that holds no more than the portal can open.

    Names are as in the directory, with slashes: some producers write backslashes, and office
    programs read these as slashes.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Read the directory and measure every entry; raise NotTaken if it does not hold."""
        file.seek(0)
        self._content = _without_padding(file.read())
        if not self._content.startswith(ZIP):
            raise NotTaken(DAMAGED)  # something else stands before it
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(self._content))
            for entry in self._zip.infolist():
                entry.filename = entry.filename.replace("\\", "/")
            self._by_name = {entry.filename: entry for entry in self._zip.infolist()}
            self._measure()
        except ZIP_ERRORS:
            raise NotTaken(DAMAGED) from None

    @property
    def entries(self) -> list[zipfile.ZipInfo]:
        return self._zip.infolist()

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def read(self, name: str, *, most: int = MOST_BYTES) -> bytes:
        """Return an entry's bytes; raise NotTaken if it is damaged or larger than `most`."""
        try:
            entry = self._by_name[name]
            if entry.file_size > most:
                raise NotTaken(UNPACKS_TOO_BIG)
            return self._zip.read(entry)
        except ZIP_ERRORS:
            raise NotTaken(DAMAGED) from None

    def first_bytes(self, entry: zipfile.ZipInfo, number: int) -> bytes:
        try:
            with self._zip.open(entry) as opened:
                return opened.read(number)
        except ZIP_ERRORS:
            raise NotTaken(DAMAGED) from None

    def _measure(self) -> None:
        """Compare what the directory declares with its limits, then with what is there."""
        entries = self._zip.infolist()
        if any(entry.flag_bits & IS_ENCRYPTED for entry in entries):
            raise NotTaken(PROTECTED)
        declared = sum(entry.file_size for entry in entries)
        if len(entries) > MOST_ENTRIES or declared > MOST_BYTES:
            raise NotTaken(UNPACKS_TOO_BIG)
        for entry in entries:
            if entry.file_size > max(SMALL, HIGHEST_RATIO * entry.compress_size):
                raise NotTaken(UNPACKS_TOO_BIG)
        known = set()
        for entry in entries:
            if entry.filename.lower() in known:
                raise NamedTwice(DAMAGED, found=entry.filename)
            known.add(entry.filename.lower())
        if any(entry.header_offset < 0 for entry in entries):
            raise NotTaken(DAMAGED)
        end = 0
        for entry in sorted(entries, key=lambda entry: entry.header_offset):
            if entry.header_offset < end:  # entries that share bytes multiply them
                raise NotTaken(UNPACKS_TOO_BIG)
            end = self._measure_entry(entry)

    def _measure_entry(self, entry: zipfile.ZipInfo) -> int:
        """Unpack an entry without keeping anything; return where its bytes end."""
        at = entry.header_offset
        header = self._content[at : at + 30]
        if len(header) < 30 or header[:4] != ZIP:
            raise NotTaken(DAMAGED)
        start = at + 30 + sum(int.from_bytes(header[i : i + 2], "little") for i in (26, 28))
        end = start + entry.compress_size
        if end > len(self._content):
            raise NotTaken(DAMAGED)
        if entry.compress_type == zipfile.ZIP_STORED:
            unpacked = entry.compress_size
        elif entry.compress_type == zipfile.ZIP_DEFLATED:
            unpacked = inflated_size(
                memoryview(self._content)[start:end], most=entry.file_size, wbits=-15
            )
        else:
            raise NotTaken(DAMAGED)
        if unpacked > entry.file_size:
            raise NotTaken(UNPACKS_TOO_BIG)
        if unpacked < entry.file_size:
            raise NotTaken(DAMAGED)
        return end


def inflated_size(packed: bytes | memoryview, *, most: int, wbits: int = 15) -> int:
    """Return how many bytes it unpacks to; counting ends above `most`. Raises zlib.error."""
    size = 0
    for piece in inflated_sizes(packed, wbits=wbits):
        size += piece
        if size > most:
            break
    return size


def inflated_sizes(packed: bytes | memoryview, *, wbits: int = 15) -> Iterator[int]:
    """Yield the sizes of the pieces that it unpacks to, one by one. Raises zlib.error."""
    inflater = zlib.decompressobj(wbits)
    rest: bytes | memoryview = packed
    while True:
        piece = inflater.decompress(rest, CHUNK)
        yield len(piece)
        rest = inflater.unconsumed_tail
        if inflater.eof or not (piece or rest):
            return


def _without_padding(content: bytes) -> bytes:
    """Take off the NULs that some mail gateways and cameras' cards add after the end."""
    end = content.rfind(END_OF_DIRECTORY)
    if end == -1 or end + 22 > len(content):
        return content
    end += 22 + int.from_bytes(content[end + 20 : end + 22], "little")
    return content if content[end:].strip(b"\0") else content[:end]
