"""ZIP archives that go out while they are written."""

import io
import threading
import zipfile

import pytest

from core.zip_stream import PACKED_AT_ONCE, ZipStream

LARGE = [bytes([n]) * (PACKED_AT_ONCE // 3) + b"%d" % n for n in range(11)]


def read(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {member.filename: archive.read(member) for member in archive.infolist()}


def test_members_of_every_size_come_back_whole_and_in_their_order():
    archive = ZipStream()
    pieces = [
        *archive.add("empty", []),
        *archive.add("small", [b"a", b"", b"b"]),
        *archive.add("large", LARGE),
        *archive.add("stored", LARGE, compress=False),
        *archive.end(),
    ]
    assert read(b"".join(pieces)) == {
        "empty": b"",
        "small": b"ab",
        "large": b"".join(LARGE),
        "stored": b"".join(LARGE),
    }


def test_no_member_is_zip64_that_need_not_be(monkeypatch):
    def heads():
        archive = ZipStream()
        members = (("small", [b"a" * 50], {}), ("small, stored", [b"b"], {"compress": False}))
        members += (("large", LARGE, {}), ("large, stored", LARGE, {"compress": False}))
        added = [piece for name, whole, how in members for piece in archive.add(name, whole, **how)]
        data = b"".join([*added, *archive.end()])
        assert read(data) == {name: b"".join(whole) for name, whole, _ in members}
        with zipfile.ZipFile(io.BytesIO(data)) as written:
            return [
                (found.extract_version, found.flag_bits, found.compress_type)
                for found in written.infolist()
            ], data.count(b"\x01\x00\x10\x00")

    behind = 8  # bit 3: the sizes come behind the content
    assert heads() == ([(20, 0, 8), (20, 0, 0), (20, behind, 8), (20, behind, 8)], 0)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    assert {version for version, _flags, _type in heads()[0]} == {45, 20}


def test_same_content_makes_the_same_bytes():
    def made():
        archive = ZipStream()
        return b"".join([*archive.add("large", LARGE), *archive.end()])

    assert made() == made()


def test_member_whose_content_breaks_off_leaves_no_thread():
    def broken():
        yield from LARGE
        raise ValueError("no more")

    before = threading.active_count()
    with pytest.raises(ValueError, match="no more"):
        list(ZipStream().add("large", broken()))
    assert threading.active_count() == before


def test_member_that_nobody_reads_to_its_end_leaves_no_thread():
    before = threading.active_count()
    pieces = ZipStream().add("large", LARGE)
    assert next(pieces)
    pieces.close()
    assert threading.active_count() == before
