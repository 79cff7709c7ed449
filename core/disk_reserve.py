"""The room that uploads leave on the disk of MEDIA_ROOT."""

import shutil
from pathlib import Path

from django.conf import settings

MB = 1024 * 1024


def free_bytes() -> int:
    """Return the free space where files are kept; the folder itself may not be there yet."""
    folder = Path(settings.MEDIA_ROOT)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def has_room_for(size: int) -> bool:
    """Return whether a file of `size` bytes leaves DISK_RESERVE_MB free."""
    return free_bytes() - size >= settings.DISK_RESERVE_MB * MB


def in_words() -> str:
    """Return for instance "1,500 MB are free for files; below 1,024 MB, uploads are refused"."""
    return (
        f"{free_bytes() // MB:,} MB are free for files; "
        f"below {settings.DISK_RESERVE_MB:,} MB, uploads are refused"
    )
