"""What the portal's own log says of responses: for a restore, whose backup does not know it.

Lines of LOG_FORMAT line or json count, with whatever Compose, systemd or another program writes
before them. They are told by the part of the portal that wrote them: an address that a stranger
asked for stands in the log, too, and may look like a line.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from submissions.responses.states import ErasureScope

WRITTEN_BY = frozenset(
    {
        "submissions.responses.amending",
        "submissions.responses.submitting",
        "submissions.responses.entering",
        "personal_data.erasing",
    }
)
# The first of a line is the portal's own: it begins each line with it.
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z) (?P<level>[A-Z]+) (?P<logger>\S+) "
    r"(?:\[\w+\] )?(?P<message>.*)"
)
REFERENCE = r"(?P<reference>[A-Z]{2,6}-[0-9A-Z]{4}-[0-9A-Z]{4})"
MESSAGE = re.compile(
    rf"response {REFERENCE} (?P<what>withdrawn|received)"
    rf"|request \d+ to erase {REFERENCE.replace('reference', 'erased')}: "
    rf"erased from the database \((?P<scope>{'|'.join(ErasureScope.values)})\)"
)


@dataclass
class Told:
    """By reference: when a response was withdrawn, and last received.

    `erased` has when which scope of it was last erased, by both.
    """

    withdrawn: dict[str, datetime] = field(default_factory=dict)
    received: dict[str, datetime] = field(default_factory=dict)
    erased: dict[tuple[str, ErasureScope], datetime] = field(default_factory=dict)
    lines: int = 0


def read(lines: Iterable[str]) -> Told:
    """Return what these lines tell; `lines` of it counts those that the portal wrote at all."""
    told = Told()
    for line in lines:
        entry = _entry(line.rstrip())
        if entry is None:
            continue
        told.lines += 1
        time, logger, message = entry
        found = MESSAGE.fullmatch(message) if logger in WRITTEN_BY else None
        if found is None:
            continue
        if found["erased"]:
            ended = (found["erased"], ErasureScope(found["scope"]))
            told.erased[ended] = max(told.erased.get(ended, time), time)
        elif found["what"] == "withdrawn":
            told.withdrawn[found["reference"]] = time
        else:
            before = told.received.get(found["reference"], time)
            told.received[found["reference"]] = max(before, time)
    return told


def _entry(line: str) -> tuple[datetime, str, str] | None:
    """Return moment, logger and message of a line; None if the portal did not write it."""
    plain = LINE.search(line)
    begins = line.find("{")
    try:
        if begins != -1 and (plain is None or begins < plain.start()):
            entry = json.loads(line[begins:])
            time, logger, message = (str(entry[key]) for key in ("time", "logger", "message"))
        elif plain is not None:
            time, logger, message = plain["time"], plain["logger"], plain["message"]
        else:
            return None
        moment = datetime.fromisoformat(time)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None if moment.tzinfo is None else (moment, logger, message)
