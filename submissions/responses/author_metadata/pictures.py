"""Taking out what cameras and programs write beside a picture. The picture stays, bit for bit."""

import io

from PIL import Image

from submissions.responses.author_metadata.errors import NOT_READ, PICTURE_INSIDE, CannotBeCleaned
from submissions.responses.file_types.iso_media import boxes
from submissions.responses.file_types.jpeg import SIGNATURE, segments
from submissions.responses.file_types.refusals import NotTaken

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Markers of JPEG: ITU-T T.81, table B.1.
JFIF, ICC, ADOBE, COMMENT = 0xE0, 0xE2, 0xEE, 0xFE
APPLICATION = range(0xE0, 0xF0)
# Chunks of PNG without which it looks different (PNG, third edition, 11; APNG has been added).
PNG_CHUNKS = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"bKGD", b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
ORIENTATION = 0x0112  # Exif 2.32, 4.6.4
METADATA_ITEMS = {b"Exif", b"mime", b"uri "}  # ISO/IEC 23008-12, annex A
UNUSED_BOXES = {"free", "skip"}  # ISO/IEC 14496-12, 8.1.2
PICTURE_BOXES = {"ftyp", "meta", "mdat", *UNUSED_BOXES}
EMPTY_EXIF = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"  # no fields


def clean_jpg(content: bytes) -> bytes:
    """Keep the picture, its colours and which way up it is; drop EXIF, XMP, IPTC and comments."""
    kept = bytearray(SIGNATURE + _orientation_of(content))
    try:
        for segment in segments(content):  # what follows its end is another picture with details
            if _is_picture(segment.marker, content[segment.start + 4 : segment.end]):
                kept += content[segment.start : segment.end]
    except NotTaken:
        raise CannotBeCleaned(NOT_READ) from None
    return bytes(kept)


def _is_picture(marker: int, body: bytes) -> bool:
    if marker in APPLICATION:
        return (
            (marker == JFIF and body.startswith(b"JFIF\0"))
            or (marker == ICC and body.startswith(b"ICC_PROFILE\0"))
            or (marker == ADOBE and body.startswith(b"Adobe"))
        )
    return marker != COMMENT


def _orientation_of(content: bytes) -> bytes:
    """Return an EXIF segment that says which way up the picture is and nothing else."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            turned = picture.getexif().get(ORIENTATION)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise CannotBeCleaned(NOT_READ) from None
    if turned not in range(2, 9):
        return b""
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    body = exif.tobytes()
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body


def clean_png(content: bytes) -> bytes:
    """Keep the chunks that draw the picture; drop texts, EXIF and times."""
    if not content.startswith(PNG_SIGNATURE):
        raise CannotBeCleaned(NOT_READ)
    kept = bytearray(PNG_SIGNATURE)
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(content[at : at + 4])
        kind = content[at + 4 : at + 8]
        if kind in PNG_CHUNKS:
            kept += content[at:end]
        if kind == b"IEND":
            return bytes(kept)
        at = end
    raise CannotBeCleaned(NOT_READ)


def clean_heic(content: bytes) -> bytes:
    """Empty the items that hold EXIF and XMP, where they stand; the picture is not touched."""
    cleaned = bytearray(content)
    try:
        for box in boxes(content):
            if box.kind not in PICTURE_BOXES:  # a film, or what a camera keeps of its own
                raise CannotBeCleaned(PICTURE_INSIDE)
            if box.kind in UNUSED_BOXES:
                cleaned[box.start : box.end] = bytes(box.end - box.start)
        top = {box.kind: box for box in boxes(content)}
        meta = {box.kind: box for box in boxes(content, top["meta"].start + 4, top["meta"].end)}
        kinds = _item_kinds(content, meta["iinf"].start, meta["iinf"].end)
        idat = meta["idat"].start if "idat" in meta else 0
        for number, places in _item_places(content, meta["iloc"].start, idat):
            if kinds.get(number) not in METADATA_ITEMS:
                continue
            for start, size in places:
                if start < 0 or size < 1 or start + size > len(content):
                    raise CannotBeCleaned(NOT_READ)
                empty = EMPTY_EXIF if kinds[number] == b"Exif" else b""
                cleaned[start : start + size] = empty[:size].ljust(size, b"\0")
    except (NotTaken, KeyError, IndexError):
        raise CannotBeCleaned(NOT_READ) from None
    return bytes(cleaned)


def _item_kinds(content: bytes, start: int, end: int) -> dict[int, bytes]:
    """Read the item information box (ISO/IEC 14496-12, 8.11.6): item -> kind."""
    first = start + (6 if content[start] == 0 else 8)
    kinds = {}
    for box in boxes(content, first, end):
        version = content[box.start]
        if version not in {2, 3}:
            raise CannotBeCleaned(NOT_READ)
        width = 2 if version == 2 else 4
        at = box.start + 4
        kinds[int.from_bytes(content[at : at + width])] = content[at + width + 2 : at + width + 6]
    return kinds


def _item_places(content: bytes, start: int, idat: int) -> list[tuple[int, list[tuple[int, int]]]]:
    """Read the item location box (ISO/IEC 14496-12, 8.11.3): items with (offset, bytes) each."""
    at = start

    def number(width: int) -> int:
        nonlocal at
        at += width
        return int.from_bytes(content[at - width : at])

    version = number(1)
    number(3)
    sizes = number(2)
    offset_width, length_width = sizes >> 12, sizes >> 8 & 0xF
    base_width, index_width = sizes >> 4 & 0xF, (sizes & 0xF) if version else 0
    found = []
    for _ in range(number(2 if version < 2 else 4)):
        item = number(2 if version < 2 else 4)
        method = number(2) & 0xF if version else 0
        number(2)
        base = number(base_width) + (idat if method == 1 else 0)
        places = []
        for _ in range(number(2)):
            number(index_width)
            offset = base + number(offset_width)
            places.append((offset, number(length_width)))
        if method > 1:  # built out of other items
            raise CannotBeCleaned(NOT_READ)
        found.append((item, places))
        if at > len(content):
            raise CannotBeCleaned(NOT_READ)
    return found
