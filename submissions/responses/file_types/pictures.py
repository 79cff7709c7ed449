"""JPG, PNG and HEIC: pictures that can be opened, measured before they are."""

import struct
from typing import BinaryIO

from PIL import Image

from submissions.responses.file_types.iso_media import boxes
from submissions.responses.file_types.jpeg import START_OF_SCAN, segments
from submissions.responses.file_types.refusals import DAMAGED, TOO_MANY_PIXELS, NotTaken

MOST_PIXELS = 150_000_000
# ISO/IEC 23008-12, annex B: pictures packed as HEVC. AVIF has the brand mif1 too.
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}


def refuse_jpg(file: BinaryIO) -> None:
    """Nothing is unpacked: a picture in several scans takes the room of all its pixels."""
    _refuse(file, "JPEG")
    file.seek(0)
    if all(segment.marker != START_OF_SCAN for segment in segments(file.read())):
        raise NotTaken(DAMAGED)


def refuse_png(file: BinaryIO) -> None:
    _refuse(file, "PNG")


def _refuse(file: BinaryIO, kind: str) -> None:
    file.seek(0)
    try:
        with Image.open(file, formats=(kind,)) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise NotTaken(TOO_MANY_PIXELS)
            if kind == "PNG":
                picture.verify()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotTaken(TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, TypeError):
        raise NotTaken(DAMAGED) from None


def refuse_heic(file: BinaryIO) -> None:
    """Look at the container; what is inside is not decoded here."""
    file.seek(0)
    content = file.read()
    found = {box.kind: box for box in boxes(content)}
    if "ftyp" not in found or "meta" not in found:
        raise NotTaken(DAMAGED)
    brands = content[found["ftyp"].start : found["ftyp"].end]
    if not HEIC_BRANDS & {brands[i : i + 4] for i in range(0, len(brands), 4)}:
        raise NotTaken(DAMAGED)
