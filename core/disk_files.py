"""Files in a folder of the disk. A write that breaks off leaves no part of a file."""

from contextlib import suppress

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible
class DiskFiles(FileSystemStorage):
    def _save(self, name: str, content: File) -> str:
        """Write the file; of one that has no room, or breaks off otherwise, nothing stays."""
        was_there = self.exists(name)
        try:
            return super()._save(name, content)  # type: ignore[misc]  # the stub leaves it out
        except BaseException:
            if not was_there:
                with suppress(OSError):
                    self.delete(name)
            raise
