"""Names of uploaded files keep their joiners.

Django leaves out what is not printable (`MultiPartParser.sanitize_file_name`), and so U+200C and
U+200D. Persian words are spelt with the first; the second holds emoji together. It also takes what
stands before a backslash for a folder. But outside of Windows a name may have one, and browsers
send names alone.
"""

import html
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import ImmutableList

from core.addresses import JOINERS

# What old browsers sent: C:\folder\name, \\server\folder\name.
OF_WINDOWS = re.compile(r"(?:[A-Za-z]:|\\)\\")


def without_folders(path: str) -> str:
    """Return the name behind the last slash, or behind the last backslash of a path of Windows."""
    if OF_WINDOWS.match(path):
        path = path.replace("\\", "/")
    return path.rsplit("/", 1)[-1]


class NamesWithJoiners(MultiPartParser):
    def sanitize_file_name(self, file_name: str) -> str | None:
        """Return the name without folders and with joiners; None if nothing is left."""
        printable = super().sanitize_file_name(file_name)
        if printable is None:
            return None
        own = without_folders(html.unescape(file_name))
        return "".join(sign for sign in own if sign.isprintable() or sign in JOINERS)


def _parse(request: HttpRequest, meta: dict[str, Any], body: Any) -> tuple[Any, Any]:
    """Do what `HttpRequest.parse_file_upload` does: in Django 5.2 it names its own parser."""
    request.upload_handlers = ImmutableList(
        request.upload_handlers, warning="The upload has been read: its handlers cannot change."
    )
    return NamesWithJoiners(meta, body, request.upload_handlers, request.encoding).parse()


class UploadNamesMiddleware:
    """Stands before whatever reads what was posted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parse = partial(_parse, request)
        request.parse_file_upload = parse  # type: ignore[method-assign]  # for this request alone
        return self.get_response(request)
