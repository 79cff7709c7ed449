"""A stranger's picture as a small JPEG that the portal drew itself."""

import subprocess  # nosec B404 - of the portal's own program
import sys
from pathlib import Path

PROCESS = Path(__file__).with_name("picture_process.py")
FORMATS = {"jpg": "JPEG", "png": "PNG"}  # a type of file, and what Pillow calls it
MOST_SECONDS = 15  # by the clock on the wall: a busy machine takes longer than the processor does
MOST_BYTES = 4 * 1024 * 1024
JPEG = b"\xff\xd8\xff"


class NoPicture(Exception):
    """The file is no picture that can be drawn within the limits."""


def draw(file_type: str, content: bytes) -> bytes:
    """Return the picture as a JPEG of at most 1,200 pixels each way, drawn by another process.

    Raises NoPicture for a type that is not drawn, and for what takes too much time or memory.
    """
    if file_type not in FORMATS:
        raise NoPicture
    program = [sys.executable, "-I", str(PROCESS), FORMATS[file_type]]
    try:
        done = subprocess.run(  # nosec B603 - no part of it is input
            program, input=content, capture_output=True, timeout=MOST_SECONDS, env={}, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NoPicture from error
    if not done.stdout.startswith(JPEG) or len(done.stdout) > MOST_BYTES:
        raise NoPicture
    return done.stdout
