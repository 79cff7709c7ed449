"""Boxes of ISO base media files (ISO/IEC 14496-12, 4.2), the container of HEIC."""

from collections.abc import Iterator
from dataclasses import dataclass

from submissions.responses.file_types.refusals import DAMAGED, NotTaken


@dataclass(frozen=True)
class Box:
    """`[start, end)` is the box's content, without its head."""

    kind: str
    start: int
    end: int


def boxes(content: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between the two places; raise NotTaken where their sizes do not hold."""
    end = len(content) if end is None else end
    while start + 8 <= end:
        size = int.from_bytes(content[start : start + 4])
        kind = content[start + 4 : start + 8].decode("latin-1")
        head = 8
        if size == 1:
            size = int.from_bytes(content[start + 8 : start + 16])
            head = 16
        elif size == 0:
            if kind == "\0\0\0\0":  # padding after the end
                return
            size = end - start
        if size < head or start + size > end:
            raise NotTaken(DAMAGED)
        yield Box(kind, start + head, start + size)
        start += size
