"""The text of a stranger's file, read by a process of its own with limits of time and memory."""

import json
import logging
import re
import shutil
import signal
import subprocess  # nosec B404 - of the portal's own program
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.canonical import canonical_text
from review.states import NoText
from review.texts.collecting import MOST_CHARACTERS

logger = logging.getLogger(__name__)
FOLDER = Path(__file__).parents[2]  # from which the portal's own modules are imported
# Messages of refusals are marked for translation, for which Django wants settings.
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "review.texts.no_settings"}
READ_TYPES = ("pdf", "docx", "odt", "txt", "xlsx", "csv")
MOST_SECONDS = 60  # by the clock on the wall: a busy machine takes longer than the processor does
MOST_BYTES = 8 * 1024 * 1024
NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Letters in one sign, as many PDFs have them, are looked for as letters; and lines of other kinds.
AS_TYPED = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        **dict.fromkeys("\f\v\x85", "\n"),
    }
)
SOFT_HYPHEN = re.compile("\xad\n?")
SPACES, EMPTY_LINES = re.compile(r"[ \xa0]{3,}"), re.compile(r"\n\s*\n\s*\n")


@dataclass(frozen=True)
class Extracted:
    """`reason` says why there is no text; `is_part` that the file has more."""

    text: str = ""
    is_part: bool = False
    reason: str = ""


def extract(file_type: str, file: BinaryIO) -> Extracted:
    """Return the text of the file, at most MOST_CHARACTERS, or why there is none.

    Whatever the file is, this ends within MOST_SECONDS and raises nothing for it.
    """
    program = [sys.executable, "-E", "-s", "-m", "review.texts.process", file_type]
    # Files on both ends: a process that writes without end meets its limit of bytes, not ours.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        shutil.copyfileobj(file, given)
        given.seek(0)
        try:
            done = subprocess.run(  # nosec B603 - the type is one of ours
                program,
                stdin=given,
                stdout=said,
                stderr=subprocess.DEVNULL,
                timeout=MOST_SECONDS,
                cwd=FOLDER,
                env=ENVIRONMENT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Extracted(reason=NoText.TIME)
        if done.returncode:
            logger.warning("a %s ended the process that reads it: %d", file_type, done.returncode)
            return Extracted(reason=_why(done.returncode))
        said.seek(0)
        return _read(said.read(MOST_BYTES))


def _why(returncode: int) -> NoText:
    """Return why the process ended: below zero is the signal that ended it."""
    if -returncode in {signal.SIGXCPU, signal.SIGKILL}:  # its limit of time
        return NoText.TIME
    return NoText.DAMAGED if returncode < 0 else NoText.MEMORY


def _read(said: bytes) -> Extracted:
    """Return what the process said, in which nothing is believed."""
    try:
        found = json.loads(said)
    except ValueError:
        return Extracted(reason=NoText.DAMAGED)
    if not isinstance(found, dict):
        return Extracted(reason=NoText.DAMAGED)
    reason, text = found.get("reason", ""), found.get("text", "")
    if reason:
        return Extracted(reason=reason if reason in NoText.values else NoText.DAMAGED)
    text = clean(text)[:MOST_CHARACTERS] if isinstance(text, str) else ""
    if not text:
        return Extracted(reason=NoText.NOT_THERE)
    return Extracted(text, is_part=bool(found.get("is_part")))


def clean(text: str) -> str:
    """Return the canonical text without what no page shows, and without wide gaps."""
    shown = NO_TEXT.sub("", SOFT_HYPHEN.sub("", canonical_text(text.translate(AS_TYPED))))
    return EMPTY_LINES.sub("\n\n", SPACES.sub("  ", shown)).strip()
