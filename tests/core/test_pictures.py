"""Drawing a stranger's picture anew: pixels, and nothing else of the file."""

import io
import struct
import zlib

import pytest
from PIL import Image

from core.pictures import NoPicture, draw
from tests.core.pictures import picture


def png_that_says(width, height, data=b""):
    """A PNG of a few bytes that says that it is so large."""

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    ("file_type", "content", "size"),
    [
        ("jpg", picture(), (40, 20)),
        ("png", picture("PNG", mode="RGBA"), (40, 20)),
        ("jpg", picture(size=(3_000, 300)), (1_200, 120)),
    ],
)
def test_picture_is_drawn_small(file_type, content, size):
    with Image.open(io.BytesIO(draw(file_type, content))) as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("JPEG", "RGB", size)
        assert drawn.getpixel((1, 1))[0] > 250


def test_nothing_of_the_file_but_its_pixels_is_in_what_was_drawn():
    exif = Image.Exif()
    exif[0x013B] = "Ada Writer"
    exif[0x0112] = 6  # lies on its side
    hidden = b"<script>alert(1)</script>"
    content = picture(exif=exif, comment=b"Ada Writer") + hidden + b"PK\x03\x04"
    drawn = draw("jpg", content)
    assert b"Ada Writer" in content
    assert [
        mark for mark in (b"Ada Writer", b"script", b"PK\x03\x04", b"Exif") if mark in drawn
    ] == []
    with Image.open(io.BytesIO(drawn)) as upright:
        assert upright.size == (20, 40)


@pytest.mark.parametrize(
    ("file_type", "content"),
    [
        ("jpg", b""),
        ("jpg", picture()[:200]),
        ("jpg", picture("PNG")),  # another type than it says
        ("png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("jpg", b"GIF89a<script>alert(1)</script>"),
        ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("pdf", b"%PDF-1.7"),
        ("png", png_that_says(100_000, 100_000)),
        ("png", png_that_says(6_300, 6_300, bytes(100))),
    ],
)
def test_what_is_no_picture_or_too_large_is_not_drawn(file_type, content):
    with pytest.raises(NoPicture):
        draw(file_type, content)
