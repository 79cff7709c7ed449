"""Reads the text of a stranger's file: run as a program of its own by `review.texts.extracting`.

It reads the file on standard input and knows nothing of the portal's data: no settings, no
database, no environment. Its limits are set before the first byte is read. It writes the text, or
why there is none, as JSON.
"""

import io
import json
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from pypdf import PdfReader

from review.texts.collecting import Collected, Enough, stop_reading
from review.texts.office import read_docx, read_odt
from review.texts.workbooks import read_xlsx
from submissions.responses.file_types.plain_text import read_text
from submissions.responses.file_types.refusals import PROTECTED, UNPACKS_TOO_BIG, NotTaken

MOST_BYTES_OF_MEMORY = 768 * 1024 * 1024
MOST_SECONDS = 15  # of the processor; then what was read so far is all
LAST_SECOND = 20  # for what does not stop by itself
MOST_BYTES_WRITTEN = 8 * 1024 * 1024


def main(file_type: str) -> None:
    _limit()
    collected = Collected()
    said: dict[str, Any] = {}
    try:
        READERS[file_type](io.BytesIO(sys.stdin.buffer.read()), collected)
    except Enough:
        said["is_part"] = True
    except MemoryError:
        said["reason"] = "memory"
    except NotTaken as refusal:
        reasons = {PROTECTED: "protected", UNPACKS_TOO_BIG: "too_big"}
        said["reason"] = reasons.get(refusal.sentence, "damaged")
    except Exception:  # noqa: BLE001 - whatever a broken file leads to, it is the file
        said["reason"] = "damaged"
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    text = collected.text
    if text.strip():
        said = {"text": text, "is_part": bool(said)}
    elif said.pop("is_part", False):
        said["reason"] = "time"
    sys.stdout.buffer.write(json.dumps(said).encode())


def _limit() -> None:
    signal.signal(signal.SIGXCPU, stop_reading)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES_OF_MEMORY, MOST_BYTES_OF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, LAST_SECOND))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES_WRITTEN, MOST_BYTES_WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_plain(file: BinaryIO, collected: Collected) -> None:
    collected.add(read_text(file))


def _read_pdf(file: BinaryIO, collected: Collected) -> None:
    """Read page by page; a page that cannot be read leaves the others, and is told of after them.

    A file that opens without a password is read, whatever else its password is to stop.
    """
    reader = PdfReader(file, strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise NotTaken(PROTECTED)
    lost = 0
    for page in reader.pages:
        try:
            said = page.extract_text()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a broken page leads to anything
            lost += 1
            continue
        collected.add(f"{said}\n")
    if lost:
        raise PagesLost(lost)


class PagesLost(Exception):
    """Pages that could not be read: what was read of the others is a part."""


READERS: dict[str, Callable[[BinaryIO, Collected], None]] = {
    "pdf": _read_pdf,
    "docx": read_docx,
    "odt": read_odt,
    "txt": _read_plain,
    "csv": _read_plain,
    "xlsx": read_xlsx,
}

if __name__ == "__main__":
    main(sys.argv[1])
