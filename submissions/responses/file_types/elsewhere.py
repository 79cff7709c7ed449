"""Whether an address inside a document leads to another computer."""

import re
from urllib.parse import unquote

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f]")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):")  # one letter is a drive
DRIVE = re.compile(r"[a-z]:/")
WITHIN = {"data", "vnd.sun.star.package"}  # what these lead to is in the document itself


def is_elsewhere(address: str) -> bool:
    """Return whether opening the address asks another computer.

    Folders and drives of this computer do not, nor does a path beside the document. Everything
    with a scheme other than `file` does, and so do `\\\\server` and `file://server`.
    """
    text = CONTROL_CHARACTERS.sub("", unquote(address)).strip().lower().replace("\\", "/")
    found = SCHEME.match(text)
    if found is None:
        return text.startswith("//")
    if found[1] != "file":
        return found[1] not in WITHIN
    rest = text[found.end() :]
    if not rest.startswith("//") or DRIVE.match(rest.lstrip("/")):
        return False
    host, _, path = rest[2:].partition("/")
    return host not in {"", "localhost"} or path.startswith("/")
