"""ZIP archives that go out while they are written."""

import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

_UNCHANGING = (1980, 1, 1, 0, 0, 0)  # the same content makes the same bytes
OWNER_ONLY = 0o600 << 16
PACKED_AT_ONCE = 2 * 1024 * 1024  # bytes


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
        with (
            self._zip.open(_member(name, compress=compress), "w", force_zip64=True) as member,
            ThreadPoolExecutor(1, "zip") as packer,
        ):
            packed: Future[int] | None = None
            waiting: list[bytes] = []
            size = 0
            for piece in pieces:
                waiting.append(piece)
                size += len(piece)
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
        yield from self._take_ready()

    def end(self) -> Iterator[bytes]:
        self._zip.close()
        yield from self._take_ready()

    def _take_ready(self) -> Iterator[bytes]:
        if ready := self._written.take():
            yield ready


class _Written:
    """The file that zipfile writes into, of one thread: it keeps what no other has taken yet."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        return b"".join(self._pieces.popleft() for _ in range(len(self._pieces)))

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
