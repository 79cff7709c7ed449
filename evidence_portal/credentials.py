"""Where settings come from: environment variables, or files that only the portal can read.

systemd (`LoadCredential=`), Docker and Kubernetes hand secrets over as files in one folder, so that
no list of processes and no `inspect` shows them. CREDENTIALS_DIRECTORY names the folder, and
systemd sets it. A file has the name of its variable, such as SECRET_KEY.
"""

import os
from pathlib import Path

FOLDER = "CREDENTIALS_DIRECTORY"
_found: set[str] = set()


def found() -> list[str]:
    """Return the names of those that were asked for and are set: a backup says what to keep."""
    return sorted(_found)


def given(name: str) -> str:
    """Return the variable, else the file of its name, without white space around; "" for neither.

    An empty variable counts as unset. Raises OSError for a file that is there and cannot be read,
    and for a folder that is not there.
    """
    value = _given(name)
    if value:
        _found.add(name)
    return value


def _given(name: str) -> str:
    value = os.environ.get(name, "").strip()
    folder = os.environ.get(FOLDER, "").strip()
    if value or not folder:
        return value
    try:
        return (Path(folder) / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        if not Path(folder).is_dir():
            raise NotADirectoryError from None
        return ""
