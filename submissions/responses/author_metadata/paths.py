"""Paths on somebody's computer: C:\\Users\\Jo names Jo."""

import re

# PDF writes C:\\Users as /C/Users (ISO 32000-1, 7.11.2).
PATH = re.compile(r"file:[\\/]|[a-z]:[\\/]|\\\\|(?:/[a-z])?/(?:home|users)/", re.IGNORECASE)


def without_folders(text: str) -> str:
    """Return the name of the file alone where the text is a path, else the text."""
    return re.split(r"[\\/]", text)[-1] if PATH.match(text) else text


def without_folders_within(text: str) -> str:
    """Return the text, with the name of the file alone for each path in quotation marks."""
    return re.sub(r'(?<=")[^"]*(?=")', lambda quoted: without_folders(quoted[0]), text)
