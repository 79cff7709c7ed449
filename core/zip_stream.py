"""ZIP archives that go out while they are written."""

import zipfile
from collections.abc import Iterable, Iterator

_UNCHANGING = (1980, 1, 1, 0, 0, 0)  # the same content makes the same bytes
OWNER_ONLY = 0o600 << 16


class ZipStream:
    """An archive; each method yields the bytes that are ready."""

    def __init__(self) -> None:
        self._written = _Written()
        self._zip = zipfile.ZipFile(self._written, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, name: str, pieces: Iterable[bytes], *, compress: bool = True) -> Iterator[bytes]:
        """Yield a member of any size; turn `compress` off for what is compressed already."""
        with self._zip.open(_member(name, compress=compress), "w", force_zip64=True) as member:
            for piece in pieces:
                member.write(piece)
                yield from self._take_ready()
        yield from self._take_ready()

    def end(self) -> Iterator[bytes]:
        self._zip.close()
        yield from self._take_ready()

    def _take_ready(self) -> Iterator[bytes]:
        if ready := self._written.take():
            yield ready


class _Written:
    """The file that zipfile writes into: it keeps what nobody has taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

    def flush(self) -> None:
        """zipfile asks for it."""

    def close(self) -> None:
        """zipfile's types ask for it."""


def small_member(name: str) -> zipfile.ZipInfo:
    """Return the head of a member for `ZipFile.open` or `writestr`."""
    return _member(name, compress=True)


def _member(name: str, *, compress: bool) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _UNCHANGING)
    member.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    member.external_attr = OWNER_ONLY
    member.create_system = 3  # Unix, on any machine
    return member
