"""ZIP archives that go out while they are written.

No member is ZIP64 that need not be: Safari unpacks what it downloads, and keeps the first file
alone where each says ZIP64 in its head and its sizes behind it (maennchen/ZipStream-PHP, issue 164;
uktrade/stream-unzip, pull request 46). So a small member has its sizes in its head, as in an
archive that is written at once; a larger one has them behind it, as ZIP64 only beyond 2 GB, and is
never merely stored.
"""

import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from itertools import chain
from threading import Lock

_UNCHANGING = (1980, 1, 1, 0, 0, 0)  # the same content makes the same bytes
OWNER_ONLY = 0o600 << 16
PACKED_AT_ONCE = 2 * 1024 * 1024  # bytes
COMPRESSED_AT_MOST = 1.05  # of what it is of; zipfile reckons so, too


class ZipStream:
    """An archive; each method yields the bytes that are ready."""

    def __init__(self) -> None:
        self._written = _Written()
        self._zip = zipfile.ZipFile(self._written, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, name: str, pieces: Iterable[bytes], *, compress: bool = True) -> Iterator[bytes]:
        """Yield a member of any size; turn `compress` off for what is compressed already.

        While a thread compresses one part of a large member, the next is made: zlib leaves Python's
        lock alone. Parts are large, as the thread waits for that lock after each.
        """
        left = iter(pieces)
        begun, is_whole = _begun(left)
        head = _member(name, compress=compress or not is_whole)
        if not compress:
            # Whoever reads it as it comes finds the end of what is deflated alone, if packed by 0.
            head._compresslevel = 0  # type: ignore[attr-defined]  # no type has it
        # zipfile goes back and writes the sizes into the head where it can.
        self._zip._seekable = is_whole  # type: ignore[attr-defined]  # no type has it
        with (
            self._zip.open(head, "w") as member,
            ThreadPoolExecutor(1, "zip") as packer,
        ):
            packed: Future[int] | None = None
            waiting: list[bytes] = []
            size = total = 0
            for piece in chain(begun, left):
                waiting.append(piece)
                size += len(piece)
                total += len(piece)
                if is_whole:
                    continue
                if not compress:
                    member.write(waiting.pop())
                elif size >= PACKED_AT_ONCE:
                    if packed is not None:
                        packed.result()
                    packed = packer.submit(member.write, b"".join(waiting))
                    waiting, size = [], 0
                yield from self._take_ready()
            if packed is not None:
                packed.result()
            member.write(b"".join(waiting))
            if not is_whole and total * COMPRESSED_AT_MOST > zipfile.ZIP64_LIMIT:
                member._zip64 = True  # type: ignore[attr-defined]  # no type has it
        yield from self._take_ready()

    def end(self) -> Iterator[bytes]:
        self._zip.close()
        yield from self._take_ready()

    def _take_ready(self) -> Iterator[bytes]:
        if ready := self._written.take():
            yield ready


def _begun(pieces: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """Take up to PACKED_AT_ONCE bytes, and say whether these are all."""
    taken: list[bytes] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size >= PACKED_AT_ONCE:
            return taken, False
    return taken, True


class _Written:
    """The file that zipfile writes into: it keeps what was not taken yet, and goes back in that.

    One thread writes while another takes.
    """

    def __init__(self) -> None:
        self._ready = BytesIO()
        self._taken = 0
        self._lock = Lock()

    def write(self, data: bytes) -> int:
        with self._lock:
            return self._ready.write(data)

    def take(self) -> bytes:
        with self._lock:
            ready = self._ready.getvalue()
            self._taken += len(ready)
            self._ready = BytesIO()
            return ready

    def tell(self) -> int:
        return self._taken + self._ready.tell()

    def seek(self, place: int) -> int:
        self._ready.seek(place - self._taken)
        return place

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
