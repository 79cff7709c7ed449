"""Typesets PDFs in a process of its own: run as a program by `core.typesetters`.

On standard input come requests, on standard output go answers, each behind its length (8 bytes,
big-endian). A request is JSON: template, data, seconds. An answer is b"P" and the PDF, or b"E" and
what is wrong. It ends with its input, and with it ends the memory that Typst took.
"""

import json
import sys
from typing import BinaryIO

import typst

from core.typesetting import CannotBeShown, pdf

LENGTH = 8  # bytes
MADE, FAILED = b"P", b"E"


def send(pipe: BinaryIO, message: bytes) -> None:
    pipe.write(len(message).to_bytes(LENGTH, "big"))
    pipe.write(message)
    pipe.flush()


def receive(pipe: BinaryIO) -> bytes | None:
    """Return the next message; None if the other side ended."""
    length = int.from_bytes(head, "big") if (head := pipe.read(LENGTH)) else 0
    message = pipe.read(length)
    return message if head and len(message) == length else None


def main() -> None:
    while (asked := receive(sys.stdin.buffer)) is not None:
        request = json.loads(asked)
        try:
            made = pdf(request["template"], request["data"], seconds=request["seconds"])
        except (typst.TypstError, CannotBeShown) as error:
            send(sys.stdout.buffer, FAILED + f"{type(error).__name__}: {error}".encode())
        else:
            send(sys.stdout.buffer, MADE + made)


if __name__ == "__main__":
    main()
