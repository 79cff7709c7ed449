"""The room that uploads and exports leave on the disk of MEDIA_ROOT.

Where files are kept in a bucket, they pass through that disk: an export is written there first, and
a large file is fetched to it before it goes out.
"""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

from django.conf import settings

MB = 1024 * 1024
LOOKED_EVERY = 8 * MB  # bytes written


class NoRoom(Exception):
    """Something would use the reserve; the message is one line for people."""


def folder() -> Path:
    """Return the folder where files are kept, or the one that it will be made in."""
    found = Path(settings.MEDIA_ROOT)
    while not found.exists():
        found = found.parent
    return found


def free_bytes() -> int:
    """Return the free space where files are kept."""
    return shutil.disk_usage(folder()).free


def has_room_for(size: int) -> bool:
    """Return whether a file of `size` bytes leaves DISK_RESERVE_MB free."""
    return free_bytes() - size >= settings.DISK_RESERVE_MB * MB


def has_room_for_upload(size: int) -> bool:
    """Return whether an upload can be kept: in a bucket, or on the disk beside its reserve."""
    return settings.FILES_ON_S3 or has_room_for(size)


def is_disk_of(other: Path) -> bool:
    """Return whether what is written in that folder takes the room of files."""
    return other.stat().st_dev == folder().stat().st_dev


def leave_reserve(
    pieces: Generator[bytes, None, None], *, copied_later: bool = False
) -> Iterator[bytes]:
    """Pass pieces on to be written to the disk; raise NoRoom before they use the reserve.

    With `copied_later` there has to be room for a copy of them, too, unless a bucket gets it. What
    makes the pieces gets the NoRoom as well, so that it can note why it ended.
    """
    copied_later = copied_later and not settings.FILES_ON_S3
    written = looked_at = 0
    for piece in pieces:
        if not written or written - looked_at >= LOOKED_EVERY:
            looked_at = written
            if not has_room_for(len(piece) + copied_later * written):
                pieces.throw(
                    NoRoom(
                        f"There is no room for it: {settings.DISK_RESERVE_MB:,} MB have to stay "
                        "free where files are kept. Ask the people who run the portal to make room."
                    )
                )
        written += len(piece)
        yield piece


def in_words() -> str:
    """Return for instance "1,500 MB are free; below 1,024 MB, uploads and exports are refused"."""
    return (
        f"{free_bytes() // MB:,} MB are free for files; "
        f"below {settings.DISK_RESERVE_MB:,} MB, uploads and exports are refused"
    )
