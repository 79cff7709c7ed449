"""A write that breaks off leaves nothing on the disk."""

import errno
import os

import pytest
from django.core.files.base import ContentFile

from core.disk_files import DiskFiles


class BreaksOff(ContentFile):
    """The disk takes two pieces of it."""

    def chunks(self, chunk_size=None):
        yield b"one"
        yield b"two"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_part_of_a_file_that_has_no_room_goes(tmp_path):
    store = DiskFiles(location=tmp_path)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            store.save("attachments/ab/one", BreaksOff(b""))
        assert list((tmp_path / "attachments" / "ab").iterdir()) == []
    assert store.save("attachments/ab/one", ContentFile(b"whole")) == "attachments/ab/one"
    # Where the name is taken, the file that has it stays.
    with pytest.raises(OSError, match="No space left"):
        store._save("attachments/ab/one", BreaksOff(b""))
    assert (tmp_path / "attachments" / "ab" / "one").read_bytes() == b"whole"
