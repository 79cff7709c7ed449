"""Names of uploaded files stay as they were sent.

`MultiPartParser.sanitize_file_name` of Django leaves out what is not printable, and so U+200C and
U+200D. Persian words are spelt with the first; the second holds emoji together. It also takes what
stands before a backslash for a folder. But outside of Windows a name may have one, and browsers
send names alone. And it reads `&amp;` as `&`. But in UTF-8, which every page here has, a browser
writes no character as a reference (HTML, multipart/form-data): it is part of the name.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import ImmutableList

from core.addresses import JOINERS

# What old browsers sent: C:\folder\name, \\server\folder\name.
OF_WINDOWS = re.compile(r"(?:[A-Za-z]:|\\)\\")

NO_NAMES = frozenset({"", ".", ".."})

# Django calls the temporary file of a large upload `tmp….upload` with the ending of its name, and
# Linux takes 255 bytes.
LONGEST_ENDING = 50


def without_folders(path: str) -> str:
    """Return the name behind the last slash, or behind the last backslash of a path of Windows."""
    if OF_WINDOWS.match(path):
        path = path.replace("\\", "/")
    return path.rsplit("/", 1)[-1]


class NamesAsSent(MultiPartParser):
    def sanitize_file_name(self, file_name: str) -> str | None:
        """Return the name without folders and with joiners; None if nothing is left.

        What stands behind the last dot is cut to LONGEST_ENDING characters.
        """
        own = without_folders(file_name)
        name = "".join(sign for sign in own if sign.isprintable() or sign in JOINERS)
        if name in NO_NAMES:
            return None
        before, dot, ending = name.rpartition(".")
        return before + dot + ending[:LONGEST_ENDING] if dot else name


def _parse(request: HttpRequest, meta: dict[str, Any], body: Any) -> tuple[Any, Any]:
    """Do what `HttpRequest.parse_file_upload` does: in Django 5.2 it names its own parser."""
    request.upload_handlers = ImmutableList(
        request.upload_handlers, warning="The upload has been read: its handlers cannot change."
    )
    try:
        return NamesAsSent(meta, body, request.upload_handlers, request.encoding).parse()
    except (LookupError, UnicodeError):
        raise BadRequest("the charset of the body decodes no text") from None


class UploadNamesMiddleware:
    """Stands before whatever reads what was posted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parse = partial(_parse, request)
        request.parse_file_upload = parse  # type: ignore[method-assign]  # for this request alone
        return self.get_response(request)
