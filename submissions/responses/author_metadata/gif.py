"""Taking comments and XMP out of GIF pictures inside documents (GIF89a, sections 15 to 27)."""

from submissions.responses.author_metadata.errors import NOT_READ, CannotBeCleaned

GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
EXTENSION, IMAGE, TRAILER = 0x21, 0x2C, 0x3B
APPLICATION, COMMENT = 0xFF, 0xFE
ANIMATION = (b"NETSCAPE2.0", b"ANIMEXTS1.0")  # how often it is repeated


def clean_gif(content: bytes) -> bytes:
    """Return the picture without comments and without what programs keep of their own."""
    try:
        at = 13 + _table_size(content[10])
        kept = bytearray(content[:at])
        while content[at] != TRAILER:
            end = _end_of_block(content, at)
            if _is_shown(content, at):
                kept += content[at:end]
            at = end
    except IndexError:
        raise CannotBeCleaned(NOT_READ) from None
    return bytes(kept) + bytes([TRAILER])


def _table_size(flags: int) -> int:
    """Return the bytes of the colour table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_block(content: bytes, at: int) -> int:
    if content[at] == EXTENSION:
        at += 2
    elif content[at] == IMAGE:
        at += 10 + _table_size(content[at + 9]) + 1
    else:
        raise CannotBeCleaned(NOT_READ)
    while content[at]:
        at += content[at] + 1
    return at + 1


def _is_shown(content: bytes, at: int) -> bool:
    if content[at] != EXTENSION or content[at + 1] not in {APPLICATION, COMMENT}:
        return True
    return content[at + 1] == APPLICATION and content[at + 3 : at + 14] in ANIMATION
