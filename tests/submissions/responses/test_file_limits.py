"""Files that would unpack to too much are refused before they are unpacked."""

import io
import zipfile
import zlib

import pikepdf
import pytest
from PIL import ImageFile

from rehearsal.fake_files import make_pdf
from submissions.responses.file_types import archives, packages
from submissions.responses.file_types.pdf import MOST_OF_OBJECTS
from tests.sample_files import docx, odt, picture
from tests.submissions.responses.file_refusals import TOO_BIG, refusal_of


def with_bomb(size):
    return docx(**{"word/media/image1.bmp": b"\0" * size})


def declared_small(content, name):
    """The archive, with the directory and the entry saying that `name` unpacks to a kilobyte."""
    changed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        size = opened.getinfo(name).file_size.to_bytes(4, "little")
    for place in range(len(changed) - 4):
        if changed[place : place + 4] == size:
            changed[place : place + 4] = (1024).to_bytes(4, "little")
    return bytes(changed)


def sharing_bytes():
    """An archive whose directory names one entry's bytes twice."""
    content = docx(**{"word/media/a.bin": b"a", "word/media/b.bin": b"a"})
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        first, second = (opened.getinfo(f"word/media/{n}.bin").header_offset for n in "ab")
    return content.replace(
        second.to_bytes(4, "little") + b"word/media/b.bin",
        first.to_bytes(4, "little") + b"word/media/b.bin",
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_bomb(archives.SMALL + 1),
        lambda: declared_small(with_bomb(archives.SMALL + 1), "word/media/image1.bmp"),
        sharing_bytes,
        lambda: docx(**{f"word/{number}.xml": "" for number in range(archives.MOST_ENTRIES)}),
    ],
    ids=["ratio", "declared smaller", "shared bytes", "entries"],
)
def test_archive_that_unpacks_to_too_much_is_refused_without_unpacking(make, monkeypatch):
    content = make()
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("unpacked"))
    assert refusal_of("docx", content) == TOO_BIG


def test_archive_of_too_many_bytes_in_all_is_refused(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 3_000)
    assert refusal_of("odt", odt(**{"a.bin": b"a" * 4_000})) == TOO_BIG


def too_many_objects():
    return zlib.compress(b"1 0 " + b" " * MOST_OF_OBJECTS)


def with_object_stream(packed, name=b"/ObjStm", how=b"/FlateDecode"):
    head = b"9 0 obj << /Type %s /N 1 /First 4 /Filter %s /Length %d >>\nstream\n" % (
        name,
        how,
        len(packed),
    )
    return make_pdf("Words").replace(b"1 0 obj", head + packed + b"\nendstream\nendobj\n1 0 obj", 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: with_object_stream(too_many_objects()),
        lambda: with_object_stream(too_many_objects(), b"/#4fbjStm"),
        lambda: with_object_stream(zlib.compress(b"x"), how=b"[/FlateDecode /Fl]"),
    ],
    ids=["plain", "escaped name", "packed twice"],
)
def test_pdf_whose_objects_unpack_to_too_much_is_refused_without_opening_it(make, monkeypatch):
    content = make()
    monkeypatch.setattr(pikepdf, "open", lambda *_, **__: pytest.fail("opened"))
    assert refusal_of("pdf", content) == TOO_BIG


@pytest.mark.parametrize(
    ("kind", "make", "name"), [("docx", docx, "word/document.xml"), ("odt", odt, "content.xml")]
)
def test_part_of_too_many_tags_is_refused_before_there_is_a_tree(monkeypatch, kind, make, name):
    monkeypatch.setattr(packages, "MOST_MARKS", 500)
    assert refusal_of(kind, make()) == "taken"
    tags, attributes = "<b/>" * 300, "<b c='d'/>" * 101
    assert refusal_of(kind, make(**{name: f"<a>{tags}{attributes}</a>"})) == TOO_BIG


def test_picture_in_several_scans_is_not_unpacked(monkeypatch):
    content = picture("JPEG", size=(900, 900), progressive=True)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("unpacked"))
    assert refusal_of("jpg", content) == "taken"


def test_picture_of_too_many_pixels_is_refused_unopened():
    content = bytearray(picture("PNG"))
    content[16:24] = (60_000).to_bytes(4) * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    assert refusal_of("png", bytes(content)) == (
        "the picture has too many pixels. Save it smaller, then try again"
    )
