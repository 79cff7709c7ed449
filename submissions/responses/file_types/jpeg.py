"""The segments of a JPEG file (ITU-T T.81, annex B), without unpacking the picture."""

from collections.abc import Iterator
from dataclasses import dataclass

from submissions.responses.file_types.refusals import DAMAGED, NotTaken

SIGNATURE = b"\xff\xd8"
# Markers: ITU-T T.81, table B.1.
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
WITHIN_A_SCAN = {0x00, 0xFF, *range(0xD0, 0xD8)}  # stuffing, filling and restarts (B.1.1)


@dataclass(frozen=True)
class Segment:
    """`[start, end)` is the whole segment, with its marker; a scan's has the packed picture."""

    marker: int
    start: int
    end: int


def segments(content: bytes) -> Iterator[Segment]:
    """Yield the segments up to the end of the image; raise NotTaken if the file ends before."""
    if not content.startswith(SIGNATURE):
        raise NotTaken(DAMAGED)
    at = len(SIGNATURE)
    while True:
        while content[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 2 > len(content) or content[at] != 0xFF:
            raise NotTaken(DAMAGED)
        marker = content[at + 1]
        end = at + 2
        if marker != END_OF_IMAGE and marker not in WITHOUT_LENGTH:
            end += int.from_bytes(content[at + 2 : at + 4])
        if marker == START_OF_SCAN:
            end = _end_of_scan(content, end)
        if end > len(content):
            raise NotTaken(DAMAGED)
        yield Segment(marker, at, end)
        if marker == END_OF_IMAGE:
            return
        at = end


def _end_of_scan(content: bytes, at: int) -> int:
    while True:
        at = content.find(b"\xff", at)
        if at == -1 or at + 1 >= len(content):
            raise NotTaken(DAMAGED)
        if content[at + 1] not in WITHIN_A_SCAN:
            return at
        at += 1 if content[at + 1] == 0xFF else 2
